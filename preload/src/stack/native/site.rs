//! Where a program allocates: the native frames inside the innermost run at one place of the stack,
//! below one stack of Python frames, and the stack that all frames made.
//!
//! Nearly every capture is at a site that is known. It is found by its innermost frame and the Python
//! stack, and has the words at hand that lead out of the run, and which [`Trunk`] was there: if all
//! hold what they held, so is the stack what it was. A function may be called by several others at
//! the same depth, so a few sites may begin at the same frame.

mod followers;
#[cfg(test)]
mod tests;

use super::inner::Way;
use super::segment::Key;
use super::tags::{Tags, WAYS};
use super::trunk::{Python, Trunk};
use super::word::{Word, all_hold_by};
use crate::memory::Array;
use crate::python::layout::Layout;
use crate::stack::marks::Marks;
use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
use followers::Followers;
use memprof_wire::units::StackId;

/// Words that a site may have.
const WORDS: usize = 24;
/// Words that are compared in one go.
const STRIDE: usize = 2;
/// Sets of sites: 896 KiB in all, touched as far as they are needed. A site has an odd number of cache
/// lines: so those that are looked at most are spread over the whole cache.
const SETS: usize = 128;
/// Sites that a thread keeps.
const SITES: usize = SETS * WAYS;
/// Stacks that are remembered as missed: 16 KiB. A server that goes through a thousand sites for each
/// request missed each of them again and again, with room for 512.
const MISSED: usize = 4096;

/// What is looked at first of a site.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Head {
    key: Key,
    /// How many Python frames there are.
    depth: u32,
    /// The stack that they make alone.
    python: StackId,
    /// Where the trunk behind it stands.
    trunk: *const Trunk,
    /// The stack of all frames.
    stack: StackId,
    /// Which trunk it is; 0 in an entry without any, as no trunk has that number.
    serial: u32,
    count: u8,
    /// Whether `rbp` decides where anything stands.
    needs_base: bool,
}

/// A place that allocated. What is looked at each time is in its first cache lines, and in those of
/// its trunk.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Site {
    head: Head,
    words: [Word; WORDS],
}

impl Head {
    #[inline(always)]
    fn begins_at(&self, key: Key, python: Python) -> bool {
        let different = self.key.ip ^ key.ip
            | self.key.sp ^ key.sp
            | self.depth as usize ^ python.depth
            | (self.python.0 ^ python.stack.0) as usize;
        different == 0 && (!self.needs_base || self.key.bp == key.bp)
    }

    /// Whether it begins where another one does, and its trunk stands in the same place.
    fn is_at(&self, other: &Self) -> bool {
        self.key.ip == other.key.ip
            && self.key.sp == other.key.sp
            && (self.depth, self.python) == (other.depth, other.python)
            && self.trunk == other.trunk
    }
}

impl Site {
    fn words(&self) -> &[Word] {
        &self.words[..usize::from(self.head.count)]
    }

    /// Whether it is what begins at this frame.
    ///
    /// # Safety
    ///
    /// As for [`Sites::find`].
    #[inline(always)]
    unsafe fn is_here<L: Layout>(&self, key: Key, python: Python, marks: &Marks) -> bool {
        let head = &self.head;
        // SAFETY: the caller's promise.
        unsafe {
            head.begins_at(key, python)
                && self.holds()
                && (*head.trunk).is_behind::<L>(head.serial, python, marks)
        }
    }

    /// # Safety
    ///
    /// It must begin at a live frame.
    #[inline(always)]
    unsafe fn holds(&self) -> bool {
        // SAFETY: so many are in use, and each is part of something live if those before it hold.
        unsafe { all_hold_by::<STRIDE>(self.words.get_unchecked(..usize::from(self.head.count))) }
    }
}

/// The sites of a thread.
#[derive(Debug)]
pub struct Sites {
    items: Array<Site>,
    tags: Tags<SETS>,
    followers: Followers,
    /// Which way gives way next.
    turn: usize,
    /// What was missed lately.
    missed: Array<StackId>,
}

