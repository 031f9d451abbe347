//! The pages of memory that the interpreter has made executable.

use crate::raw::PAGE;
use crate::stack::native::probes::{self, PROBES};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Pages that are known at a time, at most; code on others is code without tables. The interpreter
/// maps each compiled piece by itself: a page or two, for the most part.
const PLACES: usize = 1 << 14;

/// Addresses of pages, with [`LEARNED`] beside them; 0 where there is none.
static PAGES: [AtomicUsize; PLACES] = [const { AtomicUsize::new(0) }; PLACES];
/// Rules were learned of its instructions.
const LEARNED: usize = 1;
/// Whether there ever was a page.
static ANY: AtomicBool = AtomicBool::new(false);

/// Whether there was ever any.
#[inline(always)]
pub fn are_any() -> bool {
    ANY.load(Ordering::Relaxed)
}

fn places(page: usize) -> impl Iterator<Item = &'static AtomicUsize> {
    probes::places(&PAGES, (page / PAGE) as u64)
}

fn find(page: usize) -> Option<&'static AtomicUsize> {
    places(page).find(|place| place.load(Ordering::Relaxed) & !LEARNED == page)
}

/// Adds a range, as far as there is room.
pub fn add(address: usize, length: usize) {
    ANY.store(true, Ordering::Relaxed);
    for page in (address & !(PAGE - 1)..address.saturating_add(length)).step_by(PAGE) {
        if find(page).is_none() {
            let put = |place: &AtomicUsize| {
                place.compare_exchange(0, page, Ordering::Relaxed, Ordering::Relaxed)
            };
            let _ = places(page).find(|place| put(place).is_ok());
        }
    }
}

/// Takes a range out; tells whether rules were learned of it.
#[cold]
pub fn remove(address: usize, length: usize) -> bool {
    let (first, end) = (address & !(PAGE - 1), address.saturating_add(length));
    let mut any = false;
    let mut take = |place: &AtomicUsize| any |= place.swap(0, Ordering::Relaxed) & LEARNED != 0;
    if (end - first) / PAGE < PLACES / PROBES {
        let pages = (first..end).step_by(PAGE);
        pages.filter_map(find).for_each(&mut take);
    } else {
        let is_inside =
            |place: &&AtomicUsize| (first..end).contains(&place.load(Ordering::Relaxed));
        PAGES.iter().filter(is_inside).for_each(&mut take);
    }
    any
}

/// Whether an address is on one of these pages.
pub fn contain(address: usize) -> bool {
    find(address & !(PAGE - 1)).is_some()
}

/// A rule was learned of an instruction.
pub fn mark_learned(address: usize) {
    if let Some(place) = find(address & !(PAGE - 1)) {
        place.fetch_or(LEARNED, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{add, contain, mark_learned, remove};
    use crate::raw::PAGE;

    #[test]
    fn pages_come_and_go() {
        let begin = 0x7000_0000_0000;
        assert!(!contain(begin));
        add(begin, 3 * PAGE - 1);
        assert!(contain(begin) && contain(begin + 3 * PAGE - 1));
        assert!(!contain(begin + 3 * PAGE));
        assert!(!remove(begin, PAGE), "nothing was learned there");
        assert!(!contain(begin) && contain(begin + PAGE));
        mark_learned(begin + PAGE + 77);
        assert!(remove(begin + PAGE, 1));
        assert!(!contain(begin + PAGE));
        mark_learned(begin + 2 * PAGE);
        assert!(remove(begin - (1 << 30), 2 << 30), "in a large range, too");
        assert!(!contain(begin + 2 * PAGE));
    }

    #[test]
    fn more_pages_than_there_is_room_for_are_left_out() {
        let begin = 0x7100_0000_0000;
        add(begin, 20_000 * PAGE);
        let known = |&number: &usize| contain(begin + number * PAGE);
        let count = (0..20_000).filter(known).count();
        assert!((8_000..=16_384).contains(&count), "{count}");
        assert!(!remove(begin, 20_000 * PAGE));
        assert_eq!((0..20_000).filter(known).count(), 0);
    }
}
