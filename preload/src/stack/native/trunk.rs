//! What many stacks have in common: all that is further out than the innermost run of Python frames, as
//! one list of words.
//!
//! A program allocates in a hundred places below the same callers. Each place is a
//! [site](super::site) of its own, but what is further out is compared in one go. The words are
//! those of the stack that led from one native frame to the next, and beside them whatever else
//! told where the runs begin: the interpreter's own links, and what this library keeps of the
//! Python frames. If all of them hold what they held, the stack is the same.
//!
//! What is long is a chain of trunks, cut where a run begins, so that stacks which differ further in
//! have the outer ones in common. Below a Python frame that has a [mark](crate::stack::marks) nothing
//! has changed since a look at the trunks outside of it, if the mark is that old: they are not
//! looked at again.

#[cfg(test)]
mod tests;

use super::segment::Key;
use super::word::{Word, load};
use crate::memory::Array;
use crate::python::layout::Layout;
use crate::stack::marks::{Count, Marks};
use crate::stack::python::Frame;
use memprof_wire::units::StackId;

/// Words that a trunk may have.
const WORDS: usize = 108;
/// Pairs of words that a trunk may have.
const PAIRS: usize = 16;
/// Trunks that a thread keeps: 2 MiB in all, touched as far as they are needed.
const TRUNKS: usize = 1024;
/// Places where one may be.
const WAYS: usize = 4;
/// Words that are compared in one go.
const STRIDE: usize = 4;

/// What there is of an interpreter, up to some frame.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Python {
    /// How many frames there are.
    pub depth: usize,
    /// Where this library keeps them.
    pub frames: *const Frame,
    /// The interpreter's state of the thread.
    pub state: usize,
    /// The interpreter's link to its innermost run, where it has such links.
    pub entry: usize,
    /// The stack that the frames make alone.
    pub stack: StackId,
}

impl Python {
    /// No interpreter, or no frames of it.
    pub const NONE: Self = Self {
        depth: 0,
        frames: core::ptr::null(),
        state: 0,
        entry: 0,
        stack: StackId::NONE,
    };

    /// What there is of it outside of the frame at `index`.
    ///
    /// # Safety
    ///
    /// So many frames must be in use.
    #[inline(always)]
    pub unsafe fn outside(self, index: usize) -> Self {
        let stack = match index {
            0 => StackId::NONE,
            // SAFETY: the caller's promise.
            index => unsafe { (*self.frames.add(index - 1)).stack },
        };
        Self {
            depth: index,
            stack,
            ..self
        }
    }
}

/// A list of words that tell all callers of a frame. What is looked at each time is in its first cache
/// line, and in the words.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Trunk {
    /// The instruction of the frame where it begins; 0 in an entry without any.
    ip: usize,
    python: Python,
    /// The stack of all frames.
    stack: StackId,
    serial: u32,
    count: u8,
    pairs_count: u8,
    needs_base: bool,
    /// Whether there is another one further out.
    goes_on: bool,
    /// Whether anything of it is further out than all Python frames.
    is_outside: bool,
    words: [Word; WORDS],
    /// Where words stand that are equal, whatever they hold.
    pairs: [[usize; 2]; PAIRS],
    sp: usize,
    /// `rbp`, if it decides where anything stands.
    bp: usize,
    /// What is further out.
    next: Link,
    /// The innermost of those that are partly further out than all Python frames.
    outside: Link,
    settled: Settled,
}

// an odd number of cache lines: so the first ones are spread over the whole cache
const _: () = assert!(size_of::<Trunk>() / 64 % 2 == 1);

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
struct Settled {
    /// The Python frame that called from there; 0 if it was never looked at.
    frame: usize,
    /// How many marks had been put on.
    count: Count,
}

impl Trunk {
    /// Tells this trunk from all that were or will be in its place.
    #[inline(always)]
    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// The stack of all its frames.
    #[inline(always)]
    pub fn stack(&self) -> StackId {
        self.stack
    }

    /// The `rbp` of its innermost frame, if that decides where anything stands.
    pub fn base(&self) -> Option<usize> {
        self.needs_base.then_some(self.bp)
    }

    /// Adds a word. They are looked at in this order: each has to be part of something that is
    /// live if those before it hold what they held. `None` without room.
    pub fn push(&mut self, word: Word) -> Option<()> {
        *self.words.get_mut(usize::from(self.count))? = word;
        self.count += 1;
        Some(())
    }

    /// Adds two words that have to be equal, whatever they hold: looked at after all others. `None`
    /// without room.
    pub fn push_pair(&mut self, slots: [usize; 2]) -> Option<()> {
        *self.pairs.get_mut(usize::from(self.pairs_count))? = slots;
        self.pairs_count += 1;
        Some(())
    }

    /// `rbp` decides where something stands.
    pub fn rely_on_base(&mut self, bp: usize) {
        (self.needs_base, self.bp) = (true, bp);
    }

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

    fn words(&self) -> &[Word] {
        &self.words[..usize::from(self.count)]
    }

    fn pairs(&self) -> &[[usize; 2]] {
        &self.pairs[..usize::from(self.pairs_count)]
    }

