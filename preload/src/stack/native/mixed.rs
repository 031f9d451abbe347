//! Python frames where the interpreter ran them.
//!
//! One native frame of the interpreter's evaluation function runs many Python frames: a *run*. Each
//! run has an *anchor*, something that the evaluation function keeps on the native stack and links
//! to its frames; so the native frame that an anchor lies in is the one that ran them, whatever the
//! function was called or inlined into. Its place in the stack is taken by the run.
//!
//! Both kinds of frames are compared with those of the last time, and only what is new is looked
//! up: native frames by the walk, Python frames by the stack that they alone make.

mod capture;
mod known;
mod merge;
mod outer;
mod walk;
mod whole;

use super::frame::{At, Frame};
use super::trunk::Python;
use crate::memory::Array;
use crate::python::layout::Layout;
use crate::stack::Stacks;
use crate::stack::marks::Marks;
use crate::stack::native::anchors::Anchors;
use crate::thread::Thread;
pub use capture::{capture, capture_with_lock};
use core::marker::PhantomData;
use known::Known;
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
    anchors: Anchors,
    known: Known,
}

impl Mixed {
    /// Nothing seen yet.
    pub const fn new() -> Self {
        Self {
            runs: Array::empty(),
            run_count: 0,
            seen: Array::empty(),
            anchors: Anchors::new(),
            known: Known::new(),
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.runs.release();
        self.seen.release();
        self.anchors.clear();
        self.known.clear();
        *self = Self::new();
    }

    /// Keeps what a stack that was just put together has in common with others: all native frames,
    /// and what there is of Python.
    fn keep<L: Layout>(&mut self, natives: &[Frame], python: Python, marks: &Marks, position: u64) {
        if self.run_count == 0 {
            return;
        }
        // SAFETY: so many runs are in use, and all frames are live.
        unsafe {
            let runs = core::slice::from_raw_parts(self.runs.items(), self.run_count);
            self.known.keep::<L>(natives, runs, python, marks, position);
        }
    }

    fn innermost(&mut self) -> Option<Run> {
        let index = self.run_count.checked_sub(1)?;
        Some(*self.run(index))
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

/// Walks the native frames, and puts the Python ones among them.
#[inline(never)]
fn merge_anew<L: Layout>(thread: &mut Thread, at: At, python: Python) -> StackId {
    let Python { depth, state, .. } = python;
    let unchanged = walk::walk::<L>(thread, at, python);
    let native = &mut thread.stacks.native;
    let seen = &mut native.mixed.seen;
    if depth > seen.capacity() && !seen.grow_to((depth * 2).max(256)) {
        return StackId::NONE;
    }
    // SAFETY: the state is this thread's own, or its lock is held.
    unsafe {
        let natives = native.walk.frames();
        let frames = thread.stacks.frames.items();
        let anchors = &mut native.mixed.anchors;
        anchors.find::<L>(state, natives, frames, depth);
    }
    let stack = Merge::<L> {
        thread: &mut *thread,
        python_depth: depth,
        layout: PhantomData,
    }
    .all(unchanged);
    let position = thread.position();
    let Stacks { native, marks, .. } = &mut thread.stacks;
    if native.walk.is_complete() && !native.mixed.anchors.are_ambiguous() {
        let natives = native.walk.frames();
        if let Some(run) = native.mixed.innermost() {
            walk::measure::<L>(natives, run);
        }
        if depth == 0 {
            native.path.keep(natives, position);
        } else {
            native.mixed.keep::<L>(natives, python, marks, position);
        }
    }
    stack
}
