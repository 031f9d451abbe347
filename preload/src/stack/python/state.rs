//! The interpreter's state of the calling thread: where its frames begin.

use crate::python::layout::Layout;
use crate::python::{self, load};
use crate::stack::Stacks;
use crate::thread::Thread;
use core::sync::atomic::Ordering;

/// The interpreter's state of the calling thread, which has said that it is reading; 0 for none.
#[inline(always)]
pub(in crate::stack) fn own_state<L: Layout>(stacks: &Stacks) -> usize {
    let mut state = state_of_lock_holder::<L>();
    if L::RUNTIME_THREAD != 0 {
        // the holder of the lock may be any thread: believe only what is known to be one's own
        if state == 0 || state != stacks.python_thread.load(Ordering::Relaxed) {
            state = own_state_without_lock();
            stacks.python_thread.store(state, Ordering::Relaxed);
        }
    } else if state == 0 {
        state = own_state_without_lock();
    }
    state
}

/// The interpreter's state of the calling thread, which does not hold the lock as far as is known.
#[inline(always)]
fn own_state_without_lock() -> usize {
    let state = python::own_thread();
    let finalizing = python::finalizing();
    // what other threads have is destroyed, and they are not told
    if finalizing == 0 || state == finalizing {
        state
    } else {
        0
    }
}

/// The interpreter's state of the calling thread, which holds the interpreter lock.
#[inline(always)]
pub(in crate::stack) fn state_with_lock<L: Layout>(thread: &mut Thread) -> usize {
    let state = state_of_lock_holder::<L>();
    if L::RUNTIME_THREAD != 0 {
        let own = &thread.stacks.python_thread;
        own.store(state, Ordering::Relaxed);
    }
    state
}

#[inline(always)]
fn state_of_lock_holder<L: Layout>() -> usize {
    if L::RUNTIME_THREAD == 0 {
        return python::current_thread();
    }
    // SAFETY: a word of the runtime's structure, which lives as long as the interpreter's library.
    unsafe { load(python::runtime(), L::RUNTIME_THREAD) }
}
