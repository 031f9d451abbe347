//! The interpreter's frames of this thread, as one [`StackId`].
//!
//! The frames of the last capture are kept, and each capture compares them with the live ones:
//! one load for the link, one for the instruction. What is unchanged costs half a nanosecond a
//! frame, and only from the lowest change upwards is the stack looked up anew. A matching innermost
//! frame proves nothing about its callers, so all are compared, with one exception: the
//! interpreter keeps frames in chunks of 16 KiB and unmaps a chunk exactly when its first frame
//! returns; while the chunk is the same, nothing below that frame can have changed. Versions that
//! keep a chunk to use it again tell nothing by it: there all are compared. Where there are no
//! chunks, deep frames are marked: see [`super::marks`].

mod compare;
mod look;
mod rebuild;
mod resolve;
mod state;

use super::Stacks;
use super::native::{self, Word};
use crate::python::layout::{Family, Layout, with_layout};
use crate::python::{self, load, names};
use crate::thread::Thread;
use compare::is_unchanged;
use look::look;
use memprof_wire::units::StackId;
use rebuild::rebuild;
pub(super) use resolve::note_merged;
use resolve::resolve;
pub(super) use state::{own_state, state_with_lock};

/// A frame as it was when it was last seen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Frame {
    pub(super) address: usize,
    instruction: usize,
    /// The code object; only kept where the instruction does not tell it.
    code: usize,
    pub(super) stack: StackId,
    /// Always 0, so that the stack can be compared as a whole word.
    padding: u32,
}

impl Frame {
    /// The word that holds the address.
    pub(super) fn address_word(&self) -> Word {
        Word {
            slot: (&raw const self.address).addr(),
            value: self.address,
        }
    }

    /// The word that holds the stack.
    pub(super) fn stack_word(&self) -> Word {
        Word {
            slot: (&raw const self.stack).addr(),
            value: self.stack.0 as usize,
        }
    }
}

/// The stack of the calling thread, which need not hold the interpreter lock: the Python frames, and
/// the native ones from this one outwards, if they are asked for.
#[inline(always)]
pub fn capture(thread: &mut Thread, from: impl Into<native::At>) -> StackId {
    if native::wanted() {
        return native::mixed::capture(thread, from.into());
    }
    let Some(family) = python::family() else {
        return StackId::NONE;
    };
    capture_without_lock(family, thread)
}

#[inline(never)]
fn capture_without_lock(family: Family, thread: &mut Thread) -> StackId {
    with_layout!(family, L => without_lock::<L>(thread))
}

#[inline(always)]
fn without_lock<L: Layout>(thread: &mut Thread) -> StackId {
    thread.stacks.begin_reading();
    let state = own_state::<L>(&thread.stacks);
    let stack = if state == 0 {
        StackId::NONE
    } else {
        // SAFETY: it is this thread's own.
        unsafe { frames_of::<L>(thread, state) }
    };
    thread.stacks.end_reading();
    stack
}

/// The Python stack of the calling thread, which holds the interpreter lock.
#[inline(always)]
pub fn capture_with_lock<L: Layout>(thread: &mut Thread) -> StackId {
    let state = state_with_lock::<L>(thread);
    if state == 0 {
        return StackId::NONE;
    }
    // SAFETY: the lock is held.
    let stack = unsafe { frames_of::<L>(thread, state) };
    if L::FRAME_LOCALS != 0 && thread.python_name_is_due {
        note_name::<L>(thread);
    }
    stack
}

/// Looks how the interpreter calls this thread, which holds the lock and was just captured.
#[cold]
fn note_name<L: Layout>(thread: &mut Thread) {
    thread.python_name_is_due = false;
    let frames = thread.stacks.frames.items();
    // the interpreter's own frames, which are no part of a stack, may stand further out
    // SAFETY: indices below the depth are in use.
    let outermost = (0..thread.stacks.depth)
        .map(|index| unsafe { *frames.add(index) })
        .find(|frame| frame.stack != StackId::NONE);
    let name = outermost.and_then(|frame| {
        // SAFETY: the frame is live and runs its code, having just been captured.
        unsafe {
            let code = load(frame.address, L::FRAME_CODE) & !3;
            names::of_thread::<L>(frame.address, code)
        }
    });
    if let Some(name) = name {
        thread.note_python_name(name.bytes());
    }
}

/// Reads what identifies the instruction of a frame.
///
/// # Safety
///
/// `frame` must be a live frame.
#[inline(always)]
unsafe fn instruction_of<L: Layout>(frame: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        if L::INSTRUCTION_IS_POINTER {
            load(frame, L::FRAME_INSTRUCTION)
        } else {
            ((frame + L::FRAME_INSTRUCTION) as *const i32).read_volatile() as usize
        }
    }
}

/// The stack of the interpreter's frames.
///
/// # Safety
///
/// `state` must be this thread's own, or its lock be held.
#[inline(always)]
pub(super) unsafe fn frames_of<L: Layout>(thread: &mut Thread, state: usize) -> StackId {
    // SAFETY: the caller's promise; the frame that is kept at the last index is live, if it was
    // found to be the innermost one.
    unsafe {
        let look = look::<L>(&thread.stacks, state);
        if !look.callers_unchanged {
            return rebuild::<L>(thread, look.top, look.chunk);
        }
        let index = thread.stacks.depth - 1;
        let last = thread.stacks.frames.items().add(index);
        if is_unchanged::<L>(last, look.top) {
            return (*last).stack;
        }
        resolve::<L>(thread, index, look.top)
    }
}

/// The same if nothing has to be looked up for it but a step that was made before.
///
/// # Safety
///
/// As for [`frames_of`].
#[inline(always)]
pub(super) unsafe fn known_frames_of<L: Layout>(
    stacks: &mut Stacks,
    state: usize,
) -> Option<StackId> {
    // SAFETY: as in `frames_of`.
    unsafe {
        let look = look::<L>(stacks, state);
        if !look.callers_unchanged {
            return None;
        }
        let index = stacks.depth - 1;
        let last = stacks.frames.items().add(index);
        if is_unchanged::<L>(last, look.top) {
            return Some((*last).stack);
        }
        if !L::INSTRUCTION_IS_POINTER {
            return None;
        }
        let instruction = instruction_of::<L>(look.top);
        let stack = stacks.step(instruction, stacks.parent(index))?;
        ((*last).instruction, (*last).stack) = (instruction, stack);
        Some(stack)
    }
}
