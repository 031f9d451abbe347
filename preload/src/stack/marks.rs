//! Marks on deep frames of CPython 3.9 and 3.10: while one is there, nothing below has changed.
//!
//! Up to 3.10 frames are objects here and there in memory, and nothing tells that one of them has
//! returned. Comparing all of them at every allocation makes a recursion of 100,000 calls take
//! minutes. But each call sets its frame up anew, and with it the byte `f_trace_lines`, to 1. Of
//! every sixteenth frame from the thirty-second on another bit of this byte is set here: it is
//! gone when the call has returned and the frame is used again. The interpreter only ever asks
//! whether the byte is zero, and whoever sets it from Python drops the mark, which costs a longer
//! comparison and nothing else.
//!
//! A frame that runs has a caller that waits, and so has that one: a mark stands for all frames
//! below. Not so the frame of a generator, which goes on under another caller without being set
//! up; these are never marked.

use crate::python::layout::Layout;

/// Frames nearer to the outer end are never written to: small programs have no others.
const FROM: usize = 32;
/// A mark for so many frames.
const EVERY: usize = 16;

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

/// Indices that are told apart by [`Marks`], of those that may have one.
const PLACES: usize = 64;

/// A count of marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Count(u64);

/// When a thread put marks on, and came to the present chunk of the interpreter's data stack, which
/// is a mark as well, where there are chunks.
#[derive(Debug)]
pub(super) struct Marks {
    /// How many there were so far.
    count: Count,
    /// The index of the frame at the front of the chunk, and how many marks there were with it.
    chunk: (usize, Count),
    /// And how many when the last one was put on at an index.
    last: [Count; PLACES],
}

impl Marks {
    /// None so far.
    pub(super) const fn new() -> Self {
        Self {
            count: Count(0),
            chunk: (0, Count(0)),
            last: [Count(0); PLACES],
        }
    }

    /// How many were put on so far.
    pub(super) fn count(&self) -> Count {
        self.count
    }

    /// Whether nothing further out than a live frame, which is at this index, has changed since there
    /// were so many marks.
    ///
    /// # Safety
    ///
    /// `frame` must be a live frame of this thread, as it was then.
    #[inline(always)]
    pub(super) unsafe fn are_older<L: Layout>(
        &self,
        index: usize,
        frame: usize,
        than: Count,
    ) -> bool {
        let last = match L::FRAME_TRACE_LINES {
            0 => self.chunk.1,
            _ => self.last[index / EVERY % PLACES],
        };
        // SAFETY: the caller's promise.
        let is_on = || L::FRAME_TRACE_LINES == 0 || unsafe { is_on::<L>(frame) };
        self.may_tell::<L>(index) && last <= than && is_on()
    }

    /// Whether anything may be known of what is further out than the frame at an index.
    #[inline(always)]
    pub(super) fn may_tell<L: Layout>(&self, index: usize) -> bool {
        may_be_at::<L>(index) || index > 0 && index <= self.chunk.0
    }

    /// The frame at this index is now the one at the front of the present chunk; 0 if there is none.
    pub(super) fn note_chunk(&mut self, index: usize) {
        self.count.0 += 1;
        self.chunk = (index, self.count);
    }

    /// Puts one on the frame at an index, where that is possible.
    ///
    /// # Safety
    ///
    /// `frame` must be a live frame of the calling thread, which stands still meanwhile.
    #[cold]
    pub(super) unsafe fn put_on<L: Layout>(&mut self, index: usize, frame: usize) {
        // SAFETY: a byte and a pointer of every frame; nobody but this thread sets them while it runs.
        unsafe {
            let byte = (frame + L::FRAME_TRACE_LINES) as *mut u8;
            let generator = ((frame + L::FRAME_GENERATOR) as *const usize).read();
            if generator == 0 && byte.read_volatile() == PLAIN {
                byte.write_volatile(MARKED);
                self.count.0 += 1;
                self.last[index / EVERY % PLACES] = self.count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, EVERY, MARKED, Marks, PLACES, PLAIN, is_on, may_be_at};
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
            let frame = words.as_mut_ptr().expose_provenance();
            Marks::new().put_on::<L>(EVERY, frame);
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

    /// Whether marks at two indices are there since `count`; the live frames have them.
    fn are_older(marks: &Marks, count: Count, indices: [usize; 2]) -> [bool; 2] {
        let words = frame::<V310>(0, MARKED);
        let live = words.as_ptr().expose_provenance();
        // SAFETY: longer than the fields of a frame that are looked at.
        indices.map(|index| unsafe { marks.are_older::<V310>(index, live, count) })
    }

    #[test]
    fn a_mark_that_is_put_on_is_newer_than_what_was_before() {
        let mut marks = Marks::new();
        let (before, both) = (marks.count(), [4 * EVERY, 5 * EVERY]);
        let mut put = |index, trace_lines| {
            let mut words = frame::<V310>(0, trace_lines);
            // SAFETY: longer than the fields of a frame that are looked at.
            unsafe { marks.put_on::<V310>(index, words.as_mut_ptr().expose_provenance()) };
            are_older(&marks, before, both)
        };
        assert_eq!(put(both[0], MARKED), [true, true], "it had one");
        assert_eq!(put(both[1], PLAIN), [true, false]);
        assert_eq!(put(both[0] + PLACES * EVERY, PLAIN), [false, false]);
        assert_eq!(are_older(&marks, marks.count(), both), [true, true]);
    }

    #[test]
    fn a_chunk_tells_of_what_is_further_out_than_its_first_frame() {
        let mut marks = Marks::new();
        // SAFETY: no frame is read where there are chunks.
        let older =
            |marks: &Marks, index, count| unsafe { marks.are_older::<V311>(index, 0, count) };
        let before = marks.count();
        assert!(!older(&marks, 7, before), "there is none");
        marks.note_chunk(7);
        let then = marks.count();
        assert!(!older(&marks, 7, before));
        assert!(older(&marks, 7, then) && !older(&marks, 8, then));
        marks.note_chunk(7);
        assert!(!older(&marks, 7, then), "it is another one");
    }

    #[test]
    fn ordinary_stacks_are_left_alone() {
        assert!(!may_be_at::<V39>(0) && !may_be_at::<V39>(16) && !may_be_at::<V39>(33));
        assert!(may_be_at::<V39>(32) && may_be_at::<V310>(48));
        assert!(!may_be_at::<V311>(96));
    }
}
