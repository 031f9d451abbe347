//! A first look at the live frames: whether all callers are as they were.

use super::compare::callers_unchanged_to;
use crate::python::layout::Layout;
use crate::python::{self, load};
use crate::stack::Stacks;

/// How the live frames compare with the kept ones, at a first look.
pub(super) struct Look {
    /// The innermost live frame.
    pub(super) top: usize,
    /// The present chunk, where chunks tell anything.
    pub(super) chunk: usize,
    /// Whether it is the innermost one of those kept, and all its callers are as they were.
    pub(super) callers_unchanged: bool,
}

/// # Safety
///
/// `state` must be this thread's own, or its lock be held: then its frames stand still.
#[inline(always)]
pub(super) unsafe fn look<L: Layout>(stacks: &Stacks, state: usize) -> Look {
    // SAFETY: the caller's promise.
    unsafe {
        let mut top = load(state, L::THREAD_FRAME);
        if let Some(offset) = L::CFRAME_FRAME {
            top = load(top, offset);
        }
        let chunk = if L::THREAD_CHUNK == 0 || python::keeps_chunks::<L>() {
            0
        } else {
            load(state, L::THREAD_CHUNK)
        };
        let depth = stacks.depth;
        let mut callers_unchanged = false;
        if depth > 0 && stacks.forgotten == python::CODES.forgotten() {
            let frames = stacks.frames.items();
            let last = frames.add(depth - 1);
            if (*last).address == top && stacks.chunk == chunk {
                let floor = stacks.floor(chunk, depth - 1);
                callers_unchanged = callers_unchanged_to::<L>(frames, depth - 1, floor);
            }
        }
        Look {
            top,
            chunk,
            callers_unchanged,
        }
    }
}
