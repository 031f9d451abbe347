//! Whether the frames of this thread are those of the last capture.

use super::{Frame, instruction_of};
use crate::python::layout::Layout;
use crate::python::load;
use crate::stack::Stacks;
use crate::stack::marks::{self, Marks};

/// Frames that are compared in one go.
const STRIDE: usize = 4;

/// What comparing the kept frames with the live ones showed.
pub(super) enum Comparison {
    /// All are linked as before; from this index on the instructions differ.
    Linked(usize),
    /// The frame at this index has another caller than before.
    Relinked(usize),
}

/// Whether a live frame is at the instruction at which it was kept.
///
/// # Safety
///
/// `frame` must be in use, and `address` the live frame that it was.
#[inline(always)]
pub(super) unsafe fn is_unchanged<L: Layout>(frame: *const Frame, address: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        instruction_of::<L>(address) == (*frame).instruction
            && (L::INSTRUCTION_IS_POINTER || load(address, L::FRAME_CODE) == (*frame).code)
    }
}

/// Whether all frames below index `top`, down to `floor`, are linked and at the instructions at
/// which they were kept: the common case, and nothing but that.
///
/// # Safety
///
/// As for [`compare`].
#[inline(always)]
pub(super) unsafe fn callers_unchanged_to<L: Layout>(
    frames: *const Frame,
    top: usize,
    floor: usize,
) -> bool {
    // SAFETY: as in `compare`.
    unsafe {
        let end = frames.add(floor);
        let mut frame = frames.add(top);
        let mut index = top;
        let mut address = (&raw const (*frame).address).read_volatile();
        // without marks several in one go, as the loop itself takes as long as a frame does
        while L::FRAME_TRACE_LINES == 0 && frame.offset_from_unsigned(end) >= STRIDE {
            for _ in 0..STRIDE {
                frame = frame.sub(1);
                let caller = (&raw const (*frame).address).read_volatile();
                if load(address, L::FRAME_PREVIOUS) != caller || !is_unchanged::<L>(frame, caller) {
                    return false;
                }
                address = caller;
            }
        }
        while frame != end {
            frame = frame.sub(1);
            let caller = (&raw const (*frame).address).read_volatile();
            if load(address, L::FRAME_PREVIOUS) != caller || !is_unchanged::<L>(frame, caller) {
                return false;
            }
            address = caller;
            index -= 1;
            if marks::may_be_at::<L>(index) && marks::is_on::<L>(address) {
                return true;
            }
        }
        floor != 0 || load(address, L::FRAME_PREVIOUS) == 0
    }
}

/// Compares the kept frames from index `top` down to `floor` with the live ones.
///
/// # Safety
///
/// The frame at `top` must be live; that of each lower index is, if the link above it is as before.
#[inline(always)]
pub(super) unsafe fn compare<L: Layout>(
    frames: *const Frame,
    marks: &mut Marks,
    top: usize,
    floor: usize,
) -> Comparison {
    let mut lowest = top + 1;
    let mut index = top;
    // SAFETY: indices from 0 to `top` are in use. A frame is only read once the link to it was
    // found to be the live one. Its address comes from the array, so that the processor need not
    // wait for the link before it looks at the next frame.
    unsafe {
        loop {
            let frame = frames.add(index);
            let address = (&raw const (*frame).address).read_volatile();
            if marks::may_be_at::<L>(index) {
                if marks::is_on::<L>(address) {
                    if !is_unchanged::<L>(frame, address) {
                        lowest = index;
                    }
                    return Comparison::Linked(lowest);
                }
                // used again since; what is wrong below will be put right before this counts
                marks.put_on::<L>(index, address);
            }
            let caller = if index == 0 {
                0
            } else {
                (&raw const (*frame.sub(1)).address).read_volatile()
            };
            if load(address, L::FRAME_PREVIOUS) != caller {
                return Comparison::Relinked(index);
            }
            if !is_unchanged::<L>(frame, address) {
                lowest = index;
            }
            if index == floor {
                return Comparison::Linked(lowest);
            }
            index -= 1;
        }
    }
}

impl Stacks {
    /// The index below which nothing has changed for as long as the chunk is the same.
    #[inline(always)]
    pub(super) fn floor(&self, chunk: usize, top: usize) -> usize {
        if chunk != 0 && chunk == self.chunk && self.chunk_frame <= top {
            self.chunk_frame
        } else {
            0
        }
    }
}
