//! What a program asks for all its memory at once, in which the recording has no part: limits that it sets
//! itself, of which one of addresses has to leave it what it would have alone, and memory that is locked.

use crate::session::{hide_during, keep_within};
use crate::{original, raw};
use core::ffi::{c_int, c_void};

/// What is about to be set is a limit of this process. `limits` may be any address: the kernel answers for
/// it where nothing is.
fn look(resource: c_int, limits: *const c_void) {
    let mut soft = [0];
    if resource == libc::RLIMIT_AS as c_int
        && !limits.is_null()
        && raw::read(limits.addr(), &mut soft)
    {
        keep_within(soft[0]);
    }
}

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn setrlimit(resource: c_int, limits: *const c_void) -> c_int {
    let Some(original) = original::setrlimit() else {
        return -1;
    };
    look(resource, limits);
    // SAFETY: the caller's arguments, handed on.
    unsafe { original(resource, limits) }
}

/// See the C library's manual. The same as [`setrlimit`] where numbers have 64 bits.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn setrlimit64(resource: c_int, limits: *const c_void) -> c_int {
    // SAFETY: the caller's arguments, handed on.
    unsafe { setrlimit(resource, limits) }
}

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn prlimit(
    process: c_int,
    resource: c_int,
    limits: *const c_void,
    before: *mut c_void,
) -> c_int {
    let Some(original) = original::prlimit() else {
        return -1;
    };
    if process == 0 || process as u32 == raw::process() {
        look(resource, limits);
    }
    // SAFETY: the caller's arguments, handed on.
    unsafe { original(process, resource, limits, before) }
}

/// See the C library's manual. The same as [`prlimit`] where numbers have 64 bits.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn prlimit64(
    process: c_int,
    resource: c_int,
    limits: *const c_void,
    before: *mut c_void,
) -> c_int {
    // SAFETY: the caller's arguments, handed on.
    unsafe { prlimit(process, resource, limits, before) }
}

/// See the C library's manual. What is mapped for recording, and has no memory yet, gets none by this.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mlockall(flags: c_int) -> c_int {
    let Some(original) = original::mlockall() else {
        return -1;
    };
    // SAFETY: the caller's argument, handed on.
    let lock = || unsafe { original(flags) };
    if flags & libc::MCL_CURRENT == 0 {
        return lock();
    }
    hide_during(lock)
}
