//! Marks on deep frames of CPython 3.9 and 3.10: while one is there, nothing below has changed.
//!
//! Up to 3.10 frames are objects here and there in memory, and nothing tells that one of them has
//! returned. Comparing all of them at every allocation makes a recursion of 100,000 calls take
//! minutes. But each call sets its frame up anew, and with it the byte `f_trace_lines`, to 1. Of
//! every thirty-second frame beyond the ninety-sixth another bit of this byte is set here: it is
//! gone when the call has returned and the frame is used again. The interpreter only ever asks
//! whether the byte is zero, and whoever sets it from Python drops the mark, which costs a longer
//! comparison and nothing else.
//!
//! A frame that runs has a caller that waits, and so has that one: a mark stands for all frames
//! below. Not so the frame of a generator, which goes on under another caller without being set
//! up; these are never marked.

use crate::python::layout::Layout;

/// Frames nearer to the outer end are never written to: most programs have no others.
const FROM: usize = 96;
/// A mark for so many frames.
const EVERY: usize = 32;

/// What the interpreter sets, and what it is with a mark.
const PLAIN: u8 = 1;
const MARKED: u8 = 0x81;

/// Whether the frame at an index may have a mark.
#[inline(always)]
pub(super) const fn may_be_at<L: Layout>(index: usize) -> bool {
    L::FRAME_TRACE_LINES != 0 && index.is_multiple_of(EVERY) && index >= FROM
}

/// Whether a frame has one.
///
/// # Safety
///
/// `frame` must be a live frame.
#[inline(always)]
pub(super) unsafe fn is_on<L: Layout>(frame: usize) -> bool {
    // SAFETY: a byte of every frame.
    unsafe { ((frame + L::FRAME_TRACE_LINES) as *const u8).read_volatile() == MARKED }
}

/// Puts one on a frame, where that is possible.
///
/// # Safety
///
/// `frame` must be a live frame of the calling thread, which stands still meanwhile.
#[cold]
pub(super) unsafe fn put_on<L: Layout>(frame: usize) {
    // SAFETY: a byte and a pointer of every frame; nobody but this thread sets them while it runs.
    unsafe {
        let byte = (frame + L::FRAME_TRACE_LINES) as *mut u8;
        let generator = ((frame + L::FRAME_GENERATOR) as *const usize).read();
        if generator == 0 && byte.read_volatile() == PLAIN {
            byte.write_volatile(MARKED);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_on, may_be_at, put_on};
    use crate::python::layout::{Layout, V39, V310, V311};

    fn frame<L: Layout>(generator: u8, trace_lines: u8) -> [u64; 64] {
        let mut words = [0u64; 64];
        words[L::FRAME_GENERATOR / 8] = u64::from(generator);
        words[L::FRAME_TRACE_LINES / 8] |= u64::from(trace_lines) << (L::FRAME_TRACE_LINES % 8 * 8);
        words
    }

    fn marked<L: Layout>(generator: u8, trace_lines: u8) -> bool {
        let mut words = frame::<L>(generator, trace_lines);
        // SAFETY: longer than the fields of a frame that are looked at.
        unsafe {
            put_on::<L>(words.as_mut_ptr().expose_provenance());
            is_on::<L>(words.as_ptr().expose_provenance())
        }
    }

    #[test]
    fn frames_of_calls_are_marked_and_those_of_generators_are_not() {
        assert!(marked::<V39>(0, 1) && marked::<V310>(0, 1));
        assert!(!marked::<V39>(7, 1) && !marked::<V310>(7, 1));
        // somebody has set the attribute from Python
        assert!(!marked::<V39>(0, 0) && !marked::<V310>(0, 0));
    }

    #[test]
    fn ordinary_stacks_are_left_alone() {
        assert!(!may_be_at::<V39>(0) && !may_be_at::<V39>(64) && !may_be_at::<V39>(97));
        assert!(may_be_at::<V39>(96) && may_be_at::<V310>(128));
        assert!(!may_be_at::<V311>(96));
    }
}
