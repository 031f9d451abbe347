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
    let stack = unsafe {
        match at_site::<L>(thread, at.key(), state) {
            Ok(stack) => stack,
            Err(unknown) => elsewhere::<L>(thread, at, state, unknown),
        }
    };
    thread.stacks.end_reading();
    stack
}

/// The stack of the calling thread, which holds the interpreter lock.
#[inline(never)]
pub fn capture_with_lock<L: Layout>(thread: &mut Thread, caller: Caller) -> StackId {
    let state = state_with_lock::<L>(thread);
    // SAFETY: that frame called the hook, and the lock is held.
    unsafe {
        match at_site::<L>(thread, caller.key(), state) {
            Ok(stack) => stack,
            Err(unknown) => called_elsewhere::<L>(thread, caller, state, unknown),
        }
    }
}

/// What is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    /// The Python frames, if there are any.
    Frames,
    /// The site, below Python frames that make this stack.
    Site(StackId),
}

/// The stack of a site that is known. Calls nothing, so that the usual case needs no frame.
///
/// # Safety
///
/// `key` must be the frame that called the hook, and `state` zero or this thread's state, which
/// is its own, or its lock is held.
#[inline(always)]
unsafe fn at_site<L: Layout>(
    thread: &mut Thread,
    key: Key,
    state: usize,
) -> Result<StackId, Unknown> {
    if state == 0 {
        return Err(Unknown::Frames);
    }
    // SAFETY: the caller's promise.
    unsafe {
        let stack = known_frames_of::<L>(&mut thread.stacks, state).ok_or(Unknown::Frames)?;
        let python = present::<L>(thread, state, stack);
        let Stacks { native, marks, .. } = &thread.stacks;
        let known = &native.mixed.known;
        known
            .at_site::<L>(key, python, marks)
            .ok_or(Unknown::Site(stack))
    }
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

/// # Safety
///
/// As for [`at_site`].
#[inline(never)]
unsafe fn called_elsewhere<L: Layout>(
    thread: &mut Thread,
    caller: Caller,
    state: usize,
    unknown: Unknown,
) -> StackId {
    // SAFETY: the caller's promise.
    unsafe { elsewhere::<L>(thread, caller.into(), state, unknown) }
}

/// The stack of a frame that [`at_site`] did not know.
///
/// # Safety
///
/// As for [`at_site`].
#[inline(always)]
unsafe fn elsewhere<L: Layout>(
    thread: &mut Thread,
    at: At,
    state: usize,
    unknown: Unknown,
) -> StackId {
    let mut python = Python::NONE;
    // SAFETY: the caller's promise; the Python frames are captured before anything else.
    let found = unsafe {
        if state != 0 {
            let stack = match unknown {
                Unknown::Frames => frames_of::<L>(thread, state),
                Unknown::Site(stack) => stack,
            };
            python = present::<L>(thread, state, stack);
        }
        let Stacks { native, marks, .. } = &thread.stacks;
        let known = &native.mixed.known;
        if python.depth == 0 {
            path::find(thread, at.key())
        } else if unknown == Unknown::Frames
            && let Some(stack) = known.at_site::<L>(at.key(), python, marks)
        {
            // the Python frames are others than the last time, and make a stack that is known
            Some(stack)
        } else {
            known::find::<L>(thread, at, python)
        }
    };
    match found {
        Some(stack) => stack,
        None => merge_anew::<L>(thread, at, python),
    }
}
