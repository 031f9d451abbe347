//! The rules that were learned. The table of all rules ([`rule`](crate::stack::native::rule)) is one
//! in which others may take their places, and what was learned can't be read anywhere again.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Rules that are kept. With more, some are learned again and again.
const ENTRIES: usize = 1 << 14;
/// Places where a rule may stand.
const PROBES: usize = 8;

/// A key mixed with its rule, and the rule: two halves which different threads wrote match no key.
struct Entry {
    mixed: AtomicU64,
    rule: AtomicU64,
}

static LESSONS: [Entry; ENTRIES] = [const {
    Entry {
        mixed: AtomicU64::new(0),
        rule: AtomicU64::new(0),
    }
}; ENTRIES];

/// Which of the places is taken where all are in use.
static TURN: AtomicUsize = AtomicUsize::new(0);

impl Entry {
    /// The key and the rule.
    fn get(&self) -> (u64, u64) {
        let rule = self.rule.load(Ordering::Relaxed);
        (self.mixed.load(Ordering::Relaxed) ^ rule, rule)
    }
}

fn places(key: u64) -> impl Iterator<Item = &'static Entry> {
    let first = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50) as usize;
    (0..PROBES).map(move |probe| &LESSONS[(first + probe) % ENTRIES])
}

/// The rule of a key, if it was learned.
pub fn find(key: u64) -> Option<u64> {
    places(key).find_map(|entry| {
        let (known, rule) = entry.get();
        (known == key).then_some(rule)
    })
}

/// Keeps a rule. `is_old` tells whether that of a key means nothing any more.
pub fn keep(key: u64, rule: u64, is_old: impl Fn(u64) -> bool) {
    let is_free = |entry: &&Entry| {
        let (known, _) = entry.get();
        known == key || is_old(known)
    };
    let turn = TURN.fetch_add(1, Ordering::Relaxed) % PROBES;
    if let Some(entry) = places(key).find(is_free).or_else(|| places(key).nth(turn)) {
        entry.mixed.store(key ^ rule, Ordering::Relaxed);
        entry.rule.store(rule, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{find, keep};

    #[test]
    fn lessons_stay_until_they_are_old() {
        for generation in 2..5u64 {
            let key = |ip: u64| (generation << 48) + ip * 11;
            let is_old = |key: u64| key >> 48 != generation;
            for ip in 0..6000 {
                keep(key(ip), ip + generation, is_old);
            }
            let is_known = |ip: &u64| find(key(*ip)) == Some(*ip + generation);
            assert_eq!((0..6000).filter(is_known).count(), 6000);
            assert_eq!(find(key(0) + 1), None);
        }
    }
}
