//! Python frames where the interpreter ran them.
//!
//! One native frame of the interpreter's evaluation function runs many Python frames: a *run*. Each
//! run has an *anchor*, something that the evaluation function keeps on the native stack and links
//! to its frames; so the native frame that an anchor lies in is the one that ran them, whatever the
//! function was called or inlined into. Its place in the stack is taken by the run.
//!
//! Both kinds of frames are compared with those of the last time, and only what is new is looked
//! up: native frames by the walk, Python frames by the stack that they alone make.

use super::enter;
use super::frame::{self, At};
use super::path;
use super::runs::Present;
use crate::memory::Array;
use crate::python::layout::{Layout, with_layout};
use crate::python::{self};
use crate::stack::native::anchors::Anchors;
use crate::stack::python::{frames_of, own_state, state_with_lock};
use crate::thread::Thread;
use memprof_wire::units::StackId;

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
        layout: core::marker::PhantomData,
    }
    .all(unchanged);
    let native = &mut thread.stacks.native;
    if native.walk.is_complete() && !native.mixed.anchors.are_ambiguous() {
        let frames = native.walk.frames();
        native.path.keep(frames, native.mixed.runs(), python_depth);
    }
    stack
}

struct Merge<'a, L> {
    thread: &'a mut Thread,
    python_depth: usize,
    layout: core::marker::PhantomData<L>,
}

impl<L: Layout> Merge<'_, L> {
    #[inline(always)]
    fn mixed(&mut self) -> &mut Mixed {
        &mut self.thread.stacks.native.mixed
    }

    #[inline(always)]
    fn natives(&mut self) -> &mut [frame::Frame] {
        self.thread.stacks.native.walk.frames()
    }

    /// The stack that a Python frame makes, with its Python callers alone.
    #[inline(always)]
    fn python(&self, index: usize) -> StackId {
        // SAFETY: the index is below the depth.
        unsafe { (*self.thread.stacks.frames.items().add(index)).stack }
    }

    /// The anchor of the run of this number, if it begins at the Python frame at `index`.
    #[inline(always)]
    fn anchor(&self, index: usize, number: usize) -> Option<usize> {
        let stacks = &self.thread.stacks;
        let anchors = &stacks.native.mixed.anchors;
        // SAFETY: so many Python frames are live.
        unsafe { anchors.at::<L>(stacks.frames.items(), index, self.python_depth, number) }
    }

    /// `unchanged` native frames are what they were.
    #[inline(always)]
    fn all(mut self, unchanged: usize) -> StackId {
        let valid = self.drop_changed_runs(unchanged);
        let (mut index, mut frame, mut stack) = self.resume(valid);
        let depth = self.natives().len();
        while frame < depth {
            let sp = self.natives()[frame].sp;
            let mut runs = false;
            while index < self.python_depth {
                let number = self.mixed().run_count;
                let anchor = self.anchor(index, number).unwrap_or(usize::MAX);
                if anchor < sp {
                    break;
                }
                let run = Run {
                    native: frame,
                    first: index,
                    end: index,
                    anchor,
                    base: stack,
                };
                if !self.mixed().push(run) {
                    return StackId::NONE;
                }
                (index, stack) = self.finish_run(index, stack);
                runs = true;
            }
            if runs || frame == 0 {
                self.natives()[frame].stack = stack;
            } else {
                stack = super::enter(self.thread, frame, stack);
            }
            frame += 1;
        }
        self.mixed().seen_count = index;
        if index < self.python_depth {
            // frames that no native frame runs: nothing of this can be relied upon next time
            while index < self.python_depth {
                stack = self.enter(index, stack);
                index += 1;
            }
            self.mixed().run_count = 0;
            self.mixed().seen_count = 0;
            self.thread.stacks.native.walk.forget();
        }
        stack
    }

    /// Drops runs whose native frame is not what it was, or whose Python callers are not. Returns
    /// how many native frames have the stacks they had, given that the last run left has.
    #[inline(always)]
    fn drop_changed_runs(&mut self, unchanged: usize) -> usize {
        let mut count = self.mixed().run_count;
        while count > 0 && self.mixed().run(count - 1).native >= unchanged {
            count -= 1;
        }
        let mut valid = unchanged;
        for number in 0..count {
            let run = *self.mixed().run(number);
            if run.first >= self.python_depth
                || self.anchor(run.first, number).unwrap_or(usize::MAX) != run.anchor
            {
                valid = run.native;
                count = number;
                break;
            }
            let last = run.end - 1;
            if number + 1 < count
                && (last >= self.python_depth
                    || self.mixed().seen(last).python != self.python(last))
            {
                valid = self.mixed().run(number + 1).native;
                count = number + 1;
                break;
            }
        }
        self.mixed().run_count = count;
        valid
    }

    /// Brings the last run up to date. Returns the Python frame, the native frame and the stack to
    /// go on with.
    #[inline(always)]
    fn resume(&mut self, valid: usize) -> (usize, usize, StackId) {
        let count = self.mixed().run_count;
        if count == 0 {
            let stack = super::Native::outside(self.thread);
            return (0, 0, stack);
        }
        let run = *self.mixed().run(count - 1);
        let before = self.mixed().seen(run.end - 1).stack;
        let mut index = run.end.min(self.python_depth);
        let mut stack = run.base;
        while index > run.first {
            let seen = self.mixed().seen(index - 1);
            if seen.python == self.python(index - 1) {
                stack = seen.stack;
                break;
            }
            index -= 1;
        }
        let (index, stack) = self.finish_run(index, stack);
        let mut frame = run.native + 1;
        if valid > frame && stack == before {
            let last = self.natives()[valid - 1];
            let next = if index < self.python_depth {
                self.anchor(index, count).unwrap_or(usize::MAX)
            } else {
                0
            };
            if next < last.sp {
                frame = valid;
                return (index, frame, last.stack);
            }
        }
        (index, frame, stack)
    }

    /// Looks the rest of the last run up, from the Python frame at `index` on.
    #[inline(always)]
    fn finish_run(&mut self, mut index: usize, mut stack: StackId) -> (usize, StackId) {
        let count = self.mixed().run_count;
        let first = self.mixed().run(count - 1).first;
        while index < self.python_depth && (index == first || self.anchor(index, count).is_none()) {
            stack = self.enter(index, stack);
            index += 1;
        }
        self.mixed().run(count - 1).end = index;
        (index, stack)
    }

    /// Looks the stack of a Python frame up, given that of its caller, and keeps it.
    #[inline(always)]
    fn enter(&mut self, index: usize, caller: StackId) -> StackId {
        let stack = enter::python_frame(self.thread, index, caller);
        let python = self.python(index);
        // SAFETY: there is room for all Python frames.
        unsafe {
            let place = self.mixed().seen.items().add(index);
            place.write(Seen { python, stack });
        }
        stack
    }
}