impl Sites {
    /// Without memory.
    pub const fn new() -> Self {
        Self {
            items: Array::empty(),
            tags: Tags::new(),
            followers: Followers::new(),
            turn: 0,
            missed: Array::empty(),
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.items.release();
        self.tags.clear();
        self.followers.clear();
        self.missed.release();
    }

    /// Makes room. False without memory.
    pub fn begin(&mut self) -> bool {
        self.items.reserve(SITES)
            && self.tags.begin()
            && self.followers.begin()
            && self.missed.reserve(MISSED)
    }

    /// The stack of what begins at this frame, if it is known.
    ///
    /// # Safety
    ///
    /// There must be room. The frame must be live, on the stack of the calling thread; `python` be
    /// all that there is; and the trunks be where they were when the sites were kept.
    #[inline(always)]
    pub unsafe fn find<L: Layout>(
        &mut self,
        key: Key,
        python: Python,
        marks: &Marks,
    ) -> Option<StackId> {
        // SAFETY: there is room for all sites. An entry that was never written begins at no frame.
        // The words are read if it begins at this frame, and those of the trunk if the words tell
        // that it lies behind: the trunk was found there, and what it needs of Python is looked at
        // first.
        unsafe {
            // a loop comes to the same sites in the same order: the processor need not wait for the
            // Python stack to begin with the next one
            let next = self.followers.expected();
            if !next.is_null() && (*next).is_here::<L>(key, python, marks) {
                self.followers.go_on(next);
                foresee(self.followers.expected());
                return Some((*next).head.stack);
            }
            for place in self.tags.entries(key.hash(python.stack)) {
                let site = self.items.items().add(place);
                if (*site).is_here::<L>(key, python, marks) {
                    self.followers.learn(site);
                    return Some((*site).head.stack);
                }
            }
        }
        None
    }

    /// Whether a stack that was at no site was at none lately, either: a program comes to many of them
    /// only once, and keeping one costs more than it took to find out.
    #[inline(always)]
    pub fn is_missed_again(&mut self, stack: StackId) -> bool {
        let missed = self.missed.first(MISSED);
        let Some(missed) = missed.get_mut(stack.0 as usize % MISSED) else {
            return false;
        };
        let again = *missed == stack;
        *missed = if again { StackId::NONE } else { stack };
        again
    }

    /// Keeps what was found: the way from a frame to a trunk, and the stack that all frames make.
    /// `None` if it takes more words than a site may have. There must be room for sites.
    ///
    /// # Safety
    ///
    /// All must hold, and `trunk` fit `python` and stay where it is.
    pub unsafe fn keep(
        &mut self,
        key: Key,
        way: Way<'_>,
        trunk: *const Trunk,
        python: Python,
        stack: StackId,
    ) -> Option<()> {
        let place = trunk;
        // SAFETY: the caller's promise.
        let trunk = unsafe { &*trunk };
        let base = trunk
            .base()
            .filter(|_| way.base_slot != 0)
            .map(|value| Word {
                slot: way.base_slot,
                value,
            });
        let words = || way.words.iter().rev().chain(&base);
        // the last word again, where that makes the number even
        let count = words().count().next_multiple_of(STRIDE);
        if count > WORDS {
            return None;
        }
        let words = || words().chain(words().last()).take(count);
        let head = Head {
            key,
            depth: u32::try_from(python.depth).ok()?,
            python: python.stack,
            trunk: place,
            stack,
            serial: trunk.serial(),
            count: count as u8,
            needs_base: way.needs_base || way.base_slot == 0 && trunk.base().is_some(),
        };
        let site = self.make_room(&head, &words());
        // SAFETY: a place of the table, for as many words.
        unsafe {
            (*site).head = head;
            for (index, word) in words().enumerate() {
                (*site).words[index] = *word;
            }
        }
        Some(())
    }

    /// Where a site is to be put: where it was, if only its trunk was another, or where nothing is, or
    /// else in place of the next one in turn.
    fn make_room<'a>(
        &mut self,
        head: &Head,
        words: &(impl Iterator<Item = &'a Word> + Clone),
    ) -> *mut Site {
        let hash = head.key.hash(head.python);
        let items = self.items.items();
        // SAFETY: there is room for all sites.
        let is_same = |&place: &usize| unsafe {
            let old = &*items.add(place);
            old.head.is_at(head) && old.words().iter().eq(words.clone())
        };
        self.turn = self.turn.wrapping_add(1);
        // SAFETY: as above, and for their tags.
        unsafe {
            let known = self.tags.entries(hash).find(is_same);
            let place = known.unwrap_or_else(|| self.tags.make_room(hash, self.turn));
            items.add(place)
        }
    }
}

/// Fetches what is looked at first of a site, if any.
#[inline(always)]
fn foresee(site: *const Site) {
    let lines = site.cast::<i8>();
    // SAFETY: hints, which read nothing.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(lines);
        _mm_prefetch::<_MM_HINT_T0>(lines.wrapping_add(64));
    }
}
