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

mod chain;
mod python;
mod table;
#[cfg(test)]
mod tests;

use super::segment::Key;
use super::word::{Word, all_hold_by, load};
use crate::python::layout::Layout;
use crate::stack::marks::Marks;
pub use chain::Link;
use chain::Settled;
use memprof_wire::units::StackId;
pub use python::Python;
pub use table::Trunks;

/// Words that a trunk may have.
const WORDS: usize = 108;
/// Pairs of words that a trunk may have.
const PAIRS: usize = 16;
/// Words that are compared in one go.
const STRIDE: usize = 4;

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
    /// It must begin at a live frame.
    #[inline(always)]
    unsafe fn words_hold(&self) -> bool {
        // SAFETY: so many are in use, and each is part of something live, see `push`.
        unsafe {
            if !all_hold_by::<STRIDE>(self.words.get_unchecked(..usize::from(self.count))) {
                return false;
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
