//! The way from the innermost run out to callers that are known, where not all of them are.
//!
//! A program that goes through ever other callers still has the outer ones in common: from the
//! innermost run it is walked run by run to the first one that has a [trunk](crate::stack::native::trunk)
//! behind it, and what was walked becomes a trunk that goes on with that one.

use super::Run;
use super::known;
use super::whole::{Cut, Whole};
use crate::memory::Array;
use crate::python::layout::Layout;
use crate::stack::Stacks;
use crate::stack::marks::Marks;
use crate::stack::native::bounds::Bounds;
use crate::stack::native::enter;
use crate::stack::native::frame::Frame;
use crate::stack::native::rule;
use crate::stack::native::run::{self, Innermost};
use crate::stack::native::segment::Key;
use crate::stack::native::step::{Slots, step_by_words};
use crate::stack::native::trunk::{Link, Python, Trunk, Trunks};
use crate::thread::Thread;
use memprof_wire::units::StackId;

/// Native frames that are walked: with more, a trunk would have no room for their words.
const FRAMES: usize = 96;

/// What was walked last.
#[derive(Debug)]
pub(super) struct Outer {
    /// Outermost first: the first one is the one that the known trunk begins at.
    frames: Array<Frame>,
    depth: usize,
    /// Outermost first: the first one is the one outside of which all is known.
    runs: Array<Run>,
    run_count: usize,
    bounds: Bounds,
}

impl Outer {
    /// Nothing, without memory.
    pub const fn new() -> Self {
        Self {
            frames: Array::empty(),
            depth: 0,
            runs: Array::empty(),
            run_count: 0,
            bounds: Bounds::NONE,
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.frames.release();
        self.runs.release();
        *self = Self::new();
    }

    fn frames(&mut self) -> &mut [Frame] {
        self.frames.first(self.depth)
    }

    fn runs(&mut self) -> &mut [Run] {
        self.runs.first(self.run_count)
    }

    /// Walks from the caller of a run, where there is so much of Python, to the trunk that is met
    /// first. `None` if there is none near enough, or if it takes more than words to come there.
    ///
    /// # Safety
    ///
    /// The frame must be live, on the stack of the calling thread, and `python` be true.
    unsafe fn walk<L: Layout>(
        &mut self,
        trunks: &Trunks,
        marks: &Marks,
        from: Key,
        python: Python,
    ) -> Option<(Link, Python)> {
        if self.runs.capacity() < FRAMES && !self.make_room() {
            return None;
        }
        let generation = rule::generation();
        self.bounds.enter(from.sp);
        (self.depth, self.run_count) = (0, 0);
        let (mut key, mut python) = (from, python);
        // innermost first, until the trunk is found
        self.push_run(python.depth, usize::MAX);
        let link = loop {
            // SAFETY: the caller's promise: so many Python frames are in use, and the links are the
            // thread's own chain.
            let Innermost { boundary, first } = unsafe {
                python.entry = run::next::<L>(python.entry, python.state)?;
                let Python {
                    depth,
                    frames,
                    state,
                    entry,
                    ..
                } = python;
                run::innermost::<L>(state, entry, frames, depth, 0)?
            };
            loop {
                let (slots, caller) = step_by_words(&mut self.bounds, generation, key)?;
                self.push(key, slots)?;
                let is_there = boundary.is_at(key, caller);
                if !is_there && boundary.is_passed(key.sp) {
                    return None;
                }
                key = caller;
                if is_there {
                    break;
                }
            }
            self.push_run(first, self.depth - 1);
            // SAFETY: as above; all frames up to this one are live.
            unsafe {
                python = python.outside(first);
                if let Some(trunk) = trunks.find::<L>(key, python, marks) {
                    break Link::to(trunk);
                }
            }
        };
        self.push(key, Slots::only(0))?;
        let last = self.depth - 1;
        self.frames().reverse();
        self.runs().reverse();
        for run in self.runs() {
            run.native = last.wrapping_sub(run.native);
        }
        Some((link, python))
    }

    #[cold]
    fn make_room(&mut self) -> bool {
        self.frames.grow_to(FRAMES) && self.runs.grow_to(FRAMES)
    }

    fn push(&mut self, key: Key, slots: Slots) -> Option<()> {
        if self.depth >= FRAMES {
            return None;
        }
        let frame = Frame {
            ip: key.ip,
            sp: key.sp,
            bp: key.bp,
            return_slot: slots.ret,
            base_slot: slots.base,
            exact: false,
            by_base: slots.by_base,
            stack: StackId::NONE,
        };
        // SAFETY: there is room for one more.
        unsafe { self.frames.items().add(self.depth).write(frame) };
        self.depth += 1;
        Some(())
    }

    /// Adds a run that begins at the Python frame `first`, and is the native frame `native`. There are
    /// not more of them than native frames, and one.
    fn push_run(&mut self, first: usize, native: usize) {
        let run = Run {
            native,
            first,
            end: 0,
            anchor: 0,
            base: StackId::NONE,
        };
        debug_assert!(self.run_count <= self.depth);
        // SAFETY: there is room for as many as there may be frames.
        unsafe { self.runs.items().add(self.run_count).write(run) };
        self.run_count += 1;
    }
}

/// The trunk of the caller of a run, made from one further out that is known; `python` is what there
/// is outside of the run. `None` if there is none near enough.
///
/// # Safety
///
/// The frame must be live, on the stack of the calling thread, and `python` be true.
#[inline(never)]
pub(super) unsafe fn extend<L: Layout>(
    thread: &mut Thread,
    key: Key,
    python: Python,
) -> Option<*const Trunk> {
    let Stacks { native, marks, .. } = &mut thread.stacks;
    let known = &mut native.mixed.known;
    let outer = &mut known.outer;
    // SAFETY: the caller's promise.
    let (link, outside) = unsafe { outer.walk::<L>(&known.trunks, marks, key, python)? };
    // SAFETY: it was just found.
    let (serial, mut stack) = unsafe { ((*link.trunk()?).serial(), (*link.trunk()?).stack()) };
    for number in 1..outer.run_count {
        let outer = &mut thread.stacks.native.mixed.known.outer;
        let (run, inner) = (outer.runs()[number - 1], outer.runs()[number]);
        // SAFETY: so many Python frames are in use.
        let python = unsafe { python.outside(inner.first) };
        stack = match number {
            1 => known::run(thread, serial, stack, run.first, python),
            _ => (run.first..inner.first).fold(stack, |stack, index| {
                enter::python_frame(thread, index, stack)
            }),
        };
        for index in run.native + 1..inner.native {
            let ip = thread.stacks.native.mixed.known.outer.frames()[index].ip;
            stack = enter::native_frame(thread, stack, ip);
        }
    }
    let Stacks { native, marks, .. } = &mut thread.stacks;
    let known = &mut native.mixed.known;
    let (behind, innermost) = (known.outer.depth - 1, known.outer.run_count - 1);
    known.outer.frames()[behind].stack = stack;
    let whole = Whole {
        natives: known.outer.frames.first(known.outer.depth),
        runs: known.outer.runs.first(known.outer.run_count),
        python,
        is_part: true,
    };
    let cut = |run, behind, python| Cut {
        run,
        behind,
        python,
    };
    let further = Some((cut(0, 0, outside), link));
    // SAFETY: all was just walked.
    let link = unsafe {
        whole.keep_trunk::<L>(
            &mut known.trunks,
            marks,
            &cut(innermost, behind, python),
            further,
        )?
    };
    // SAFETY: it was just kept.
    unsafe { link.trunk().map(<*mut Trunk>::cast_const) }
}
