//! The end of the program's own code: the moment when CPython begins to destroy what it has.
//!
//! Nearly everything that a Python program keeps is freed by the interpreter's shutdown, so what
//! people call a leak is what was alive just before. The shutdown cannot be intercepted (it is called
//! within the interpreter), but one of its first deeds can: it gives the signals back, before it
//! collects garbage and clears modules. Where it took none, there is no such mark.

use super::marks;
use crate::python;
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicBool, Ordering};
use memprof_wire::event::{MAIN_END, MarkKind};

/// Whether it was told.
static TOLD: AtomicBool = AtomicBool::new(false);

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
    if python::is_finalizing() && !TOLD.swap(true, Ordering::Relaxed) {
        marks::mark(MarkKind::Point, MAIN_END.as_bytes());
    }
    let Some(original) = crate::original::sigaction() else {
        return -1;
    };
    // SAFETY: the caller's arguments, handed on.
    unsafe { original(signal, action, before) }
}
