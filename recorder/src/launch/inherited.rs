//! What this process was started with and Rust's runtime changes before `main`: it ignores
//! `SIGPIPE` and opens standard streams that were closed. The program under test gets them as
//! they were.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

static PIPE_WAS_IGNORED: AtomicBool = AtomicBool::new(false);
/// One bit for each of the first three descriptors that was closed.
static CLOSED: AtomicU8 = AtomicU8::new(0);

/// Run by the loader, ahead of the runtime.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    // SAFETY: all zeros are a valid sigaction, which outlives the call; nothing is changed.
    unsafe {
        let mut action = std::mem::zeroed::<libc::sigaction>();
        if libc::sigaction(libc::SIGPIPE, std::ptr::null(), &raw mut action) == 0 {
            PIPE_WAS_IGNORED.store(action.sa_sigaction == libc::SIG_IGN, Ordering::Relaxed);
        }
        for descriptor in 0..3 {
            if libc::fcntl(descriptor, libc::F_GETFD) < 0 {
                CLOSED.fetch_or(1 << descriptor, Ordering::Relaxed);
            }
        }
    }
}

/// Whether `SIGPIPE` was ignored when this process began.
pub(crate) fn pipe_was_ignored() -> bool {
    PIPE_WAS_IGNORED.load(Ordering::Relaxed)
}

/// Puts all of it back, between `fork` and `exec`.
pub(super) fn restore() {
    let action = if pipe_was_ignored() {
        libc::SIG_IGN
    } else {
        libc::SIG_DFL
    };
    // SAFETY: both calls may be made after a fork, and concern this process alone.
    unsafe {
        libc::signal(libc::SIGPIPE, action);
        for descriptor in 0..3 {
            if CLOSED.load(Ordering::Relaxed) & 1 << descriptor != 0 {
                libc::close(descriptor);
            }
        }
    }
}
