//! The frames of a thread's native stack, walked only as far as they are new.
//!
//! The frames of the last walk are kept, each with the two stack slots that led from it to its
//! caller. A walk that comes to a frame which is among them, with the same registers, looks whether
//! all slots further out still hold what they held: if so, walking on would find the very same
//! frames, and they are taken as they are. Where a slot differs, the walk goes on from there. So
//! exceptions, `longjmp` and coroutines cost a longer walk and nothing else.

use super::bounds::Bounds;
use super::registers::Registers;
use super::rule::{self, Base, Kind, Place, Rule};
use super::segment::Key;
use super::{module, table};
use crate::memory::Array;
use memprof_wire::units::StackId;

/// Frames beyond this depth are cut at the outer end.
const DEPTH_LIMIT: usize = 1 << 16;

/// The slot of a step that depends on nothing but the instruction.
pub const CERTAIN: usize = 1;
/// The slot of a step that depends on more than two words: it has to be made again.
pub const UNCERTAIN: usize = 0;

/// A frame as it was when it was last seen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Frame {
    /// The instruction, or the return address; 0 for what is outside of the outermost frame.
    pub ip: usize,
    /// The stack pointer, as it is once the callee has returned.
    pub sp: usize,
    /// `rbp`, likewise.
    pub bp: usize,
    /// Where the caller's return address stands.
    pub return_slot: usize,
    /// Where the caller's `rbp` stands; 0 when it is the same.
    pub base_slot: usize,
    /// Whether this frame was interrupted, and not called from.
    pub exact: bool,
    /// Whether the slots were found by way of `rbp`.
    pub by_base: bool,
    /// The stack up to this frame.
    pub stack: StackId,
}

impl Frame {
    /// What a segment that begins here is found by.
    #[cfg(test)]
    pub fn key(&self) -> Key {
        At::kept(self).key()
    }
}

/// What is known of a frame before its caller is: the first words of a [`Frame`].
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// See [`Frame::ip`].
    pub ip: usize,
    /// See [`Frame::sp`].
    pub sp: usize,
    /// See [`Frame::bp`].
    pub bp: usize,
    /// See [`Frame::exact`].
    pub exact: bool,
}

/// Where the caller's return address and `rbp` stand.
#[derive(Clone, Copy, Debug)]
struct Slots {
    ret: usize,
    base: usize,
    by_base: bool,
}

impl Slots {
    /// A single word, or none.
    const fn only(ret: usize) -> Self {
        Self {
            ret,
            base: 0,
            by_base: false,
        }
    }
}

impl At {
    /// What these registers tell.
    #[inline(always)]
    pub fn of(registers: &Registers, exact: bool) -> Self {
        Self {
            ip: registers.ip,
            sp: registers.sp,
            bp: registers.bp,
            exact,
        }
    }

    /// What a segment that begins here is found by.
    #[inline(always)]
    pub fn key(self) -> Key {
        Key {
            ip: self.ip,
            sp: self.sp,
            bp: self.bp,
        }
    }

    #[inline(always)]
    fn kept(frame: &Frame) -> Self {
        Self {
            ip: frame.ip,
            sp: frame.sp,
            bp: frame.bp,
            exact: frame.exact,
        }
    }

    #[inline(always)]
    fn is_at(self, frame: &Frame) -> bool {
        self.sp == frame.sp
            && self.ip == frame.ip
            && self.bp == frame.bp
            && self.exact == frame.exact
    }
}

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

/// What leads on from a frame.
enum Step {
    Caller(At),
    Outermost,
    Lost,
    Complex,
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
        if self.depth == 0 {
            return &mut [];
        }
        // SAFETY: so many frames are in use.
        unsafe { core::slice::from_raw_parts_mut(self.frames.items(), self.depth) }
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
            let (slots, step) = self.step(at);
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

    /// Finds the caller of a frame, and the slots that lead there.
    #[inline(always)]
    fn step(&mut self, at: At) -> (Slots, Step) {
        let place = Place {
            ip: at.ip,
            exact: at.exact,
        };
        let rule = rule::find(place, self.generation);
        if !rule.is_simple() {
            return self.step_otherwise(at, rule);
        }
        let from = if rule.is_from_base() { at.bp } else { at.sp };
        self.step_to(at, rule, from.wrapping_add_signed(rule.offset()))
    }

    /// A step by one of the rules that are seldom met.
    #[cold]
    #[inline(never)]
    fn step_otherwise(&mut self, at: At, rule: Rule) -> (Slots, Step) {
        let step = match rule.kind() {
            Kind::Realigned => {
                let place = at.bp.wrapping_add_signed(rule.offset());
                match self.read(place) {
                    Some(cfa) => self.step_to(at, rule, cfa).1,
                    None => Step::Lost,
                }
            }
            Kind::Signal => self.step_out_of_signal(at),
            Kind::End => return (Slots::only(CERTAIN), Step::Outermost),
            Kind::Stack | Kind::Base | Kind::Complex => Step::Complex,
            Kind::Unknown => Step::Lost,
        };
        (Slots::only(UNCERTAIN), step)
    }

