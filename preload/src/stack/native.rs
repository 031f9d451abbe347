//! The native frames of this thread, and the interpreter's among them, as one [`StackId`].
//!
//! No unwinder that a program may have loaded is called: they take locks and allocate. Instead
//! [`rule`] finds how the caller of an instruction is found, from the tables that every object
//! carries, and keeps it; [`mod@walk`] follows the frames as far as they are new; [`mixed`] puts Python
//! frames where the interpreter ran them.

mod anchors;
mod bounds;
mod bytes;
mod enter;
mod expression;
mod frame;
pub mod generated;
pub mod greenlets;
mod inner;
mod made;
pub mod mixed;
pub mod module;
mod own;
mod path;
mod probes;
pub mod registered;
mod registers;
mod row;
mod rows;
mod rule;
mod run;
mod savings;
mod segment;
mod site;
mod step;
mod table;
mod tags;
#[cfg(test)]
mod tests;
mod trail;
mod trunk;
mod walk;
mod word;

use crate::thread::Thread;
use core::sync::atomic::{AtomicBool, Ordering};
use enter::unknown_callers;
use memprof_wire::event::{Event, Note};
use memprof_wire::session::{SessionPage, option};
use memprof_wire::units::StackId;
use registers::Registers;
use walk::Walk;

pub use frame::At;
pub use rule::{forget_all, forget_meanings};
pub use word::Word;

/// Whether native stacks were asked for.
static WANTED: AtomicBool = AtomicBool::new(false);

/// Whether anything is kept of a stack for the next one.
static KEEPS: AtomicBool = AtomicBool::new(true);

/// What a thread remembers of its native stack.
#[derive(Debug)]
pub struct Native {
    walk: Walk,
    mixed: mixed::Mixed,
    path: path::Path,
    cut: bool,
}

impl Native {
    /// Nothing seen yet.
    pub const fn new() -> Self {
        Self {
            walk: Walk::new(),
            mixed: mixed::Mixed::new(),
            path: path::Path::new(),
            cut: false,
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.walk.clear();
        self.mixed.clear();
        self.path.clear();
        *self = Self::new();
    }

    /// The stack of what is outside of all frames: none, unless callers are missing there.
    fn outside(thread: &mut Thread) -> StackId {
        if thread.stacks.native.walk.is_complete() {
            StackId::NONE
        } else {
            unknown_callers(thread)
        }
    }
}

/// Looks once what was asked for.
pub fn prepare(page: &SessionPage) {
    if page.options.load(Ordering::Relaxed) & option::NATIVE == 0 {
        return;
    }
    let walk_each = page.options.load(Ordering::Relaxed) & option::WALK_EACH != 0;
    KEEPS.store(!walk_each, Ordering::Relaxed);
    if own::prepare() {
        WANTED.store(true, Ordering::Release);
    }
}

/// Whether native stacks are recorded.
#[inline(always)]
pub fn wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

/// Whether anything may be kept of a stack for the next one.
fn keeps() -> bool {
    KEEPS.load(Ordering::Relaxed)
}

/// The frame that called the hook that this is inlined into, if native stacks are recorded.
#[inline(always)]
pub fn caller() -> At {
    let here = Registers::here();
    if wanted() {
        own::caller(&here)
    } else {
        At::of(&here, true)
    }
}

/// The native stack of the calling thread, which runs no interpreter.
#[inline(always)]
fn capture(thread: &mut Thread, at: At) -> StackId {
    // SAFETY: that frame called the hook.
    if let Some(stack) = unsafe { path::find(thread, at.key()) } {
        return stack;
    }
    capture_anew(thread, at)
}

#[inline(never)]
fn capture_anew(thread: &mut Thread, at: At) -> StackId {
    let unchanged = walk(thread, at);
    let mut stack = Native::outside(thread);
    let depth = thread.stacks.native.walk.frames().len();
    if unchanged > 1 {
        stack = thread.stacks.native.walk.frames()[unchanged - 1].stack;
    }
    for index in unchanged.max(1)..depth {
        stack = enter(thread, index, stack);
    }
    let position = thread.position();
    let native = &mut thread.stacks.native;
    if native.walk.is_complete() {
        let frames = native.walk.frames();
        native.path.keep(frames, position);
    }
    stack
}

/// Walks; returns how many frames are what they were.
#[inline(always)]
fn walk(thread: &mut Thread, from: At) -> usize {
    if !keeps() {
        thread.stacks.native.walk.forget();
    }
    let walked = thread.stacks.native.walk.walk(from);
    if walked.too_deep && !core::mem::replace(&mut thread.stacks.native.cut, true) {
        thread.event(&Event::Note(Note::StacksCut));
    }
    walked.unchanged
}

/// Looks the stack of the frame at `index` up, given that of its caller, and keeps it.
#[inline(always)]
fn enter(thread: &mut Thread, index: usize, caller: StackId) -> StackId {
    let ip = thread.stacks.native.walk.frames()[index].ip;
    let stack = enter::native_frame(thread, caller, ip);
    thread.stacks.native.walk.frames()[index].stack = stack;
    stack
}
