//! Up to where nothing is missing.
//!
//! The recorder keeps what a thread wrote for at most 200 ms before it is a chunk, and it visits
//! every ring at least each 20 ms, taking a turn each time, so that no run outlasts a visit. So
//! when a chunk of a time is in the file, all that was written some visits more than 200 ms before
//! is there too, and has smaller turns than any event that is still to come.

use memprof_recorder::capture::{Chunk, ChunkKind};
use memprof_wire::units::{Microseconds, Turn};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What the recorder may hold back, and three visits, and some time for a busy machine.
const HELD_BACK: u64 = 300_000;
/// When a file has not grown for so long, nothing is held back.
const QUIET: Duration = Duration::from_secs(1);

/// Finds the turn up to which everything is there.
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// The latest time that is in the file.
    latest: Microseconds,
    /// Of chunks whose time is not long enough ago: when they were drained, and their turn.
    recent: VecDeque<(Microseconds, Turn)>,
    /// Everything below is there.
    turn: Turn,
    /// When that turn was the last.
    time: Microseconds,
    grown: Option<Instant>,
}

impl Cut {
    /// There is a new chunk in the file.
    pub(super) fn chunk(&mut self, chunk: &Chunk, now: Instant) {
        let turn = (chunk.head.kind == ChunkKind::Events).then_some(chunk.head.turn);
        self.drained(chunk.head.last, turn, now);
    }

    fn drained(&mut self, time: Microseconds, turn: Option<Turn>, now: Instant) {
        self.grown = Some(now);
        self.latest = self.latest.max(time);
        self.recent.extend(turn.map(|turn| (time, turn)));
        let safe = self.latest.0.saturating_sub(HELD_BACK);
        // chunks are nearly in the order of their times
        while let Some(&(time, turn)) = self.recent.front()
            && time.0 <= safe
        {
            self.turn = self.turn.max(turn);
            self.time = self.time.max(time);
            self.recent.pop_front();
        }
    }

    /// The last turn that is complete, and a time before which nothing has a later one.
    pub(super) fn last(&self, now: Instant) -> (Turn, Microseconds) {
        if self.is_quiet(now) {
            (Turn(u64::MAX), Microseconds(self.latest.0 + 1))
        } else {
            (Turn(self.turn.0.saturating_sub(1)), self.time)
        }
    }

    /// Whether the file has not grown for long.
    pub(super) fn is_quiet(&self, now: Instant) -> bool {
        self.grown
            .is_none_or(|grown| now.duration_since(grown) >= QUIET)
    }

    /// The latest time that is in the file.
    pub(super) fn latest(&self) -> Microseconds {
        self.latest
    }
}

#[cfg(test)]
mod tests {
    use super::{Cut, QUIET};
    use memprof_wire::units::{Microseconds, Turn};
    use std::time::Instant;

    #[test]
    fn only_what_is_long_enough_ago_is_complete() {
        let now = Instant::now();
        let mut cut = Cut::default();
        cut.drained(Microseconds(100_000), Some(Turn(10)), now);
        cut.drained(Microseconds(350_000), Some(Turn(20)), now);
        assert_eq!(cut.last(now), (Turn(0), Microseconds(0)));
        cut.drained(Microseconds(400_000), None, now);
        assert_eq!(cut.last(now), (Turn(9), Microseconds(100_000)));
        cut.drained(Microseconds(700_000), Some(Turn(30)), now);
        assert_eq!(cut.last(now), (Turn(19), Microseconds(350_000)));
        assert_eq!(
            cut.last(now + QUIET),
            (Turn(u64::MAX), Microseconds(700_001))
        );
        assert_eq!(cut.latest(), Microseconds(700_000));
    }
}
