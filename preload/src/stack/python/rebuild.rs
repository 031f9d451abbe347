//! Where the live frames leave the kept ones, and the stack from there on.

use super::Frame;
use super::compare::{Comparison, compare};
use super::resolve::resolve;
use crate::python::layout::Layout;
use crate::python::load;
use crate::stack::{Stacks, marks};
use crate::thread::Thread;
use memprof_wire::event::{Event, Note};
use memprof_wire::units::StackId;

/// Frames beyond this depth are cut at the outer end.
const DEPTH_LIMIT: usize = 1 << 20;

/// How many of the last frames are searched for a live one at each step outwards.
const WINDOW: usize = 8;

/// Finds out where the live frames leave the kept ones, and looks the rest up.
///
/// # Safety
///
/// `top` must be the innermost live frame of this thread, or 0.
#[inline(never)]
pub(super) unsafe fn rebuild<L: Layout>(thread: &mut Thread, top: usize, chunk: usize) -> StackId {
    thread.stacks.catch_up();
    let mut frame = top;
    let mut cursor = thread.stacks.depth;
    let mut fresh = 0;
    let mut kept = 0;
    let mut lowest = 0;
    while frame != 0 {
        let stacks = &mut thread.stacks;
        let Some(index) = stacks.find(frame, cursor, fresh) else {
            if !stacks.push_fresh(&mut fresh, frame) {
                thread.event(&Event::Note(Note::StacksCut));
                break;
            }
            // SAFETY: the frame is live, being linked from the innermost one.
            frame = unsafe { load(frame, L::FRAME_PREVIOUS) };
            continue;
        };
        let floor = stacks.floor(chunk, index);
        let frames = stacks.frames.items();
        // SAFETY: the frame at `index` is `frame`, which is live.
        match unsafe { compare::<L>(frames, &mut stacks.marks, index, floor) } {
            Comparison::Linked(changed) => {
                kept = index + 1;
                lowest = changed;
                break;
            }
            Comparison::Relinked(other) => {
                let mut room = true;
                for kept in (other..=index).rev() {
                    // SAFETY: indices up to the depth are in use.
                    let address = unsafe { (*frames.add(kept)).address };
                    room &= stacks.push_fresh(&mut fresh, address);
                }
                if !room {
                    thread.event(&Event::Note(Note::StacksCut));
                    break;
                }
                // SAFETY: the links down to this frame were found to be live.
                frame = unsafe { load((*frames.add(other)).address, L::FRAME_PREVIOUS) };
                cursor = other;
            }
        }
    }
    let depth = kept + fresh;
    if depth > thread.stacks.frames.capacity()
        && !thread.stacks.frames.grow_to((depth * 2).max(128))
    {
        thread.stacks.depth = 0;
        return StackId::NONE;
    }
    // indices below the lowest change hold what they held; those above are looked up in order
    thread.stacks.depth = lowest.min(kept);
    let mut stack = StackId::NONE;
    if lowest >= kept && kept > 0 {
        // SAFETY: `kept` frames are in use.
        stack = unsafe { (*thread.stacks.frames.items().add(kept - 1)).stack };
        thread.stacks.depth = kept;
    }
    for index in lowest.min(kept)..depth {
        // SAFETY: kept frames and fresh ones are live; there is room for `depth` of them.
        unsafe {
            let address = if index < kept {
                (*thread.stacks.frames.items().add(index)).address
            } else {
                *thread.stacks.fresh.items().add(depth - 1 - index)
            };
            let slot = thread.stacks.frames.items().add(index);
            if index >= kept {
                slot.write(Frame {
                    address,
                    instruction: 0,
                    code: 0,
                    stack: StackId::NONE,
                    padding: 0,
                });
                if marks::may_be_at::<L>(index) {
                    thread.stacks.marks.put_on::<L>(index, address);
                }
            }
            stack = resolve::<L>(thread, index, address);
        }
    }
    thread.stacks.depth = depth;
    thread.stacks.note_chunk(chunk, L::CHUNK_DATA, kept);
    stack
}

impl Stacks {
    /// The index of a live frame among the kept ones below `cursor`. Most are found within a few
    /// steps; the whole array is searched now and then, so that a long way back is found too.
    fn find(&self, frame: usize, cursor: usize, fresh: usize) -> Option<usize> {
        let everything = matches!(fresh, 2 | 8 | 32 | 128 | 512 | 2048 | 8192);
        let lowest = if everything {
            0
        } else {
            cursor.saturating_sub(WINDOW)
        };
        let frames = self.frames.items();
        // SAFETY: indices below the cursor are in use.
        (lowest..cursor)
            .rev()
            .find(|&index| unsafe { (*frames.add(index)).address } == frame)
    }

    /// Notes a frame that is not kept yet. False when there are too many.
    fn push_fresh(&mut self, fresh: &mut usize, frame: usize) -> bool {
        if *fresh >= DEPTH_LIMIT {
            return false;
        }
        if *fresh >= self.fresh.capacity() && !self.fresh.grow_to((*fresh * 2).max(512)) {
            return false;
        }
        // SAFETY: there is room for one more.
        unsafe { self.fresh.items().add(*fresh).write(frame) };
        *fresh += 1;
        true
    }

    /// Remembers which frame is the first of the present chunk.
    fn note_chunk(&mut self, chunk: usize, data: usize, kept: usize) {
        if chunk != 0 && chunk == self.chunk && kept > self.chunk_frame {
            return;
        }
        self.marks.note_chunk(0);
        if chunk == 0 {
            return;
        }
        let frames = self.frames.items();
        let first = chunk + data;
        // SAFETY: indices below the depth are in use.
        let found = (0..self.depth)
            .rev()
            .find(|&index| unsafe { (*frames.add(index)).address } == first);
        self.chunk = chunk;
        self.chunk_frame = found.unwrap_or(0);
        self.marks.note_chunk(self.chunk_frame);
    }
}
