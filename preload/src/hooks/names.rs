//! Thread names: a thread that renames itself is noted at once. Names given from elsewhere are
//! noticed when the time moves on, see [`Thread::note_name`]. The same function of the C library confines a
//! thread.

use crate::guard::Guard;
use crate::thread::{self, Thread};
use crate::{original, session, tls};
use core::ffi::{c_char, c_int};

fn renamed() {
    if let Some(guard) = Guard::enter()
        && let Some(thread) = Thread::ready(&guard)
    {
        thread.note_name();
    }
}

/// Seccomp's strict mode is for the calling thread alone, which the next system call of a hook would kill: it
/// records no more.
fn confine(call: impl FnOnce() -> c_int) -> c_int {
    // what comes meanwhile, from a handler of signals, is not recorded either
    let guard = Guard::enter();
    // looked up first: that may take system calls
    let page = session::page();
    let result = call();
    if result == 0 {
        thread::go_dark(page);
    }
    drop(guard);
    result
}

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn prctl(
    option: c_int,
    second: usize,
    third: usize,
    fourth: usize,
    fifth: usize,
) -> c_int {
    let Some(original) = original::prctl() else {
        return -1;
    };
    // SAFETY: the caller's arguments, handed on; registers that the caller did not set hold
    // whatever they held, as they would without us.
    let call = || unsafe { original(option, second, third, fourth, fifth) };
    if option == libc::PR_SET_SECCOMP && second == libc::SECCOMP_MODE_STRICT as usize {
        return confine(call);
    }
    let result = call();
    if option == libc::PR_SET_NAME {
        renamed();
    }
    result
}

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn pthread_setname_np(thread: usize, name: *const c_char) -> c_int {
    let Some(original) = original::pthread_setname_np() else {
        return libc::ENOSYS;
    };
    // SAFETY: the caller's arguments, handed on.
    let result = unsafe { original(thread, name) };
    if thread == tls::pthread_self() {
        renamed();
    }
    result
}
