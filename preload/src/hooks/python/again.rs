//! Interpreters that begin again, and lose the hooks by it.

use super::domain::{Domain, Functions, Obj};
use super::install::{accessor, install};
use crate::guard::Guard;
use crate::thread::Thread;
use crate::{census, python, session};
use core::sync::atomic::{AtomicUsize, Ordering};
use memprof_wire::session::option;

/// From 3.12 on an interpreter that is finalised and initialised again has its allocators as at
/// first, without the hooks. There is nothing to be called back by; but there are calls that a new
/// interpreter makes early, and these ask here. Allocators that somebody put in front of the hooks,
/// as tracemalloc does, are left alone: only what stood behind the hooks at first is hooked again.
///
/// `guard` is the caller's, if it holds one.
#[inline]
pub fn reinstall_if_lost(guard: Option<&Guard>) {
    if are_lost() {
        reinstall(guard);
    }
}

/// Whether the runtime has its allocators as at first.
#[inline]
pub fn are_lost() -> bool {
    let slot = SLOT.load(Ordering::Acquire);
    // SAFETY: a word of the runtime's structure, whose library is never unloaded.
    slot != 0
        && unsafe { (slot as *const usize).read_volatile() } == ORIGINAL.load(Ordering::Relaxed)
}

/// Where the runtime keeps its `free` of the object domain; 0 where that is unknown, or where
/// hooks are never lost.
static SLOT: AtomicUsize = AtomicUsize::new(0);
/// What stood there before the hooks.
static ORIGINAL: AtomicUsize = AtomicUsize::new(0);

#[cold]
fn reinstall(guard: Option<&Guard>) {
    if let (Some(get), Some(set)) = (
        accessor(c"PyMem_GetAllocator"),
        accessor(c"PyMem_SetAllocator"),
    ) {
        let own = if guard.is_none() {
            Guard::enter()
        } else {
            None
        };
        census::lost_track(guard.or(own.as_ref()).and_then(Thread::ready));
        install(get, set, session::wants(option::PYTHON_ALLOCATORS));
    }
}

/// Looks where the runtime keeps the hook that was just set.
pub(super) fn find_slot() {
    /// The allocators are near the front of a structure of some hundred KiB.
    const SEARCHED: usize = 16 << 10;
    // SAFETY: installed, so it is known what stood below; a free of this module is in both kinds.
    let below = Obj::functions().free as usize;
    let (Some(get), runtime) = (accessor(c"PyMem_GetAllocator"), python::runtime()) else {
        return;
    };
    if runtime == 0 || python::found_version() < 0x030c_0000 {
        return;
    }
    let mut functions = core::mem::MaybeUninit::<Functions>::uninit();
    // SAFETY: the interpreter fills the five words in.
    let hook = unsafe {
        get(Obj::NUMBER, functions.as_mut_ptr());
        functions.assume_init().free as usize
    };
    let words = runtime..runtime + SEARCHED;
    let found = words
        .step_by(size_of::<usize>())
        // SAFETY: within the runtime's structure.
        .find(|&word| unsafe { (word as *const usize).read_volatile() } == hook);
    if let Some(slot) = found {
        ORIGINAL.store(below, Ordering::Relaxed);
        SLOT.store(slot, Ordering::Release);
    }
}
