//! The native frames inside the innermost run of Python frames, and how they were reached.
//!
//! From one allocation to the next most of them stay what they were. So a walk outwards goes only up to
//! a frame of the last walk, if all words of the stack that led from there to the run's own frame
//! still hold what they held; or else up to the run's own frame, which is the one that the run's
//! anchor lies in (see [`super::anchors`]). What is further out is a [`Trunk`](super::trunk).

use super::bounds::Bounds;
use super::frame::At;
use super::rule;
use super::run::Boundary;
use super::segment::Key;
use super::step::{Slots, step_by_words};
use super::word::{Word, last_changed, load};
use crate::memory::Array;
use memprof_wire::units::StackId;

/// More frames than this are left to a walk of the whole stack.
const LIMIT: usize = 1 << 14;

/// A frame as it was when it was last seen.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub key: Key,
    /// The stack up to here.
    pub stack: StackId,
    /// How many words there are up to here.
    words: u32,
    /// Whether `rbp` decides where anything of these frames stands, here or further out.
    needs_base: bool,
    /// Where the `rbp` of the frame outside was put; 0 if it still has the value that it has here.
    base_slot: usize,
}

/// The way from a frame to the one outside.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// The words that lead there, those of the outermost frame first.
    pub words: &'a [Word],
    /// Where the `rbp` of the frame outside was put; 0 if it still has the value that it has here.
    pub base_slot: usize,
    /// Whether `rbp` decides where any of this stands.
    pub needs_base: bool,
}

/// A frame that was just reached, and what leads on from it.
#[derive(Clone, Copy, Debug)]
struct Fresh {
    key: Key,
    slots: Slots,
}

/// The frames of the last walk.
#[derive(Debug)]
pub struct Inner {
    /// Outermost first: the first one ran the Python frames.
    frames: Array<Frame>,
    depth: usize,
    /// The words that lead out, those of the outermost frame first.
    words: Array<Word>,
    fresh: Array<Fresh>,
    bounds: Bounds,
    /// The frame that called the outermost one.
    outer: Key,
}

impl Inner {
    /// No frames.
    pub const fn new() -> Self {
        Self {
            frames: Array::empty(),
            depth: 0,
            words: Array::empty(),
            fresh: Array::empty(),
            bounds: Bounds::NONE,
            outer: Key::NONE,
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.frames.release();
        self.words.release();
        self.fresh.release();
        *self = Self::new();
    }

    /// The frames of the last walk, outermost first: the first one ran the Python frames.
    #[inline(always)]
    pub fn frames(&mut self) -> &mut [Frame] {
        self.frames.first(self.depth)
    }

    /// Forgets all frames.
    pub fn forget(&mut self) {
        self.depth = 0;
    }

    /// The way from the innermost frame to the one outside; `None` without frames.
    pub fn way(&mut self) -> Option<Way<'_>> {
        let last = *self.frames().last()?;
        Some(Way {
            words: self.words.first(last.words as usize),
            base_slot: last.base_slot,
            needs_base: last.needs_base,
        })
    }

    /// The frame that called the outermost one.
    #[inline(always)]
    pub fn outer(&self) -> Key {
        self.outer
    }

