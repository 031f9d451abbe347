//! Unwind tables that the program registers by itself, of code that it makes while it runs.
//!
//! They are `.eh_frame` sections without an index. Which addresses one tells of is found out when it
//! is registered, so that looking for an instruction reads no table but the one that it is in.

use super::forget_all;
use super::table::{Description, Found, all_in};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Sections that are known at a time; code of further ones is code without tables.
const PLACES: usize = 4096;

/// A section, and the addresses that it tells of. Free where `begin` is 0.
struct Section {
    begin: AtomicUsize,
    /// How many of its descriptions count.
    count: AtomicUsize,
    low: AtomicUsize,
    high: AtomicUsize,
    /// Whether rules were made of it.
    is_used: AtomicBool,
}

static SECTIONS: [Section; PLACES] = [const {
    Section {
        begin: AtomicUsize::new(0),
        count: AtomicUsize::new(0),
        low: AtomicUsize::new(0),
        high: AtomicUsize::new(0),
        is_used: AtomicBool::new(false),
    }
}; PLACES];

/// Behind the last place that was ever taken.
static END: AtomicUsize = AtomicUsize::new(0);

/// A place that is being filled in.
const BEING_FILLED: usize = 1;

fn sections() -> &'static [Section] {
    &SECTIONS[..END.load(Ordering::Acquire)]
}

/// Adds a section, or its first `most` descriptions, if there is room.
///
/// # Safety
///
/// It must be a whole `.eh_frame` section, or have so many, and stay as it is until it is removed.
pub unsafe fn add(begin: usize, most: usize) {
    let (mut low, mut high, mut count) = (usize::MAX, 0, 0);
    // SAFETY: the caller's promise.
    for description in unsafe { all_in(begin) }.take(most) {
        count += 1;
        // SAFETY: as above.
        if let Some(description) = unsafe { Description::at(description) } {
            let (start, end) = description.extent();
            (low, high) = (low.min(start), high.max(end));
        }
    }
    let take = |section: &Section| {
        let taken =
            section
                .begin
                .compare_exchange(0, BEING_FILLED, Ordering::Relaxed, Ordering::Relaxed);
        taken.is_ok()
    };
    if low < high
        && let Some(place) = SECTIONS.iter().position(take)
    {
        let section = &SECTIONS[place];
        section.is_used.store(false, Ordering::Relaxed);
        section.count.store(count, Ordering::Relaxed);
        section.low.store(low, Ordering::Relaxed);
        section.high.store(high, Ordering::Relaxed);
        section.begin.store(begin, Ordering::Release);
        END.fetch_max(place + 1, Ordering::AcqRel);
    }
}

/// Takes a section out: its code is about to go.
pub fn remove(begin: usize) {
    let is_it = |section: &&Section| section.begin.load(Ordering::Relaxed) == begin;
    if let Some(section) = sections().iter().find(is_it) {
        section.begin.store(0, Ordering::Relaxed);
        if section.is_used.load(Ordering::Relaxed) {
            forget_all();
        }
    }
}

/// What the sections tell of an instruction, which is one of live code.
pub fn find(address: usize) -> Option<Found> {
    sections().iter().find_map(|section| {
        let begin = section.begin.load(Ordering::Acquire);
        let is_near = begin > BEING_FILLED
            && section.low.load(Ordering::Relaxed) <= address
            && address < section.high.load(Ordering::Relaxed);
        if !is_near {
            return None;
        }
        // SAFETY: it was not removed, and will not be as long as its code is live.
        let all = unsafe { all_in(begin) }.take(section.count.load(Ordering::Relaxed));
        // SAFETY: as above.
        let all = all.filter_map(|description| unsafe { Description::at(description) });
        let mut all = all.filter(|description| description.has(address));
        let found = all.find_map(|description| description.of(address));
        if found.is_some() {
            section.is_used.store(true, Ordering::Relaxed);
        }
        found
    })
}

#[cfg(test)]
mod tests {
    use super::{add, find, remove};
    use crate::stack::native::bytes::{Bytes, Encoding};
    use crate::stack::native::module;
    use crate::stack::native::table;

    #[test]
    fn a_section_tells_what_its_index_does() {
        let address = crate::stack::native::forget_meanings as *const () as usize + 1;
        let module = module::find(address).expect("loaded");
        // SAFETY: the section's address stands behind four bytes of the index.
        let begin = unsafe {
            let mut bytes = Bytes::new((module.table + 4) as *const u8);
            bytes.pointer(Encoding(0x1b)).expect("as linkers write it")
        };
        assert!(find(address).is_none());
        // SAFETY: the section of this program.
        unsafe { add(begin, usize::MAX) };
        let (found, wanted) = (find(address), table::find(address));
        let (found, wanted) = (found.expect("registered"), wanted.expect("indexed"));
        assert_eq!(found.function, wanted.function);
        assert_eq!(format!("{:?}", found.row), format!("{:?}", wanted.row));
        assert!(find(module.end + 4096).is_none());
        remove(begin);
        assert!(find(address).is_none());
        // SAFETY: it has more than one.
        unsafe { add(begin, 1) };
        assert!(find(address).is_none(), "that of another function");
        remove(begin);
    }
}
