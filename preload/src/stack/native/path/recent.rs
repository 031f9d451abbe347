//! The path that was found last, as one list of words from the outermost frame inwards.
//!
//! From one allocation to the next a program leaves a few functions and enters a few others; all
//! that is further out is as it was. So a new path is followed segment by segment only until it
//! comes to a frame of the last one. If the words from there outwards hold what they held, so are
//! the callers what they were, and the stack that they make is at hand.

use crate::memory::Array;
use crate::stack::native::segment::{End, Key, Segment};
use crate::stack::native::word::{Word, last_changed};
use memprof_wire::units::StackId;

/// Segments that are kept of a path.
const STEPS: usize = 512;
/// Words that are kept of a path: 32 KiB, touched as far as they are needed.
const WORDS: usize = 2048;

/// Where a segment begins.
#[derive(Clone, Copy, Debug)]
struct Step {
    key: Key,
    /// The stack from here outwards.
    stack: StackId,
    /// How many words there are up to here.
    words: u32,
    /// Whether `rbp` decides where anything stands that is further out, and is not among the words.
    needs_base: bool,
}

/// The segments of the last path, the outermost one first.
#[derive(Debug)]
pub struct Recent {
    steps: Array<Step>,
    depth: usize,
    words: Array<Word>,
}

impl Recent {
    /// No path, and no memory.
    pub const fn new() -> Self {
        Self {
            steps: Array::empty(),
            depth: 0,
            words: Array::empty(),
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.steps.release();
        self.words.release();
        self.depth = 0;
    }

    /// Makes room. False without memory.
    pub fn begin(&mut self) -> bool {
        self.steps.reserve(STEPS) && self.words.reserve(WORDS)
    }

    #[inline(always)]
    fn step(&self, index: usize) -> &Step {
        debug_assert!(index < self.depth);
        // SAFETY: so many steps are in use.
        unsafe { &*self.steps.items().add(index) }
    }

    /// The stack of this frame and all its callers, if it is on the path and they are what they
    /// were. Forgets what is further in, and what is not as it was.
    ///
    /// # Safety
    ///
    /// The frame must be live, on the stack of the calling thread.
    #[inline(always)]
    pub unsafe fn find(&mut self, key: Key) -> Option<StackId> {
        while self.depth > 0 && self.step(self.depth - 1).key.sp < key.sp {
            self.depth -= 1;
        }
        let step = *self.step(self.depth.checked_sub(1)?);
        let different = step.key.sp ^ key.sp | step.key.ip ^ key.ip;
        if different != 0 || step.needs_base && step.key.bp != key.bp {
            return None;
        }
        // SAFETY: so many words are in use. Each is part of a frame that is live if those behind
        // it, further in, hold; the last ones belong to the frame of the caller's promise.
        let changed = unsafe {
            let words = core::slice::from_raw_parts(self.words.items(), step.words as usize);
            last_changed(words)
        };
        match changed {
            None => Some(step.stack),
            Some(word) => {
                self.forget_from(word);
                None
            }
        }
    }

    /// Forgets the step that this word belongs to, and all that are further in.
    #[cold]
    fn forget_from(&mut self, word: usize) {
        while self.depth > 0 && self.step(self.depth - 1).words as usize > word {
            self.depth -= 1;
        }
    }

    /// Adds a segment that was found to hold, further in than all others. False without room.
    ///
    /// # Safety
    ///
    /// It must begin at this frame, which must be live, and what is further out be the path that
    /// this has.
    #[inline(always)]
    pub unsafe fn push(&mut self, segment: &Segment, key: Key, stack: StackId) -> bool {
        let is_first = segment.end == End::Outermost;
        if is_first {
            self.depth = 0;
        }
        let (mut words, mut needs_base) = (0, false);
        if !is_first {
            let outer = self.step(self.depth - 1);
            (words, needs_base) = (outer.words as usize, outer.needs_base);
        }
        let own = segment.words();
        if self.depth >= STEPS || words + own.len() + 2 > WORDS {
            return false;
        }
        // SAFETY: there is room for these. The slots are part of the segment's outermost frame.
        unsafe {
            let items = self.words.items();
            let mut add = |word: Word| {
                items.add(words).write(word);
                words += 1;
            };
            if let (true, Some(slot)) = (needs_base, segment.base_slot()) {
                add(Word::at(slot));
                needs_base = false;
            }
            if let (false, Some(slot)) = (is_first, segment.branch_slot()) {
                add(Word::at(slot));
            }
            for word in own.iter().rev() {
                add(*word);
            }
            self.steps.items().add(self.depth).write(Step {
                key,
                stack,
                words: words as u32,
                needs_base: needs_base || segment.needs_base(),
            });
        }
        self.depth += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;
    use crate::stack::native::frame::Frame;
    use crate::stack::native::segment::{End, Segment};
    use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use memprof_wire::units::StackId;

    /// What is outside of all frames.
    const OUTSIDE: Frame = Frame {
        ip: 0,
        sp: 0,
        bp: 0,
        return_slot: 0,
        base_slot: 0,
        exact: false,
        by_base: false,
        stack: StackId::NONE,
    };

    fn slot(word: &AtomicUsize) -> usize {
        word.as_ptr().addr()
    }

    fn push(recent: &mut Recent, frames: &[Frame], end: End, stack: StackId) {
        let segment = Segment::of(frames, frames.len() - 1, end, false).expect("words");
        // SAFETY: the words that the frames name are there.
        assert!(unsafe { recent.push(&segment, segment.key(), stack) });
    }

    /// The stack at a frame whose `rbp` is this.
    fn find(recent: &mut Recent, frame: Frame, bp: usize) -> Option<StackId> {
        // SAFETY: as above.
        unsafe { recent.find(Frame { bp, ..frame }.key()) }
    }

    #[test]
    fn a_frame_is_another_one_where_its_base_decides_and_was_another() {
        // from the inner frame outwards: its base and return address, and the outer one's
        let words = [0, 0x50, 0x1000, 0, 0, 0].map(AtomicUsize::new);
        let [inner_start, saved_base, caller, outer_start, no_caller, end] = &words;
        let outside = Frame {
            sp: slot(end),
            ..OUTSIDE
        };
        let outer = Frame {
            ip: 0x1000,
            sp: slot(outer_start),
            bp: 0x50,
            return_slot: slot(no_caller),
            by_base: true,
            ..OUTSIDE
        };
        let inner = Frame {
            ip: 0x2000,
            sp: slot(inner_start),
            bp: 0x60,
            return_slot: slot(caller),
            base_slot: slot(saved_base),
            ..OUTSIDE
        };
        let path = [outside, outer, inner];
        let known = |recent: &mut Recent| {
            recent.clear();
            assert!(recent.begin());
            push(recent, &path[..2], End::Outermost, StackId(1));
            push(recent, &path, End::Frames, StackId(2));
        };
        let mut recent = Recent::new();

        known(&mut recent);
        assert_eq!(find(&mut recent, outer, 0x50), Some(StackId(1)));
        assert_eq!(find(&mut recent, outer, 0x51), None);

        // the inner one has put the outer one's base onto the stack, and any of its own will do
        known(&mut recent);
        assert_eq!(find(&mut recent, inner, 0x61), Some(StackId(2)));
        saved_base.store(0x51, Relaxed);
        assert_eq!(find(&mut recent, inner, 0x60), None);
        // what is further out stands by itself
        assert_eq!(find(&mut recent, outer, 0x50), Some(StackId(1)));

        // one that has not leaves the outer one's base where it was
        saved_base.store(0x50, Relaxed);
        recent.clear();
        assert!(recent.begin());
        let passing = Frame {
            base_slot: 0,
            bp: 0x50,
            ..inner
        };
        push(&mut recent, &path[..2], End::Outermost, StackId(1));
        push(
            &mut recent,
            &[outside, outer, passing],
            End::Frames,
            StackId(2),
        );
        assert_eq!(find(&mut recent, passing, 0x50), Some(StackId(2)));
        assert_eq!(find(&mut recent, passing, 0x51), None);
        recent.clear();
    }
}
