//! The proof that this thread is in a hook, and in no other one below it.

use crate::tls::{Tls, tls};

/// Held while a hook is at work. Recording functions ask for one, so that recording from within a
/// recording is a type error; what is called meanwhile (an allocator's own `mmap`, the `malloc`
/// below `PyObject_Malloc`, a signal handler) passes through unrecorded.
#[derive(Debug)]
pub struct Guard {
    tls: *mut Tls,
}

impl Guard {
    /// The guard of the calling thread, unless a hook of this thread holds it already.
    #[inline(always)]
    pub fn enter() -> Option<Self> {
        let tls = tls();
        // SAFETY: the block belongs to the calling thread, and no reference to it is ever kept.
        unsafe {
            if (*tls).busy != 0 {
                return None;
            }
            (&raw mut (*tls).busy).write_volatile(1);
        }
        Some(Self { tls })
    }

    /// The block of the thread that holds the guard.
    #[inline(always)]
    pub fn tls(&self) -> *mut Tls {
        self.tls
    }
}

impl Drop for Guard {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: as in `enter`; a guard never leaves its thread (it holds a raw pointer).
        unsafe { (&raw mut (*self.tls).busy).write_volatile(0) };
    }
}