    /// Finds the caller whose frame begins at `cfa`.
    #[inline(always)]
    fn step_to(&mut self, at: At, rule: Rule, cfa: usize) -> (Slots, Step) {
        let lost = (Slots::only(UNCERTAIN), Step::Lost);
        let return_slot = cfa.wrapping_sub(8);
        // the stack grows downwards: a caller lies above, and every walk ends
        if cfa <= at.sp {
            return lost;
        }
        let Some(ip) = self.read(return_slot) else {
            return lost;
        };
        let mut slots = Slots {
            by_base: rule.is_by_base(),
            ..Slots::only(return_slot)
        };
        if ip == 0 {
            return (slots, Step::Outermost);
        }
        let mut caller = At {
            ip,
            sp: cfa,
            bp: at.bp,
            exact: false,
        };
        if rule.base() != Base::Same {
            let from = if rule.base() == Base::AtCfa {
                cfa
            } else {
                at.bp
            };
            slots.base = from.wrapping_add_signed(rule.base_offset());
            let Some(bp) = self.read(slots.base) else {
                return lost;
            };
            caller.bp = bp;
        }
        (slots, Step::Caller(caller))
    }

    /// The kernel has put the registers of the interrupted function on the stack (`ucontext`).
    #[cold]
    fn step_out_of_signal(&mut self, at: At) -> Step {
        let context = at.sp;
        let (Some(bp), Some(sp), Some(ip)) = (
            self.read(context + 120),
            self.read(context + 160),
            self.read(context + 168),
        ) else {
            return Step::Lost;
        };
        // a handler may have a stack of its own, from which nothing is known of the other
        if sp <= at.sp || ip == 0 {
            return Step::Lost;
        }
        Step::Caller(At {
            ip,
            sp,
            bp,
            exact: true,
        })
    }

    /// Walks all frames by their whole rows: some function on the way keeps its frame in a register
    /// that is not followed otherwise.
    #[cold]
    #[inline(never)]
    fn walk_slowly(&mut self) -> Walked {
        let mut registers = Registers::here();
        self.bounds.enter(registers.sp);
        let mut exact = true;
        let mut fresh = 0;
        let mut complete = false;
        loop {
            let at = At::of(&registers, exact);
            let place = Place {
                ip: registers.ip,
                exact,
            };
            let rule = rule::find(place, self.generation);
            let caller = match rule.kind() {
                Kind::End => {
                    complete = true;
                    None
                }
                Kind::Unknown => None,
                Kind::Signal => self.registers_before_signal(&registers),
                _ => module::find(place.address())
                    .and_then(|module| table::find(&module, place.address()))
                    .and_then(|found| found.row.caller(&registers, &mut self.bounds)),
            };
            if !self.push(&mut fresh, at, Slots::only(UNCERTAIN)) {
                return self.cut(fresh);
            }
            let Some(caller) = caller.filter(|caller| caller.sp > registers.sp) else {
                break;
            };
            if caller.ip == 0 {
                complete = true;
                break;
            }
            exact = rule.kind() == Kind::Signal;
            registers = caller;
        }
        self.finish(fresh, complete)
    }

    fn registers_before_signal(&mut self, registers: &Registers) -> Option<Registers> {
        let mut word = |offset| self.bounds.read(registers.sp + offset);
        Some(Registers {
            high: [word(72)?, word(80)?, word(88)?, word(96)?],
            bp: word(120)?,
            bx: word(128)?,
            sp: word(160)?,
            ip: word(168)?,
        })
    }

    #[inline(always)]
    fn read(&mut self, address: usize) -> Option<usize> {
        self.bounds.read(address)
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

/// Copies a frame word by word. A wider load of what was just written in words has to wait until
/// the writes are through, and that was a quarter of the time of a walk.
///
/// # Safety
///
/// `from` must be a frame, and `to` have room for one.
#[inline(always)]
unsafe fn copy(from: *const Frame, to: *mut Frame) {
    // SAFETY: the caller's promise; a plain value without padding that is read.
    unsafe {
        (&raw mut (*to).ip).write_volatile((*from).ip);
        (&raw mut (*to).sp).write_volatile((*from).sp);
        (&raw mut (*to).bp).write_volatile((*from).bp);
        (&raw mut (*to).return_slot).write_volatile((*from).return_slot);
        (&raw mut (*to).base_slot).write_volatile((*from).base_slot);
        (&raw mut (*to).exact).write_volatile((*from).exact);
        (&raw mut (*to).by_base).write_volatile((*from).by_base);
        (&raw mut (*to).stack).write_volatile((*from).stack);
    }
}

/// Reads a word of the stack.
///
/// # Safety
///
/// It must be readable.
#[inline(always)]
unsafe fn load(address: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { (address as *const usize).read_volatile() }
}
