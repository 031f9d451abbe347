//! How long to sleep between two visits to the rings.

use std::time::Duration;

/// While events flow: rings hold many times what a program writes in this time, and a thousand
/// wake-ups a second cost one or two hundredths of a core.
const FLOWING: Duration = Duration::from_millis(1);
/// When a ring was found more than a third full.
const HURRIED: Duration = Duration::from_micros(100);
/// Soon after the last event. The smallest rings hold what a busy thread writes in about this
/// time, so a program that works in bursts has hardly to wait.
const QUIET: Duration = Duration::from_millis(5);
/// After about a second without any.
const IDLE: Duration = Duration::from_millis(20);
/// Percent of a ring.
const THIRD: u64 = 33;

/// Adapts the pause to what was found.
#[derive(Debug)]
pub(super) struct Pace {
    pause: Duration,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { pause: FLOWING }
    }

    /// The pause after a visit that found so many bytes, and a ring `fullest` percent full.
    pub(super) fn next(&mut self, bytes: u64, fullest: u64) -> Duration {
        self.pause = if fullest > THIRD {
            HURRIED
        } else if bytes > 0 {
            FLOWING
        } else if self.pause < QUIET {
            (self.pause * 2).clamp(FLOWING, QUIET)
        } else {
            (self.pause + self.pause / 64).min(IDLE)
        };
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::{FLOWING, HURRIED, IDLE, Pace, QUIET};

    #[test]
    fn pauses_follow_the_flow() {
        let mut pace = Pace::new();
        assert_eq!(pace.next(10, 1), FLOWING);
        assert_eq!(pace.next(10, 34), HURRIED);
        assert_eq!(pace.next(10, 33), FLOWING);
        assert_eq!(pace.next(0, 0), FLOWING * 2);
        assert_eq!((0..2).map(|_| pace.next(0, 0)).last(), Some(QUIET));
        assert_eq!((0..100).map(|_| pace.next(0, 0)).last(), Some(IDLE));
        assert_eq!(pace.next(1, 0), FLOWING);
    }
}
