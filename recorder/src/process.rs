//! Processes that are watched from outside.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// A process, held by a descriptor that no other process with the same number can be taken for.
#[derive(Debug)]
pub struct Process {
    number: u32,
    /// `None` where the kernel gave none; if the process was gone already, see `known_dead`.
    descriptor: Option<OwnedFd>,
    known_dead: bool,
}

impl Process {
    /// Begins to watch the process with this number.
    pub fn watch(number: u32) -> Self {
        // SAFETY: the call takes two integers and touches no memory.
        let result = unsafe { libc::syscall(libc::SYS_pidfd_open, number as libc::pid_t, 0) };
        let descriptor = (result >= 0).then(|| {
            // SAFETY: just opened, and nobody else's.
            unsafe { OwnedFd::from_raw_fd(result as RawFd) }
        });
        let known_dead = descriptor.is_none() && !exists(number);
        Self {
            number,
            descriptor,
            known_dead,
        }
    }

    /// The kernel's number of the process.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The descriptor that becomes readable when the process dies.
    pub fn descriptor(&self) -> Option<RawFd> {
        self.descriptor.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Whether all threads of the process are gone.
    pub fn is_dead(&mut self) -> bool {
        if !self.known_dead {
            self.known_dead = match self.descriptor() {
                Some(descriptor) => is_readable(descriptor),
                None => !exists(self.number),
            };
        }
        self.known_dead
    }

    /// Whether it is worth asking each of these processes if it is dead: one call for all.
    pub fn any_died<'a>(processes: impl Iterator<Item = &'a Self>) -> bool {
        let mut entries = Vec::new();
        for process in processes {
            let Some(descriptor) = process.descriptor() else {
                return true;
            };
            entries.push(libc::pollfd {
                fd: descriptor,
                events: libc::POLLIN,
                revents: 0,
            });
        }
        // SAFETY: so many entries, which outlive the call.
        unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, 0) != 0 }
    }

    /// Whether a thread of the process is gone. That the whole process is dead but not yet reaped
    /// is only seen when [`Self::is_dead`] was asked.
    pub fn thread_is_dead(&self, thread: u32) -> bool {
        if self.known_dead {
            return true;
        }
        let (process, thread) = (self.number as libc::pid_t, thread as libc::pid_t);
        // SAFETY: signal 0 is never delivered.
        let result = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, 0) };
        result != 0 && errno() == libc::ESRCH
    }
}

impl Process {
    /// The exit status, or the signal that killed it, if the process is a child of ours that has
    /// ended and was not yet reaped.
    pub fn exit(&self) -> Option<(Option<i32>, Option<i32>)> {
        let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: all zeros are a valid siginfo_t, and it outlives the call.
        let (result, information) = unsafe {
            let mut information = std::mem::zeroed::<libc::siginfo_t>();
            let result = libc::waitid(libc::P_PID, self.number, &raw mut information, flags);
            (result, information)
        };
        // SAFETY: waitid filled in the fields of a child, or left all at zero.
        let (process, status) = unsafe { (information.si_pid(), information.si_status()) };
        if result != 0 || process == 0 {
            return None;
        }
        Some(match information.si_code {
            libc::CLD_EXITED => (Some(status), None),
            _ => (None, Some(status)),
        })
    }
}

fn is_readable(descriptor: RawFd) -> bool {
    let mut entry = libc::pollfd {
        fd: descriptor,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one entry, which outlives the call.
    unsafe { libc::poll(&raw mut entry, 1, 0) == 1 }
}

fn exists(process: u32) -> bool {
    // SAFETY: signal 0 is never delivered.
    let result = unsafe { libc::kill(process as libc::pid_t, 0) };
    result == 0 || errno() != libc::ESRCH
}

fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Process;
    use std::process::Command;

    #[test]
    fn a_child_is_dead_when_it_has_ended_even_unreaped() {
        let mut child = Command::new("sleep")
            .arg("1000")
            .spawn()
            .expect("sleep is there");
        let mut process = Process::watch(child.id());
        assert!(!process.is_dead());
        assert!(!process.thread_is_dead(child.id()));
        assert!(
            process.thread_is_dead(std::process::id()),
            "no thread of that process"
        );
        child.kill().expect("it runs");
        // SAFETY: plain integers and a structure that outlives the call; WNOWAIT leaves the
        // child to be reaped below.
        unsafe {
            let mut information = std::mem::zeroed::<libc::siginfo_t>();
            let flags = libc::WEXITED | libc::WNOWAIT;
            libc::waitid(libc::P_PID, child.id(), &raw mut information, flags);
        }
        assert!(process.is_dead());
        child.wait().expect("it can be reaped");
        assert!(process.is_dead());
        assert!(Process::watch(child.id()).is_dead());
    }
}
