//! An entry of a table of rules that all threads share without locks.

use core::sync::atomic::{AtomicU64, Ordering};

/// A key and its rule. The key is stored mixed with the rule, so that two halves which different
/// threads wrote match no key at all.
pub(super) struct Entry {
    mixed: AtomicU64,
    rule: AtomicU64,
}

impl Entry {
    /// One of no rule.
    pub const fn new() -> Self {
        Self {
            mixed: AtomicU64::new(0),
            rule: AtomicU64::new(0),
        }
    }

    /// The key and the rule.
    #[inline(always)]
    pub fn get(&self) -> (u64, u64) {
        let rule = self.rule.load(Ordering::Relaxed);
        (self.mixed.load(Ordering::Relaxed) ^ rule, rule)
    }

    pub fn put(&self, key: u64, rule: u64) {
        self.mixed.store(key ^ rule, Ordering::Relaxed);
        self.rule.store(rule, Ordering::Relaxed);
    }
}
