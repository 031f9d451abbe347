//! Unwind tables of code that a program makes while it runs: who compiles it (LLVM for numba, JAX or
//! TensorFlow, for example) registers them with the library that unwinds exceptions, libgcc.

use crate::elf;
use crate::stack::native::{self, registered};
use core::ffi::{CStr, c_void};
use core::mem::transmute;

type Register = unsafe extern "C" fn(*const c_void);

/// Calls the library's own function. It is looked up each time: the library may have been unloaded since,
/// and loaded in another place.
///
/// # Safety
///
/// That of the library's function, which takes a pointer and returns nothing.
unsafe fn hand_on(name: &CStr, section: *const c_void) {
    if let Some(found) = elf::held(|| elf::find_behind(name)) {
        // SAFETY: the caller's promise.
        unsafe { transmute::<usize, Register>(found)(section) }
    }
}

/// Registers an `.eh_frame` section; see libgcc.
///
/// # Safety
///
/// That of the library's function: what is registered stays as it is until it is deregistered.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __register_frame(section: *const c_void) {
    // SAFETY: the caller's argument, handed on.
    unsafe { hand_on(c"__register_frame", section) }
    if native::wanted() && !section.is_null() {
        // libunwind of LLVM has a function of the same name, which takes one description
        let is_libunwind = elf::held(|| elf::find(c"__unw_add_dynamic_fde")).is_some();
        let most = if is_libunwind { 1 } else { usize::MAX };
        // SAFETY: the caller's promise.
        unsafe { registered::add(section.addr(), most) }
    }
}

/// Takes an `.eh_frame` section back; see libgcc.
///
/// # Safety
///
/// That of the library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn __deregister_frame(section: *const c_void) {
    registered::remove(section.addr());
    // SAFETY: the caller's argument, handed on.
    unsafe { hand_on(c"__deregister_frame", section) }
}