    /// All words are there, and make this stack with their frames.
    pub fn complete(&mut self, key: Key, stack: StackId) -> Option<()> {
        while !(usize::from(self.count)).is_multiple_of(STRIDE) {
            self.push(self.words[usize::from(self.count) - 1])?;
        }
        (self.ip, self.stack) = (key.ip, stack);
        Some(())
    }

    #[inline(always)]
    fn begins_at(&self, key: Key, python: Python) -> bool {
        let different = self.ip ^ key.ip
            | self.sp ^ key.sp
            | self.python.depth ^ python.depth
            | (self.python.stack.0 ^ python.stack.0) as usize
            | self.python.frames.addr() ^ python.frames.addr()
            | self.python.state ^ python.state
            | self.python.entry ^ python.entry;
        different == 0 && (!self.needs_base || self.bp == key.bp)
    }

    /// # Safety
    ///
    /// It must begin at a live frame, and `python` have been true where it does.
    #[inline(always)]
    unsafe fn holds<L: Layout>(&self, marks: &Marks) -> bool {
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

    /// # Safety
    ///
    /// It must begin at a live frame.
    #[inline(always)]
    unsafe fn words_hold(&self) -> bool {
        let mut word = self.words.as_ptr();
        // SAFETY: so many are in use, and each is part of something live, see `push`.
        unsafe {
            let end = word.add(usize::from(self.count));
            while word != end {
                for index in 0..STRIDE {
                    if !(*word.add(index)).holds() {
                        return false;
                    }
                }
                word = word.add(STRIDE);
            }
            let mut pair = self.pairs.as_ptr();
            let end = pair.add(usize::from(self.pairs_count));
            while pair != end {
                let [one, other] = *pair;
                if load(one) != load(other) {
                    return false;
                }
                pair = pair.add(1);
            }
        }
        true
    }

    /// Whether it is still what was found behind a site; `python` is what there is at the innermost
    /// frame of all.
    ///
    /// # Safety
    ///
    /// The site's own words must hold, `python` be true, and its frames as many as they were, making the
    /// same stack.
    #[inline(always)]
    pub unsafe fn is_behind<L: Layout>(&self, serial: u32, python: Python, marks: &Marks) -> bool {
        let different = (self.serial ^ serial) as usize
            | self.python.frames.addr() ^ python.frames.addr()
            | self.python.state ^ python.state
            | self.python.entry ^ python.entry;
        // SAFETY: the caller's promise; the words are those of the frame behind the segment, and
        // of Python frames that are in use.
        different == 0 && unsafe { self.holds::<L>(marks) }
    }
}

/// The trunks of a thread.
#[derive(Debug)]
pub struct Trunks {
    items: Array<Trunk>,
    serial: u32,
}

impl Trunks {
    /// Without memory.
    pub const fn new() -> Self {
        Self {
            items: Array::empty(),
            serial: 0,
        }
    }

    /// Gives the memory back. Nothing may know of a trunk after that.
    pub fn clear(&mut self) {
        self.items.release();
        self.serial = 0;
    }

    /// Makes room. False without memory.
    pub fn begin(&mut self) -> bool {
        self.items.capacity() >= TRUNKS || self.items.grow_to(TRUNKS)
    }

    /// The trunk of a frame and its callers, if they are known.
    ///
    /// # Safety
    ///
    /// The frame must be live, and `python` be true.
    #[inline(always)]
    pub unsafe fn find<L: Layout>(
        &self,
        key: Key,
        python: Python,
        marks: &Marks,
    ) -> Option<*const Trunk> {
        for trunk in self.places(key, python) {
            // SAFETY: there is room for all trunks; a place that was never written begins nowhere.
            // The words are read if it begins at this frame, which is live.
            unsafe {
                if (*trunk).begins_at(key, python) && (*trunk).holds::<L>(marks) {
                    return Some(trunk);
                }
            }
        }
        None
    }

    /// Where a trunk may be.
    #[inline(always)]
    fn places(&self, key: Key, python: Python) -> impl Iterator<Item = *mut Trunk> + use<> {
        let items = self.items.items();
        let place = key.place(python.stack) % TRUNKS;
        // SAFETY: there is room for all trunks.
        (0..WAYS).map(move |way| unsafe { items.add(place ^ way) })
    }

    /// A place for the trunk of a frame, in place of another one: so far without words, and not to be
    /// found before it is complete. `is_outside` tells whether anything of it will be further out than all
    /// Python frames.
    pub fn make_room(&mut self, key: Key, python: Python, is_outside: bool) -> Option<&mut Trunk> {
        self.serial = self.serial.checked_add(1)?;
        // several may begin at this frame: a program goes to and fro between callers
        // SAFETY: there is room for all trunks.
        let serial = |&trunk: &*mut Trunk| unsafe { (*trunk).serial };
        let oldest = self.places(key, python).min_by_key(serial)?;
        // SAFETY: as above.
        let trunk = unsafe { &mut *oldest };
        (trunk.ip, trunk.serial) = (0, self.serial);
        (trunk.sp, trunk.python) = (key.sp, python);
        (trunk.count, trunk.pairs_count) = (0, 0);
        (trunk.needs_base, trunk.goes_on) = (false, false);
        trunk.is_outside = is_outside;
        trunk.settled.frame = 0;
        Some(trunk)
    }

    /// Whether there are no serials any more.
    pub fn are_used_up(&self) -> bool {
        self.serial == u32::MAX
    }
}
