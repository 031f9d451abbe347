//! The frames of a thread's native stack, walked only as far as they are new.
//!
//! The frames of the last walk are kept, each with the two stack slots that led from it to its
//! caller. A walk that comes to a frame which is among them, with the same registers, looks whether
//! all slots further out still hold what they held: if so, walking on would find the very same
//! frames, and they are taken as they are. Where a slot differs, the walk goes on from there. So
//! exceptions, `longjmp` and coroutines cost a longer walk and nothing else.

use super::bounds::Bounds;
use super::frame::{At, CERTAIN, Frame, UNCERTAIN, copy};
use super::registers::Registers;
use super::rows::Rows;
use super::rule;
use super::step::{Slots, Step, step};
use super::word::load;
use crate::memory::Array;

/// Frames beyond this depth are cut at the outer end.
const DEPTH_LIMIT: usize = 1 << 16;

/// How a walk went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    /// So many frames, from the outermost on, are what they were.
    pub unchanged: usize,
    /// Frames beyond the limit were left out.
    pub too_deep: bool,
}

/// The frames of the last walk.
#[derive(Debug)]
pub struct Walk {
    /// Outermost first; the first stands for what is outside of all.
    frames: Array<Frame>,
    depth: usize,
    /// New frames, innermost first.
    fresh: Array<Frame>,
    bounds: Bounds,
    generation: usize,
    /// Whether the outermost frame was reached.
    complete: bool,
}

