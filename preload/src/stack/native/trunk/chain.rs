//! What is further out than a trunk: the next one, and so on to the outer end.

use super::{PAIRS, Python, STRIDE, Trunk, WORDS};
use crate::python::layout::Layout;
use crate::stack::marks::{Count, Marks};
use crate::stack::native::word::Word;

/// A trunk that was known.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    trunk: *mut Trunk,
    /// Which one it was.
    serial: u32,
}

impl Link {
    /// What leads back to a trunk, for as long as it is kept.
    ///
    /// # Safety
    ///
    /// It must be one of a table.
    pub unsafe fn to(trunk: *const Trunk) -> Self {
        Self {
            trunk: trunk.cast_mut(),
            // SAFETY: the caller's promise.
            serial: unsafe { (*trunk).serial },
        }
    }

    /// The trunk, if it is still the same.
    ///
    /// # Safety
    ///
    /// The trunks must be where they were.
    #[inline(always)]
    pub unsafe fn trunk(self) -> Option<*mut Trunk> {
        // SAFETY: the caller's promise.
        let serial = unsafe { (&raw const (*self.trunk).serial).read() };
        (serial == self.serial).then_some(self.trunk)
    }
}

/// When a trunk and all that is further out were looked at for the last time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    /// The Python frame that called from there; 0 if it was never looked at.
    pub(super) frame: usize,
    /// How many marks had been put on.
    count: Count,
}

impl Trunk {
    /// What is further out than this one: a trunk that is known, in whose frame `rbp` was loaded from
    /// `base_slot`, or is `bp` as in the innermost frame if that is `None`. `None` without room, or if
    /// the other one has given way to this.
    ///
    /// # Safety
    ///
    /// The trunks must be where they were.
    pub unsafe fn go_on(&mut self, next: Link, base_slot: Option<usize>, bp: usize) -> Option<()> {
        if core::ptr::eq(next.trunk, self) {
            return None;
        }
        // SAFETY: the caller's promise; it is another one than this.
        let further = unsafe { &*next.trunk()? };
        if let Some(value) = further.base() {
            match base_slot {
                Some(slot) => self.push(Word { slot, value })?,
                None => self.rely_on_base(bp),
            }
        }
        self.goes_on = true;
        self.next = next;
        self.outside = if further.is_outside {
            next
        } else {
            further.outside
        };
        Some(())
    }

    /// Makes one trunk of this one and the next, if there is room and neither can be settled then.
    ///
    /// # Safety
    ///
    /// The trunks must be where they were.
    pub unsafe fn take_over<L: Layout>(&mut self, marks: &Marks) {
        // SAFETY: the caller's promise; it is another one than this, see `go_on`.
        let Some(next) = (unsafe { self.next.trunk().map(|next| &*next) }) else {
            return;
        };
        let words = usize::from(self.count)..usize::from(self.count + next.count);
        let pairs = usize::from(self.pairs_count)..usize::from(self.pairs_count + next.pairs_count);
        if marks.may_tell::<L>(next.python.depth)
            || next.is_outside && marks.may_tell::<L>(self.python.depth)
            || words.end + STRIDE > WORDS
            || pairs.end > PAIRS
        {
            return;
        }
        (self.count, self.pairs_count) = (words.end as u8, pairs.end as u8);
        self.words[words].copy_from_slice(next.words());
        self.pairs[pairs].copy_from_slice(next.pairs());
        (self.goes_on, self.next) = (next.goes_on, next.next);
        (self.is_outside, self.outside) = (next.is_outside, next.outside);
    }

    /// # Safety
    ///
    /// It must begin at a live frame, and `python` have been true where it does.
    #[inline(always)]
    pub(super) unsafe fn holds<L: Layout>(&self, marks: &Marks) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.words_hold() && (!self.goes_on || self.callers_hold::<L>(marks)) }
    }

    /// Whether the trunks further out hold what they held.
    ///
    /// # Safety
    ///
    /// As for [`Trunk::holds`]; its own words must hold.
    #[inline(never)]
    unsafe fn callers_hold<L: Layout>(&self, marks: &Marks) -> bool {
        let mut next = self.next;
        let mut is_settled = false;
        // SAFETY: trunks stay where they are. Each begins at a frame that is live if those further in
        // hold. Serials fall from one to the next, so a chain ends.
        unsafe {
            loop {
                let Some(trunk) = next.trunk() else {
                    return false;
                };
                if !is_settled && (*trunk).is_settled::<L>(marks) {
                    // what a greenlet stands on is not its own: the mark says nothing about that
                    (is_settled, next) = (true, (*trunk).outside);
                    continue;
                }
                if !(*trunk).words_hold() {
                    return false;
                }
                if !(*trunk).goes_on {
                    break;
                }
                next = (*trunk).next;
            }
            self.settle::<L>(marks);
        }
        true
    }

    /// Whether nothing has changed since this one and those further out were looked at.
    ///
    /// # Safety
    ///
    /// As for [`Trunk::callers_hold`].
    #[inline(always)]
    unsafe fn is_settled<L: Layout>(&self, marks: &Marks) -> bool {
        let Python { depth, frames, .. } = self.python;
        // SAFETY: the frame that called from here is live.
        unsafe {
            let Settled { frame, count } = self.settled;
            !self.is_outside
                && (*frames.add(depth)).address == frame
                && marks.are_older::<L>(depth, frame, count)
        }
    }

    /// The trunks further out hold what they held: notes it, up to one where that is known.
    ///
    /// # Safety
    ///
    /// As for [`Trunk::callers_hold`].
    #[inline(always)]
    unsafe fn settle<L: Layout>(&self, marks: &Marks) {
        let mut next = self.next;
        // SAFETY: those that were just looked at. None of them is this one.
        unsafe {
            while let Some(trunk) = next.trunk() {
                if (*trunk).is_outside || (*trunk).is_settled::<L>(marks) {
                    break;
                }
                let Python { depth, frames, .. } = (*trunk).python;
                if marks.may_tell::<L>(depth) {
                    (*trunk).settled = Settled {
                        frame: (*frames.add(depth)).address,
                        count: marks.count(),
                    };
                }
                next = (*trunk).next;
            }
        }
    }
}
