//! How long to sleep between two visits to the rings.

use std::time::Duration;

/// While events flow: rings hold many times what a program writes in this time, and a thousand
/// wake-ups a second cost one or two hundredths of a core.
const FLOWING: Duration = Duration::from_millis(1);
/// When a ring was found more than a third full, or somebody may wait for what is seen.
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

    /// The pause after a visit that found so many bytes, and a ring `fullest` percent full; whether it
    /// `is_awaited` what the next one tells.
    pub(super) fn next(&mut self, bytes: u64, fullest: u64, is_awaited: bool) -> Duration {
        self.pause = if fullest > THIRD || is_awaited {
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
        assert_eq!(pace.next(10, 1, false), FLOWING);
        assert_eq!(pace.next(10, 34, false), HURRIED);
        assert_eq!(pace.next(10, 33, false), FLOWING);
        let mut quiet = |visits| (0..visits).map(|_| pace.next(0, 0, false)).last();
        assert_eq!(quiet(1), Some(FLOWING * 2));
        assert_eq!(quiet(2), Some(QUIET));
        assert_eq!(quiet(100), Some(IDLE));
        assert_eq!(pace.next(0, 0, true), HURRIED);
        assert_eq!(pace.next(1, 0, false), FLOWING);
    }
}
