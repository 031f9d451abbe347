//! The end of the program's own code: the moment when CPython begins to destroy what it has.
//!
//! Nearly everything that a Python program keeps is freed by the interpreter's shutdown, so what
//! people call a leak is what was alive just before. The shutdown cannot be intercepted (it is called
//! within the interpreter), but its first deeds can. It gives the signals back that it took, before
//! it collects garbage and clears modules. Where it took none (a background job of a shell ignores
//! them), there is its first allocation, which no Python code makes: a list of the modules, before
//! the first of them goes.

use crate::guard::Guard;
use crate::thread::Thread;
use crate::{census, python};
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicBool, Ordering};
use memprof_wire::event::{Event, MAIN_END, MarkKind};

/// Whether it was told.
static TOLD: AtomicBool = AtomicBool::new(false);

/// Tells that the shutdown has begun, if it has, and takes the census there; once. `block` was
/// handed out just now and holds nothing yet, or is 0.
#[cold]
pub fn look(thread: &mut Thread, block: usize) {
    if !TOLD.load(Ordering::Relaxed)
        && python::is_finalizing()
        && !TOLD.swap(true, Ordering::Relaxed)
    {
        thread.event(&Event::Mark {
            kind: MarkKind::Point,
            name: MAIN_END.as_bytes(),
        });
        census::at_the_end(thread, block);
    }
}

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn sigaction(
    signal: c_int,
    action: *const c_void,
    before: *mut c_void,
) -> c_int {
    crate::hooks::python::reinstall_if_lost(None);
    if python::is_finalizing()
        && let Some(guard) = Guard::enter()
        && let Some(thread) = Thread::ready(&guard)
    {
        look(thread, 0);
    }
    let Some(original) = crate::original::sigaction() else {
        return -1;
    };
    // SAFETY: the caller's arguments, handed on.
    unsafe { original(signal, action, before) }
}
