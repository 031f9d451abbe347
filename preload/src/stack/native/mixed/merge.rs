//! The native frames of a walk and the Python frames among them, put together as far as they are new.

use super::{Mixed, Run, Seen};
use crate::python::layout::Layout;
use crate::stack::native::{self, enter, frame};
use crate::thread::Thread;
use core::marker::PhantomData;
use memprof_wire::units::StackId;

/// A merge at work.
pub(super) struct Merge<'a, L> {
    pub(super) thread: &'a mut Thread,
    pub(super) python_depth: usize,
    pub(super) layout: PhantomData<L>,
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

    /// The stack of all; `unchanged` native frames are what they were.
    #[inline(always)]
    pub(super) fn all(mut self, unchanged: usize) -> StackId {
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
                stack = native::enter(self.thread, frame, stack);
            }
            frame += 1;
        }
        if index < self.python_depth {
            // frames that no native frame runs: nothing of this can be relied upon next time
            while index < self.python_depth {
                stack = self.enter(index, stack);
                index += 1;
            }
            self.mixed().run_count = 0;
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
            let stack = native::Native::outside(self.thread);
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
