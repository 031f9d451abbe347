//! Libraries that come and go while the program runs.
//!
//! `dlopen` looks for a bare file name where the *calling* object says (`DT_RUNPATH`), and knows
//! its caller by the return address. A hook in between would be taken for the caller; so a call
//! that depends on it is not wrapped but handed on by a jump, and its effects are noticed at the
//! next call that is wrapped.

use crate::guard::Guard;
use crate::hooks::python;
use crate::stack::native;
use crate::{elf, original, session};
use core::ffi::{CStr, c_char, c_int, c_void};
use core::sync::atomic::Ordering;

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void {
    core::arch::naked_asm!(
        "push rdi",
        "push rsi",
        "sub rsp, 8",
        "mov rsi, qword ptr [rsp + 24]",
        "call {search}",
        "add rsp, 8",
        "pop rsi",
        "pop rdi",
        "test rax, rax",
        "je {wrapped}",
        "jmp rax",
        search = sym original_if_caller_matters,
        wrapped = sym open_and_look,
    )
}

/// The address of the original `dlopen` when its caller decides where the file is looked for; else
/// zero.
unsafe extern "C" fn original_if_caller_matters(
    name: *const c_char,
    return_address: usize,
) -> usize {
    if name.is_null() {
        return 0;
    }
    // SAFETY: the caller's argument: a text.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    if name.contains(&b'/') && !name.contains(&b'$') {
        return 0;
    }
    // the caller is the object with the greatest base below the return address
    let caller = elf::objects()
        .filter(|object| object.base() <= return_address)
        .max_by_key(|object| object.base());
    let matters = caller.is_some_and(elf::Object::has_search_path);
    if matters {
        changed();
        native::forget_all();
        return original::DLOPEN.address().unwrap_or(0);
    }
    0
}

/// See the C library's manual.
unsafe extern "C" fn open_and_look(name: *const c_char, flags: c_int) -> *mut c_void {
    let Some(original) = original::dlopen() else {
        return core::ptr::null_mut();
    };
    // SAFETY: the caller's arguments, handed on.
    let library = unsafe { original(name, flags) };
    if !library.is_null() {
        changed();
        python::install_if_loaded();
    }
    library
}

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn dlclose(library: *mut c_void) -> c_int {
    let Some(original) = original::dlclose() else {
        return -1;
    };
    native::forget_all();
    // SAFETY: the caller's argument, handed on.
    let result = unsafe { original(library) };
    native::forget_all();
    changed();
    result
}

/// Tells the recorder that the list of modules is another one.
fn changed() {
    if let Some(_guard) = Guard::enter()
        && let Some(page) = session::page()
    {
        page.module_changes.fetch_add(1, Ordering::Relaxed);
    }
}
