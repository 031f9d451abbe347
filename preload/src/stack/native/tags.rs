//! A table of sets of sixteen entries each, by their hashes: which entries of a set may be the one that is
//! looked for is told by one cache line.
//!
//! A frame may have many callers: to sort objects calls `__lt__` from a dozen places in one function. With
//! four entries a set, as there were at first, they put one another out.

use crate::memory::Array;
use core::arch::x86_64::{
    __m128i, _mm_cmpeq_epi32, _mm_load_si128, _mm_movemask_epi8, _mm_packs_epi16, _mm_packs_epi32,
    _mm_set1_epi32,
};

/// Entries of a set.
pub const WAYS: usize = 16;

/// The tags of a set's entries; 0 where there is none.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([u32; WAYS]);

/// The tags of so many sets, a power of two. An entry's number is its way by the number of sets, and that of
/// its set: so the first ones of all sets stand side by side.
#[derive(Debug)]
pub struct Tags<const SETS: usize>(Array<Line>);

impl<const SETS: usize> Tags<SETS> {
    /// Without memory.
    pub const fn new() -> Self {
        Self(Array::empty())
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.0.release();
    }

    /// Makes room. False without memory.
    pub fn begin(&mut self) -> bool {
        self.0.reserve(SETS)
    }

    fn set(hash: u64) -> usize {
        (hash >> 32) as usize % SETS
    }

    fn tag(hash: u64) -> u32 {
        hash as u32 | 1
    }

    /// The entries that may have this hash.
    ///
    /// # Safety
    ///
    /// There must be room.
    #[inline(always)]
    pub unsafe fn entries(&self, hash: u64) -> impl Iterator<Item = usize> + use<SETS> {
        // SAFETY: the caller's promise.
        unsafe { self.with_tag(Self::set(hash), Self::tag(hash)) }
    }

    /// A place for an entry of this hash: where nothing is, or else in place of the one whose turn it is.
    ///
    /// # Safety
    ///
    /// There must be room.
    pub unsafe fn make_room(&mut self, hash: u64, turn: usize) -> usize {
        // SAFETY: the caller's promise; both are places of the set.
        unsafe {
            let empty = self.empty(hash).next();
            let place = empty.unwrap_or_else(|| Self::place(turn % WAYS, hash));
            self.enter(place, hash);
            place
        }
    }

    /// The places in the set of this hash where there is no entry.
    ///
    /// # Safety
    ///
    /// There must be room.
    unsafe fn empty(&self, hash: u64) -> impl Iterator<Item = usize> + use<SETS> {
        // SAFETY: the caller's promise.
        unsafe { self.with_tag(Self::set(hash), 0) }
    }

    fn place(way: usize, hash: u64) -> usize {
        way * SETS + Self::set(hash)
    }

    /// An entry of this hash is at this place now.
    ///
    /// # Safety
    ///
    /// There must be room, and the place be one of the set of this hash.
    unsafe fn enter(&mut self, place: usize, hash: u64) {
        // SAFETY: the caller's promise.
        unsafe { (*self.0.items().add(place % SETS)).0[place / SETS] = Self::tag(hash) };
    }

    /// # Safety
    ///
    /// There must be room.
    #[inline(always)]
    unsafe fn with_tag(&self, set: usize, tag: u32) -> impl Iterator<Item = usize> + use<SETS> {
        // SAFETY: a line is four aligned vectors; all processors of this kind have the instructions.
        let mut found = unsafe {
            let line = self.0.items().add(set).cast::<__m128i>();
            let tag = _mm_set1_epi32(tag as i32);
            let equal = |part| _mm_cmpeq_epi32(_mm_load_si128(line.add(part)), tag);
            let [low, high] = [0, 2].map(|part| _mm_packs_epi32(equal(part), equal(part + 1)));
            _mm_movemask_epi8(_mm_packs_epi16(low, high)) as u32
        };
        core::iter::from_fn(move || {
            let way = found.trailing_zeros() as usize;
            found &= found.wrapping_sub(1);
            (way < WAYS).then_some(way * SETS + set)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Tags, WAYS};

    #[test]
    fn entries_are_found_by_their_hashes() {
        let mut tags = Tags::<8>::new();
        assert!(tags.begin());
        // one set, ever other tags, and one of another set
        let hash = |tag: u64| 5 << 32 | tag << 1;
        let other = 6 << 32 | 2;
        for way in 0..WAYS {
            // SAFETY: there is room.
            unsafe {
                let place = tags.empty(hash(0)).next().expect("room");
                assert_eq!(place, way * 8 + 5);
                tags.enter(place, hash(way as u64 / 2));
            }
        }
        // SAFETY: as above.
        let found = |tags: &Tags<8>, hash| unsafe { tags.entries(hash) }.collect::<Vec<_>>();
        assert_eq!(found(&tags, hash(3)), [6 * 8 + 5, 7 * 8 + 5]);
        assert_eq!(found(&tags, hash(7)), [14 * 8 + 5, 15 * 8 + 5]);
        assert_eq!(found(&tags, hash(8)), []);
        assert_eq!(found(&tags, other), []);
        // SAFETY: as above.
        assert_eq!(unsafe { tags.empty(hash(0)) }.next(), None);
        let all: Vec<_> = (0..WAYS)
            .map(|way| Tags::<8>::place(way, hash(0)))
            .collect();
        assert_eq!((all.len(), all[15]), (WAYS, 15 * 8 + 5));
        // SAFETY: as above.
        assert_eq!(unsafe { tags.make_room(hash(8), WAYS + 3) }, 3 * 8 + 5);
        assert_eq!(found(&tags, hash(8)), [3 * 8 + 5]);
    }
}
