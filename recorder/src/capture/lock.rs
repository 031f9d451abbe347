//! The lock that tells a growing file from one whose recorder is gone.
//!
//! It belongs to the open file, not to the process, so the kernel drops it with the recorder
//! whatever killed that, and a reader only asks for it without ever taking it.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Takes the lock.
///
/// # Errors
///
/// [`io::ErrorKind::WouldBlock`] when another recorder holds it; anything else when the file
/// system knows no locks.
pub(super) fn take(file: &File) -> io::Result<()> {
    let mut lock = whole_file(libc::F_WRLCK);
    // SAFETY: the descriptor is open, and the structure outlives the call.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw mut lock) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Whether a recorder holds the lock.
pub(super) fn is_held(file: &File) -> bool {
    let mut lock = whole_file(libc::F_WRLCK);
    // SAFETY: the descriptor is open, and the structure outlives the call.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &raw mut lock) };
    result == 0 && i32::from(lock.l_type) != libc::F_UNLCK
}

fn whole_file(kind: libc::c_int) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        // the kernel demands 0 for locks of an open file
        l_pid: 0,
    }
}