    /// Walks outwards from a function that is still active to the frame at the boundary. Tells how
    /// many frames, from the outermost on, are what they were; `None` if it is not met by simple
    /// steps. All frames have to be of the present generation of the rules.
    #[inline(always)]
    pub fn walk(&mut self, from: At, boundary: Boundary) -> Option<usize> {
        let generation = rule::generation();
        let same_stack = self.bounds.enter(from.sp);
        let mut cursor = self.depth;
        // what is not finished is not kept
        self.depth = 0;
        if !same_stack {
            cursor = 0;
        }
        if from.exact {
            return None;
        }
        let mut fresh = 0;
        let mut at = from.key();
        loop {
            // SAFETY: indices below the cursor are in use.
            unsafe {
                let kept = self.frames.items();
                while cursor > 0 && (*kept.add(cursor - 1)).key.sp < at.sp {
                    cursor -= 1;
                }
                if cursor > 0 && (*kept.add(cursor - 1)).is_at(at) {
                    if boundary.is_at((*kept).key, self.outer) && self.leads_out(cursor) {
                        self.outer.bp = match (*kept.add(cursor - 1)).base_slot {
                            0 => at.bp,
                            slot => load(slot),
                        };
                        return self.splice(cursor, fresh);
                    }
                    cursor = 0;
                }
            }
            let (slots, caller) = step_by_words(&mut self.bounds, generation, at)?;
            if !self.push(fresh, at, slots) {
                return None;
            }
            fresh += 1;
            if boundary.is_at(at, caller) {
                self.outer = caller;
                return self.splice(0, fresh);
            }
            if boundary.is_passed(at.sp) {
                return None;
            }
            at = caller;
        }
    }

    /// Whether the words from a frame outwards hold what they held; `count` frames end with it.
    ///
    /// # Safety
    ///
    /// It must be in use, and live.
    #[inline(always)]
    unsafe fn leads_out(&self, count: usize) -> bool {
        // SAFETY: so many words are in use. Each is part of a frame that is live if those behind
        // it, further in, hold; the last ones belong to the frame of the caller's promise.
        unsafe {
            let words = (*self.frames.items().add(count - 1)).words as usize;
            last_changed(core::slice::from_raw_parts(self.words.items(), words)).is_none()
        }
    }

    #[inline(always)]
    fn push(&mut self, count: usize, key: Key, slots: Slots) -> bool {
        if count >= self.fresh.capacity()
            && (count >= LIMIT || !self.fresh.grow_to((count * 2).max(64)))
        {
            return false;
        }
        // SAFETY: there is room for one more.
        unsafe { self.fresh.items().add(count).write(Fresh { key, slots }) };
        true
    }

    /// Makes room for so many frames, and two words for each. False without memory.
    #[cold]
    fn make_room(&mut self, depth: usize) -> bool {
        let depth = depth.max(64);
        self.frames.grow_to(depth) && self.words.grow_to(depth * 2)
    }

    /// Puts the new frames onto the first `kept` of the old ones.
    #[inline(always)]
    fn splice(&mut self, kept: usize, fresh: usize) -> Option<usize> {
        let depth = kept + fresh;
        let room = self.frames.capacity().min(self.words.capacity() / 2);
        if depth > room && !self.make_room(depth * 2) {
            return None;
        }
        // SAFETY: there is room for all frames, and two words for each.
        unsafe {
            let (mut caller, mut needs_base) = (self.outer, false);
            let (mut base_slot, mut count) = (0, 0);
            if kept > 0 {
                let last = *self.frames.items().add(kept - 1);
                (caller, needs_base) = (last.key, last.needs_base);
                (base_slot, count) = (last.base_slot, last.words);
            }
            for index in 0..fresh {
                let Fresh { key, slots } = *self.fresh.items().add(fresh - 1 - index);
                let mut add = |slot, value| {
                    self.words
                        .items()
                        .add(count as usize)
                        .write(Word { slot, value });
                    count += 1;
                };
                add(slots.ret, caller.ip);
                if slots.base != 0 && needs_base {
                    add(slots.base, caller.bp);
                }
                needs_base = slots.by_base || slots.base == 0 && needs_base;
                if base_slot == 0 {
                    base_slot = slots.base;
                }
                caller = key;
                self.frames.items().add(kept + index).write(Frame {
                    key,
                    stack: StackId::NONE,
                    words: count,
                    needs_base,
                    base_slot,
                });
            }
        }
        self.depth = depth;
        Some(kept)
    }
}

impl Frame {
    #[inline(always)]
    fn is_at(&self, key: Key) -> bool {
        let different = self.key.sp ^ key.sp | self.key.ip ^ key.ip;
        different == 0 && (!self.needs_base || self.key.bp == key.bp)
    }
}