impl Walk {
    /// No frames yet.
    pub const fn new() -> Self {
        Self {
            frames: Array::empty(),
            depth: 0,
            fresh: Array::empty(),
            bounds: Bounds::NONE,
            generation: 0,
            complete: true,
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.frames.release();
        self.fresh.release();
        *self = Self::new();
    }

    /// The frames of the last walk, outermost first; the first stands for what is outside of all.
    #[inline(always)]
    pub fn frames(&mut self) -> &mut [Frame] {
        self.frames.first(self.depth)
    }

    /// Whether the last walk came to the outermost frame, rather than to one that nobody can tell
    /// the caller of.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Makes the next walk find all frames anew.
    pub fn forget(&mut self) {
        self.depth = 0;
    }

    /// Walks outwards from a function that is still active.
    #[inline(always)]
    pub fn walk(&mut self, from: At) -> Walked {
        let generation = rule::generation();
        let same_stack = self.bounds.enter(from.sp);
        if !same_stack || generation != self.generation {
            self.generation = generation;
            self.depth = 0;
        }
        let mut cursor = self.depth;
        let mut fresh = 0;
        let mut at = from;
        let complete = loop {
            // SAFETY: indices below the cursor are in use.
            unsafe {
                let kept = self.frames.items();
                while cursor > 0 && (*kept.add(cursor - 1)).sp < at.sp {
                    cursor -= 1;
                }
                if cursor > 0 && at.is_at(&*kept.add(cursor - 1)) {
                    let changed = self.lowest_change(cursor - 1);
                    if changed == 0 {
                        return self.splice(cursor, fresh, self.complete);
                    }
                    for index in (changed + 1..cursor).rev() {
                        let frame = &*kept.add(index);
                        let slots = Slots {
                            ret: frame.return_slot,
                            base: frame.base_slot,
                            by_base: frame.by_base,
                        };
                        if !self.push(&mut fresh, At::kept(frame), slots) {
                            return self.cut(fresh);
                        }
                    }
                    at = At::kept(&*kept.add(changed));
                    cursor = changed;
                }
            }
            let (slots, step) = step(&mut self.bounds, self.generation, at);
            if let Step::Complex = step {
                return self.walk_slowly();
            }
            if !self.push(&mut fresh, at, slots) {
                return self.cut(fresh);
            }
            match step {
                Step::Caller(caller) => at = caller,
                end => break matches!(end, Step::Outermost),
            }
        };
        self.finish(fresh, complete)
    }

    /// The index of the outermost kept frame that is certain, going outwards from one that is;
    /// 0 when all are.
    ///
    /// # Safety
    ///
    /// `index` must be in use.
    #[inline(always)]
    unsafe fn lowest_change(&self, index: usize) -> usize {
        let mut index = index;
        // SAFETY: indices down from one in use are; the slots lie above the present stack pointer
        // on the stack that the thread has not left since they were read.
        unsafe {
            let mut frame = self.frames.items().add(index);
            while index > 0 {
                let caller = frame.sub(1);
                let slot = (*frame).return_slot;
                if slot != CERTAIN
                    && (slot == UNCERTAIN
                        || load(slot) != (*caller).ip
                        || (*frame).base_slot != 0 && load((*frame).base_slot) != (*caller).bp)
                {
                    return index;
                }
                frame = caller;
                index -= 1;
            }
        }
        0
    }

    /// Walks all frames by their whole rows: some function on the way keeps its frame in a register
    /// that is not followed otherwise.
    #[cold]
    #[inline(never)]
    fn walk_slowly(&mut self) -> Walked {
        let registers = Registers::here();
        self.bounds.enter(registers.sp);
        let mut rows = Rows::from(registers, self.generation);
        let mut fresh = 0;
        while let Some(at) = rows.next(&mut self.bounds) {
            if !self.push(&mut fresh, at, Slots::only(UNCERTAIN)) {
                return self.cut(fresh);
            }
        }
        self.finish(fresh, rows.is_complete())
    }

    #[inline(always)]
    fn push(&mut self, fresh: &mut usize, at: At, slots: Slots) -> bool {
        if *fresh >= self.fresh.capacity() && !self.more_room(*fresh) {
            return false;
        }
        // SAFETY: there is room for one more.
        unsafe {
            let frame = self.fresh.items().add(*fresh);
            (*frame).ip = at.ip;
            (*frame).sp = at.sp;
            (*frame).bp = at.bp;
            (*frame).exact = at.exact;
            (*frame).by_base = slots.by_base;
            (*frame).return_slot = slots.ret;
            (*frame).base_slot = slots.base;
        }
        *fresh += 1;
        true
    }

    #[cold]
    fn more_room(&mut self, fresh: usize) -> bool {
        fresh < DEPTH_LIMIT && self.fresh.grow_to((fresh * 2).max(64))
    }

    /// Ends a walk that found all frames anew.
    fn finish(&mut self, mut fresh: usize, complete: bool) -> Walked {
        // SAFETY: the last new frame is in use.
        let top = if fresh == 0 {
            usize::MAX
        } else {
            // SAFETY: as above.
            unsafe { (*self.fresh.items().add(fresh - 1)).sp }
        };
        let outside = At {
            ip: 0,
            sp: top.wrapping_add(8),
            bp: 0,
            exact: false,
        };
        if !self.push(&mut fresh, outside, Slots::only(UNCERTAIN)) {
            return self.cut(fresh);
        }
        self.splice(0, fresh, complete)
    }

    /// Ends a walk that found more frames than there is room for.
    #[cold]
    fn cut(&mut self, fresh: usize) -> Walked {
        let walked = self.splice(0, fresh, false);
        Walked {
            too_deep: true,
            ..walked
        }
    }

    /// Puts the new frames onto the first `kept` of the old ones.
    #[inline(always)]
    fn splice(&mut self, kept: usize, fresh: usize, complete: bool) -> Walked {
        let depth = kept + fresh;
        if depth > self.frames.capacity() && !self.frames.grow_to((depth * 2).max(128)) {
            self.depth = 0;
            return Walked {
                unchanged: 0,
                too_deep: true,
            };
        }
        for index in 0..fresh {
            // SAFETY: so many new frames are in use, and there is room for them.
            unsafe {
                let frame = self.fresh.items().add(fresh - 1 - index);
                copy(frame, self.frames.items().add(kept + index));
            }
        }
        self.depth = depth;
        self.complete = complete;
        Walked {
            unchanged: kept,
            too_deep: false,
        }
    }
}
