//! The rules that were learned. The table of all rules is one in which others may take their places, and
//! what was learned can't be read anywhere again.

use super::entry::Entry;
use super::generation_of;
use crate::stack::native::probes::{PROBES, places};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Rules that are kept. With more, some are learned again and again.
const ENTRIES: usize = 1 << 14;

static LESSONS: [Entry; ENTRIES] = [const { Entry::new() }; ENTRIES];

/// Which of the places is taken where all are in use.
static TURN: AtomicUsize = AtomicUsize::new(0);

/// The rule of a key, if it was learned.
pub(super) fn find(key: u64) -> Option<u64> {
    places(&LESSONS, key).find_map(|entry| {
        let (known, rule) = entry.get();
        (known == key).then_some(rule)
    })
}

/// Keeps a rule, if need be in place of one of another generation.
pub(super) fn keep(key: u64, rule: u64) {
    let is_free = |entry: &&Entry| {
        let (known, _) = entry.get();
        known == key || generation_of(known) != generation_of(key)
    };
    let turn = TURN.fetch_add(1, Ordering::Relaxed) % PROBES;
    let free = places(&LESSONS, key).find(is_free);
    if let Some(entry) = free.or_else(|| places(&LESSONS, key).nth(turn)) {
        entry.put(key, rule);
    }
}

#[cfg(test)]
mod tests {
    use super::{find, keep};

    #[test]
    fn lessons_stay_until_they_are_old() {
        for generation in 2..5u64 {
            let key = |ip: u64| (generation << 48) + ip * 11;
            for ip in 0..6000 {
                keep(key(ip), ip + generation);
            }
            let is_known = |ip: &u64| find(key(*ip)) == Some(*ip + generation);
            assert_eq!((0..6000).filter(is_known).count(), 6000);
            assert_eq!(find(key(0) + 1), None);
        }
    }
}
