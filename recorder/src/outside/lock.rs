//! Who asks has the request to himself.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::thread;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(2);

/// The lock of a session's file, given back by the kernel whatever becomes of its holder.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Waits for the lock, so long at most; `None` when others had it all the time.
    pub(super) fn take(file: &File, patience: Duration) -> io::Result<Option<Self>> {
        let file = file.try_clone()?;
        let begun = Instant::now();
        loop {
            // SAFETY: the descriptor is open; the call touches no memory.
            let result = unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) };
            if result == 0 {
                return Ok(Some(Self { file }));
            }
            let error = io::Error::last_os_error();
            match error.kind() {
                io::ErrorKind::WouldBlock if begun.elapsed() > patience => return Ok(None),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => thread::sleep(PAUSE),
                _ => return Err(error),
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The descriptor is a copy of one that stays open, so closing it would not do.
        // SAFETY: as above.
        unsafe { libc::flock(self.file.as_raw_fd(), libc::LOCK_UN) };
    }
}
