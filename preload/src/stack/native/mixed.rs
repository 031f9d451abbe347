//! Python frames where the interpreter ran them.
//!
//! One native frame of the interpreter's evaluation function runs many Python frames: a *run*. Each
//! run has an *anchor*, something that the evaluation function keeps on the native stack and links
//! to its frames; so the native frame that an anchor lies in is the one that ran them, whatever the
//! function was called or inlined into. Its place in the stack is taken by the run.
//!
//! Both kinds of frames are compared with those of the last time, and only what is new is looked
//! up: native frames by the walk, Python frames by the stack that they alone make.

mod merge;

use super::frame::At;
use super::path;
use super::runs::Present;
use crate::memory::Array;
use crate::python::layout::{Layout, with_layout};
use crate::python::{self};
use crate::stack::native::anchors::Anchors;
use crate::stack::python::{frames_of, own_state, state_with_lock};
use crate::thread::Thread;
use core::marker::PhantomData;
use memprof_wire::units::StackId;
use merge::Merge;

/// The Python frames that one native frame runs.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// The index of the native frame.
    pub native: usize,
    /// The index of the outermost Python frame.
    pub first: usize,
    /// The index behind the innermost one.
    end: usize,
    /// What ties it to the native frame.
    pub anchor: usize,
    /// The stack of what called the native frame.
    base: StackId,
}

/// What a Python frame made.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Of Python frames alone.
    python: StackId,
    /// Of Python and native ones.
    stack: StackId,
}

/// How the last stack was put together.
#[derive(Debug)]
pub struct Mixed {
    runs: Array<Run>,
    run_count: usize,
    seen: Array<Seen>,
    seen_count: usize,
    anchors: Anchors,
}

impl Mixed {
    /// Nothing seen yet.
    pub const fn new() -> Self {
        Self {
            runs: Array::empty(),
            run_count: 0,
            seen: Array::empty(),
            seen_count: 0,
            anchors: Anchors::new(),
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.runs.release();
        self.seen.release();
        self.anchors.clear();
        *self = Self::new();
    }

    /// The runs, outermost first.
    pub fn runs(&self) -> &[Run] {
        if self.run_count == 0 {
            return &[];
        }
        // SAFETY: so many are in use.
        unsafe { core::slice::from_raw_parts(self.runs.items(), self.run_count) }
    }

    #[inline(always)]
    fn run(&mut self, index: usize) -> &mut Run {
        debug_assert!(index < self.run_count);
        // SAFETY: so many runs are in use.
        unsafe { &mut *self.runs.items().add(index) }
    }

    #[inline(always)]
    fn seen(&self, index: usize) -> Seen {
        // SAFETY: there is room for all Python frames.
        unsafe { *self.seen.items().add(index) }
    }

    fn push(&mut self, run: Run) -> bool {
        if self.run_count >= self.runs.capacity()
            && !self.runs.grow_to((self.run_count * 2).max(64))
        {
            return false;
        }
        self.run_count += 1;
        *self.run(self.run_count - 1) = run;
        true
    }
}

/// The stack of the calling thread, which need not hold the interpreter lock.
#[inline(never)]
pub fn capture(thread: &mut Thread, at: At) -> StackId {
    match python::family() {
        None => super::capture(thread, at),
        Some(family) => with_layout!(family, L => without_lock::<L>(thread, at)),
    }
}

#[inline(never)]
fn without_lock<L: Layout>(thread: &mut Thread, at: At) -> StackId {
    let state = own_state::<L>(thread);
    merge::<L>(thread, at, state)
}

/// The stack of the calling thread, which holds the interpreter lock.
#[inline(never)]
pub fn capture_with_lock<L: Layout>(thread: &mut Thread, at: At) -> StackId {
    let state = state_with_lock::<L>(thread);
    merge::<L>(thread, at, state)
}

#[inline(always)]
fn merge<L: Layout>(thread: &mut Thread, at: At, state: usize) -> StackId {
    let mut python_depth = 0;
    if state != 0 {
        frames_of::<L>(thread, state);
        python_depth = thread.stacks.depth;
    }
    // SAFETY: that frame called the hook; the Python frames were just captured.
    let known = unsafe {
        let runs = Present::<L>::new(state, thread.stacks.frames.items(), python_depth);
        path::find(thread, at.key(), runs)
    };
    match known {
        Some(stack) => stack,
        None => merge_anew::<L>(thread, at, state, python_depth),
    }
}

/// Walks the native frames, and puts the Python ones among them.
#[inline(never)]
fn merge_anew<L: Layout>(
    thread: &mut Thread,
    at: At,
    state: usize,
    python_depth: usize,
) -> StackId {
    let unchanged = super::walk(thread, at);
    let native = &mut thread.stacks.native;
    let seen = &mut native.mixed.seen;
    if python_depth > seen.capacity() && !seen.grow_to((python_depth * 2).max(256)) {
        return StackId::NONE;
    }
    // SAFETY: the state is this thread's own, or its lock is held.
    unsafe {
        let natives = native.walk.frames();
        let frames = thread.stacks.frames.items();
        let anchors = &mut native.mixed.anchors;
        anchors.find::<L>(state, natives, frames, python_depth);
    }
    let stack = Merge::<L> {
        thread: &mut *thread,
        python_depth,
        layout: PhantomData,
    }
    .all(unchanged);
    let native = &mut thread.stacks.native;
    if native.walk.is_complete() && !native.mixed.anchors.are_ambiguous() {
        let frames = native.walk.frames();
        native.path.keep(frames, native.mixed.runs(), python_depth);
    }
    stack
}
