//! Between the program and the terminal: passing signals on, stopping when it stops, and ending
//! as it ended.

use super::signals::{Received, Signals};
use crate::process::Process;
use std::fs;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

/// How a program ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    /// The exit status, if it exited.
    pub status: Option<i32>,
    /// The signal that killed it, if one did.
    pub signal: Option<i32>,
    /// The most memory that was resident at a time, in bytes, as the kernel counted it.
    pub max_resident: u64,
}

/// Where a pidfd cannot be had, the program is looked at so often, in milliseconds.
const WITHOUT_DESCRIPTOR: i32 = 5;

/// Waits until the program has ended; it is left unreaped.
pub fn wait(process: &mut Process, signals: &Signals) {
    let mut terminal = Terminal {
        program: process.number(),
        stop_asked: None,
    };
    while !process.is_dead() {
        let descriptor = process.descriptor();
        let timeout = if descriptor.is_some() {
            -1
        } else {
            WITHOUT_DESCRIPTOR
        };
        sleep([signals.descriptor(), descriptor.unwrap_or(-1)], timeout);
        while let Some(signal) = signals.next() {
            terminal.pass_on(signal);
        }
    }
}

/// Waits until `over` becomes readable or is closed. Calls `interrupt` when somebody asks this
/// process to end.
pub(crate) fn wait_for(over: &impl AsRawFd, signals: &Signals, mut interrupt: impl FnMut()) {
    let end = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT];
    while !sleep([signals.descriptor(), over.as_raw_fd()], -1)[1] {
        while let Some(signal) = signals.next() {
            if end.contains(&signal.number) {
                interrupt();
            }
        }
    }
}

/// Waits until one of the descriptors is readable or closed, and tells which; negative ones never
/// are.
fn sleep(descriptors: [RawFd; 2], milliseconds: i32) -> [bool; 2] {
    let mut entries = descriptors.map(|fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    });
    // SAFETY: both entries outlive the call.
    unsafe { libc::poll(entries.as_mut_ptr(), 2, milliseconds) };
    entries.map(|entry| entry.revents != 0)
}

/// A program that was told to stop by the terminal does so within this time, if it does at all.
const STOPS_WITHIN: Duration = Duration::from_secs(2);

/// The state of job control.
struct Terminal {
    program: u32,
    /// When a stop was asked of this process's group. If the program follows, so does the
    /// recorder, or the shell would not take the job for stopped.
    stop_asked: Option<Instant>,
}

impl Terminal {
    fn pass_on(&mut self, signal: Received) {
        // What the terminal or the program sent to the whole group has reached the program.
        let pass = if signal.by_process {
            signal.sender != self.program
        } else {
            // But that the terminal is gone, the kernel tells the leader of the session alone.
            signal.number == libc::SIGHUP && is_session_leader()
        };
        match signal.number {
            libc::SIGCHLD => {}
            libc::SIGCONT if !self.is_stopped() => {}
            number => {
                if [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU].contains(&number) {
                    self.stop_asked = Some(Instant::now());
                }
                if pass {
                    self.send(number);
                }
            }
        }
        self.follow_stop();
    }

    /// Stops this process when the program has stopped for the terminal's sake. A program that
    /// was stopped by other means is continued by them, so the recorder must go on.
    fn follow_stop(&mut self) {
        let is_asked = self
            .stop_asked
            .is_some_and(|asked| asked.elapsed() < STOPS_WITHIN);
        if !is_asked || !self.is_stopped() {
            return;
        }
        self.stop_asked = None;
        // SAFETY: a signal to this process, which stops all of its threads here.
        unsafe { libc::kill(libc::getpid(), libc::SIGSTOP) };
        // Here somebody has continued it, and perhaps not the whole group.
        if self.is_stopped() {
            self.send(libc::SIGCONT);
        }
    }

    fn is_stopped(&self) -> bool {
        let stat = fs::read(format!("/proc/{}/stat", self.program)).unwrap_or_default();
        let name_end = stat.iter().rposition(|&byte| byte == b')').unwrap_or(0);
        stat.get(name_end + 2) == Some(&b'T')
    }

    fn send(&self, signal: i32) {
        // SAFETY: the program is a child that was not reaped, so the number is still its own.
        unsafe { libc::kill(self.program as libc::pid_t, signal) };
    }
}

/// Whether this process is the first of its terminal, where without it the program would be.
fn is_session_leader() -> bool {
    // SAFETY: the calls take and return integers.
    unsafe { libc::getsid(0) == libc::getpid() }
}

/// Reaps a program that has ended, or waits until it has.
pub(crate) fn reap(process: u32) -> Exit {
    let mut status = 0;
    // SAFETY: all zeros are a valid rusage; both outlive the call.
    let (result, usage) = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        (
            libc::wait4(process as libc::pid_t, &raw mut status, 0, &raw mut usage),
            usage,
        )
    };
    if result < 0 {
        return Exit::default();
    }
    Exit {
        status: libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)),
        signal: libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status)),
        // the kernel counts in kibibytes
        max_resident: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
    }
}

/// Ends this process as the program ended: with its status, or by its signal (but without a core
/// file, which would be the recorder's).
pub fn end_like(status: Option<i32>, signal: Option<i32>) -> ! {
    if let Some(signal) = signal {
        // SAFETY: plain data that outlives the calls. The signal ends this process, unless it is
        // one that does not.
        unsafe {
            libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
            libc::signal(signal, libc::SIG_DFL);
            let mut only = std::mem::zeroed::<libc::sigset_t>();
            libc::sigaddset(&raw mut only, signal);
            libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const only, std::ptr::null_mut());
            libc::kill(libc::getpid(), signal);
        }
        std::process::exit(128 + signal);
    }
    std::process::exit(status.unwrap_or(1))
}
