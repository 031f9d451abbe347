//! The stack of a thread that runs an interpreter: a site that is known, for the most part.

use super::known;
use super::merge_anew;
use crate::caller::Caller;
use crate::python;
use crate::python::layout::{Layout, with_layout};
use crate::stack::Stacks;
use crate::stack::native::frame::At;
use crate::stack::native::path;
use crate::stack::native::run::entry;
use crate::stack::native::segment::Key;
use crate::stack::native::trunk::Python;
use crate::stack::python::{frames_of, known_frames_of, own_state, state_with_lock};
use crate::thread::Thread;
use memprof_wire::units::StackId;

/// The stack of the calling thread, which need not hold the interpreter lock.
#[inline(never)]
pub fn capture(thread: &mut Thread, at: At) -> StackId {
    match python::family() {
        None => super::super::capture(thread, at),
        Some(family) => with_layout!(family, L => without_lock::<L>(thread, at)),
    }
}

#[inline(never)]
fn without_lock<L: Layout>(thread: &mut Thread, at: At) -> StackId {
    thread.stacks.begin_reading();
    let state = own_state::<L>(&thread.stacks);
    // SAFETY: that frame called the hook, and the state is this thread's own.
    let stack = unsafe { capture_with::<L>(thread, at, state) };
    thread.stacks.end_reading();
    stack
}

/// The stack of the calling thread, which holds the interpreter lock.
#[inline(never)]
pub fn capture_with_lock<L: Layout>(thread: &mut Thread, caller: Caller) -> StackId {
    let state = state_with_lock::<L>(thread);
    // SAFETY: that frame called the hook, and the lock is held.
    unsafe { capture_with::<L>(thread, caller, state) }
}

/// The stack of a site that is known, for the most part. What is not known is left to functions of its
/// own, so that the usual case keeps nothing at hand for it.
///
/// # Safety
///
/// `caller` must be the frame that called the hook, and `state` zero or this thread's state, which
/// is its own, or its lock is held.
#[inline(always)]
unsafe fn capture_with<L: Layout>(
    thread: &mut Thread,
    caller: impl Into<At> + Copy,
    state: usize,
) -> StackId {
    // SAFETY: the caller's promise.
    unsafe {
        if state == 0 {
            return of_other_frames::<L>(thread, caller, state);
        }
        let stack = if L::INSTRUCTION_IS_POINTER {
            known_frames_of::<L>(&mut thread.stacks, state)
        } else {
            // steps are not kept there, so that most are looked up
            Some(frames_of::<L>(thread, state)).filter(|_| thread.stacks.depth > 0)
        };
        let Some(stack) = stack else {
            return of_other_frames::<L>(thread, caller, state);
        };
        let python = present::<L>(thread, state, stack);
        match at_site::<L>(thread, caller.into().key(), python) {
            Some(stack) => stack,
            None => at_no_site::<L>(thread, caller, state, stack),
        }
    }
}

/// # Safety
///
/// As for [`capture_with`]; `python` must be all that there is.
#[inline(always)]
unsafe fn at_site<L: Layout>(thread: &mut Thread, key: Key, python: Python) -> Option<StackId> {
    let Stacks { native, marks, .. } = &mut thread.stacks;
    // SAFETY: the caller's promise.
    unsafe { native.mixed.known.at_site::<L>(key, python, marks) }
}

/// What there is of Python, once its frames were captured, which make this stack.
///
/// # Safety
///
/// `state` must be this thread's.
#[inline(always)]
unsafe fn present<L: Layout>(thread: &Thread, state: usize, stack: StackId) -> Python {
    Python {
        depth: thread.stacks.depth,
        frames: thread.stacks.frames.items(),
        state,
        // SAFETY: the caller's promise.
        entry: unsafe { entry::<L>(state) },
        stack,
    }
}

/// The stack where the Python frames are others than the last time, or there are none.
///
/// # Safety
///
/// As for [`capture_with`].
#[inline(never)]
unsafe fn of_other_frames<L: Layout>(
    thread: &mut Thread,
    caller: impl Into<At>,
    state: usize,
) -> StackId {
    let at = caller.into();
    let mut python = Python::NONE;
    // SAFETY: the caller's promise; the Python frames are captured before anything else.
    unsafe {
        if state != 0 {
            let stack = frames_of::<L>(thread, state);
            python = present::<L>(thread, state, stack);
        }
        let found = match python.depth {
            0 => path::find(thread, at.key()),
            _ => at_site::<L>(thread, at.key(), python)
                .or_else(|| known::find::<L>(thread, at, python)),
        };
        found.unwrap_or_else(|| merge_anew::<L>(thread, at, python))
    }
}

/// The stack of a frame that is no site which is known, below Python frames that make this one.
///
/// # Safety
///
/// As for [`capture_with`].
#[inline(never)]
unsafe fn at_no_site<L: Layout>(
    thread: &mut Thread,
    caller: impl Into<At>,
    state: usize,
    stack: StackId,
) -> StackId {
    let at = caller.into();
    // SAFETY: the caller's promise. Frames that were captured are at least one.
    unsafe {
        let python = present::<L>(thread, state, stack);
        known::find::<L>(thread, at, python).unwrap_or_else(|| merge_anew::<L>(thread, at, python))
    }
}
