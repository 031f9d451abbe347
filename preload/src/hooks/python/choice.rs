//! Which allocator the interpreter has chosen to stand below the hooks.

use super::domain::{Domain, Functions, Obj, Raw};
use super::install::Accessor;
use crate::{elf, python};
use core::ffi::{CStr, c_char};

/// What the interpreter calls the allocator below the hooks; empty when that is not known.
pub(super) fn name(get: Accessor) -> &'static CStr {
    // 3.12 crashes when it is asked before its runtime is there
    if !python::is_preinitialised() && python::found_version() >= 0x030c_0000 {
        return before_runtime(get);
    }
    elf::find(c"_PyMem_GetCurrentAllocatorName").map_or(c"", |address| {
        // SAFETY: a function without arguments that returns a constant text or null; the runtime
        // is pre-initialised, or is of a version that does not need to be.
        unsafe {
            let name: extern "C" fn() -> *const c_char = core::mem::transmute(address);
            let name = name();
            if name.is_null() {
                c""
            } else {
                CStr::from_ptr(name)
            }
        }
    })
}

/// The allocator that an interpreter is built to begin with: its own has functions of its own for
/// objects, without a context. Another choice, by `PYTHONMALLOC`, drops the hooks when it is made.
fn before_runtime(get: Accessor) -> &'static CStr {
    let of = |number| {
        let mut functions = core::mem::MaybeUninit::<Functions>::uninit();
        // SAFETY: the interpreter fills the five words in.
        unsafe {
            get(number, functions.as_mut_ptr());
            functions.assume_init()
        }
    };
    let (raw, objects) = (of(Raw::NUMBER), of(Obj::NUMBER));
    if objects.context.is_null() && objects.malloc as usize != raw.malloc as usize {
        c"pymalloc"
    } else {
        c""
    }
}
