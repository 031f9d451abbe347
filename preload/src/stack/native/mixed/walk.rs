//! The walk of all native frames, and what is learned from it of code that the interpreter made.

use super::Run;
use crate::python::layout::Layout;
use crate::stack::native::frame::{At, Frame};
use crate::stack::native::trunk::Python;
use crate::stack::native::{self, generated};
use crate::thread::Thread;

/// Instructions of code that the interpreter made which are learned of in one walk.
const LESSONS: usize = 1024;

/// Walks; returns how many frames are what they were. Where the walk ends in code that the interpreter
/// made, it is learned how it goes on.
#[inline(always)]
pub(super) fn walk<L: Layout>(thread: &mut Thread, at: At, python: Python) -> usize {
    let mut unchanged = native::walk(thread, at);
    for _ in 0..LESSONS {
        let walk = &mut thread.stacks.native.walk;
        if walk.is_complete() {
            break;
        }
        let [_, last, inner @ ..] = walk.frames() else {
            break;
        };
        // SAFETY: the frames were just walked and captured.
        let learned =
            unsafe { generated::learn::<L>(last, inner.first(), python.frames, python.depth) };
        if !learned {
            break;
        }
        walk.forget();
        unchanged = native::walk(thread, at);
    }
    unchanged
}

/// Learns from a run that was found in these frames where the evaluation function's caller is.
pub(super) fn measure<L: Layout>(natives: &[Frame], run: Run) {
    if let Some(outside) = run.native.checked_sub(1) {
        generated::measure::<L>(&natives[run.native], &natives[outside], run.anchor);
    }
}
