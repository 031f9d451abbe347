//! What may be spent on keeping things, given what was saved by those that were kept.
//!
//! To keep a stack costs more than to find one that is known. A program that seldom comes to the same
//! place twice would pay for it again and again and gain nothing: so it is paid for by the events
//! in between.

/// The most that can be saved up.
const LIMIT: u64 = 8192;
/// The bytes of events that come with an allocation, about.
const EVENTS: u64 = 32;
/// Without savings, one in so many is kept.
const NOW_AND_THEN: u32 = 16;

/// What a thread has saved, in events.
#[derive(Debug)]
pub struct Savings {
    amount: u64,
    /// How far the stream was when they were last counted, in bytes.
    position: u64,
    /// Counts what could have been kept.
    asked: u32,
}

impl Savings {
    /// Enough to begin with.
    pub const fn new() -> Self {
        Self {
            amount: LIMIT,
            position: 0,
            asked: 0,
        }
    }

    /// Whether to pay a price, in events; `position` tells how far the stream is, in bytes.
    pub fn pay(&mut self, price: u64, position: u64) -> bool {
        let events = position.wrapping_sub(self.position) / EVENTS;
        self.amount = (self.amount + events.min(LIMIT)).min(LIMIT);
        self.position = position;
        self.asked = self.asked.wrapping_add(1);
        if self.amount < price && !self.asked.is_multiple_of(NOW_AND_THEN) {
            return false;
        }
        self.amount = self.amount.saturating_sub(price);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMIT, NOW_AND_THEN, Savings};

    #[test]
    fn what_is_spent_has_to_be_saved_first() {
        let mut savings = Savings::new();
        assert!(savings.pay(LIMIT, 0));
        assert!(!savings.pay(1, 31), "less than an event");
        assert!(savings.pay(2, 31 + 64), "two more");
        assert!(!savings.pay(1, 31 + 64));
    }

    #[test]
    fn without_savings_one_in_a_few_is_kept() {
        let mut savings = Savings::new();
        assert!(savings.pay(LIMIT, 0));
        let kept = (0..160).filter(|_| savings.pay(8, 0)).count();
        assert_eq!(kept, 160 / NOW_AND_THEN as usize);
    }
}
