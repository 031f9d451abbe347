//! The recorder's own signals while a program runs: none of them may end the recording, and the
//! program must find them as they were.

use super::inherited;
use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, RawFd};

/// What a terminal, a shell or a person sends to a program; the program shall have it instead.
const TAKEN: [libc::c_int; 13] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGWINCH,
    libc::SIGCONT,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
    libc::SIGCHLD,
];

/// Holds the signals back until it is dropped; they are read instead of delivered.
#[derive(Debug)]
pub struct Signals {
    before: Before,
    descriptor: File,
}

/// How signals were when they were taken.
#[derive(Clone, Copy)]
pub(super) struct Before {
    mask: libc::sigset_t,
    child: libc::sigaction,
    file_size: libc::sigaction,
}

impl std::fmt::Debug for Before {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Before").finish_non_exhaustive()
    }
}

/// A signal that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Received {
    pub number: i32,
    /// Whether a process sent it; else it came from the terminal or the kernel, which sent it to
    /// the program too.
    pub by_process: bool,
    /// The process that sent it.
    pub sender: u32,
}

impl Signals {
    /// Takes the signals of the calling thread, and so of all threads that it starts later.
    ///
    /// # Errors
    ///
    /// When there can be no more descriptors.
    pub fn take() -> io::Result<Self> {
        // SAFETY: sets and actions are plain data that the calls fill in and that outlive them.
        unsafe {
            let mut taken = MaybeUninit::<libc::sigset_t>::uninit();
            libc::sigemptyset(taken.as_mut_ptr());
            for signal in TAKEN {
                libc::sigaddset(taken.as_mut_ptr(), signal);
            }
            let taken = taken.assume_init();
            let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
            let descriptor = libc::signalfd(-1, &raw const taken, flags);
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            let mut mask = MaybeUninit::<libc::sigset_t>::uninit();
            libc::pthread_sigmask(libc::SIG_BLOCK, &raw const taken, mask.as_mut_ptr());
            let before = Before {
                mask: mask.assume_init(),
                // Where children are ignored, their status is gone before anybody can ask.
                child: replace(libc::SIGCHLD, libc::SIG_DFL),
                // A file that may not grow is an error to report, no reason to die.
                file_size: replace(libc::SIGXFSZ, libc::SIG_IGN),
            };
            Ok(Self {
                before,
                descriptor: File::from_raw_fd(descriptor),
            })
        }
    }

    pub(super) fn before(&self) -> Before {
        self.before
    }

    /// Becomes readable when a signal has come.
    pub(super) fn descriptor(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }

    /// The next signal that has come.
    pub(super) fn next(&self) -> Option<Received> {
        const BYTES: usize = size_of::<libc::signalfd_siginfo>();
        let mut bytes = [0; BYTES];
        (&self.descriptor).read_exact(&mut bytes).ok()?;
        // SAFETY: plain integers of exactly this length.
        let information: libc::signalfd_siginfo = unsafe { std::mem::transmute(bytes) };
        Some(Received {
            number: information.ssi_signo as i32,
            by_process: information.ssi_code <= 0,
            sender: information.ssi_pid,
        })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.before.restore();
    }
}

impl Before {
    fn restore(&self) {
        // SAFETY: the set and the actions were told by the system; the calls may be made between
        // fork and exec.
        unsafe {
            libc::sigaction(libc::SIGCHLD, &raw const self.child, std::ptr::null_mut());
            libc::sigaction(
                libc::SIGXFSZ,
                &raw const self.file_size,
                std::ptr::null_mut(),
            );
            libc::pthread_sigmask(
                libc::SIG_SETMASK,
                &raw const self.mask,
                std::ptr::null_mut(),
            );
        }
    }

    /// Puts everything back that the program under test inherits, between `fork` and `exec`.
    pub(super) fn restore_in_child(&self) {
        inherited::restore();
        self.restore();
    }
}

/// Sets what a signal does, and returns what it did.
///
/// # Safety
///
/// `action` must be `SIG_DFL` or `SIG_IGN`.
unsafe fn replace(signal: libc::c_int, action: libc::sighandler_t) -> libc::sigaction {
    // SAFETY: all zeros are a valid action, with an empty mask and no flags.
    unsafe {
        let mut before = std::mem::zeroed::<libc::sigaction>();
        let mut new = std::mem::zeroed::<libc::sigaction>();
        new.sa_sigaction = action;
        libc::sigaction(signal, &raw const new, &raw mut before);
        before
    }
}

#[cfg(test)]
mod tests {
    use super::{Received, Signals};

    #[test]
    fn a_signal_is_read_and_harms_nobody() {
        let signals = Signals::take().expect("there are descriptors");
        assert_eq!(signals.next(), None);
        // SAFETY: the signal goes to this thread, which blocks it.
        unsafe { libc::pthread_kill(libc::pthread_self(), libc::SIGUSR1) };
        let sender = std::process::id();
        let expected = Received {
            number: libc::SIGUSR1,
            by_process: true,
            sender,
        };
        assert_eq!(signals.next(), Some(expected));
        assert_eq!(signals.next(), None);
    }
}
