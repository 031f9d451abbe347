//! Where the arenas of the interpreter's allocator are: `PyObject_SetArenaAllocator` tells.

use super::regions;
use crate::elf;
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::mem::MaybeUninit;

/// `PyObjectArenaAllocator`
#[derive(Clone, Copy)]
#[repr(C)]
struct Functions {
    context: *mut c_void,
    alloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void, *mut c_void, usize),
}

/// The functions as they were.
struct Below(UnsafeCell<Option<Functions>>);

// SAFETY: written once, before the functions that read it are set.
unsafe impl Sync for Below {}

static BELOW: Below = Below(UnsafeCell::new(None));

fn below() -> &'static Functions {
    // SAFETY: our functions are only called once they were set, after this was filled in.
    unsafe { (*BELOW.0.get()).as_ref().unwrap_unchecked() }
}

unsafe extern "C" fn alloc(_: *mut c_void, bytes: usize) -> *mut c_void {
    let below = below();
    // SAFETY: the interpreter's arguments, handed on with the context that belongs to them.
    let arena = unsafe { (below.alloc)(below.context, bytes) };
    if !arena.is_null() {
        regions::set_arena(arena.addr(), bytes, true);
    }
    arena
}

unsafe extern "C" fn free(_: *mut c_void, arena: *mut c_void, bytes: usize) {
    regions::set_arena(arena.addr(), bytes, false);
    let below = below();
    // SAFETY: as in `alloc`.
    unsafe { (below.free)(below.context, arena, bytes) };
}

/// Sees every arena from now on; false when the interpreter has no such functions. To be called
/// once, before the interpreter has made any.
pub fn watch() -> bool {
    type Accessor = unsafe extern "C" fn(*mut Functions);
    let (Some(get), Some(set)) = (
        elf::find(c"PyObject_GetArenaAllocator"),
        elf::find(c"PyObject_SetArenaAllocator"),
    ) else {
        return false;
    };
    let mut functions = MaybeUninit::<Functions>::uninit();
    // SAFETY: both have this type; the interpreter fills the three words in, and copies those it
    // is given.
    unsafe {
        let get: Accessor = core::mem::transmute(get);
        let set: Accessor = core::mem::transmute(set);
        get(functions.as_mut_ptr());
        let found = functions.assume_init();
        *BELOW.0.get() = Some(found);
        let mut ours = Functions {
            alloc,
            free,
            ..found
        };
        set(&raw mut ours);
    }
    true
}
