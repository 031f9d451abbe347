//! How fast each row allocates: the difference between two looks that are a second apart.

use super::Rate;
use crate::profile::Totals;
use crate::replay::RowId;

/// Seconds between two looks.
const INTERVAL: f64 = 1.0;

/// The rates of all rows, and of all events.
#[derive(Debug, Default)]
pub(super) struct Rates {
    /// When somebody looked last, in seconds of the recording.
    time: Option<f64>,
    before: Vec<Totals>,
    events_before: u64,
    spaces_before: Vec<u64>,
    rows: Vec<Rate>,
    /// Allocations and frees a second.
    pub events: f64,
    /// The same of each address space.
    spaces: Vec<f64>,
}

/// What was counted since the recording began.
pub(super) struct Counts<R, S> {
    /// Allocations and frees.
    pub events: u64,
    /// The same of each address space.
    pub spaces: S,
    /// What was allocated, by row.
    pub rows: R,
}

impl Rates {
    /// Looks again, if it is time to.
    pub(super) fn look(
        &mut self,
        time: f64,
        counts: Counts<impl Iterator<Item = Totals>, impl Iterator<Item = u64>>,
    ) {
        let passed = self.time.map(|before| time - before);
        if passed.is_some_and(|passed| passed < INTERVAL) {
            return;
        }
        let events = counts.events;
        let now: Vec<Totals> = counts.rows.collect();
        let spaces: Vec<u64> = counts.spaces.collect();
        if let Some(passed) = passed {
            let before = self.before.iter().copied();
            let before = before.chain(std::iter::repeat(Totals::ZERO));
            self.rows = now
                .iter()
                .zip(before)
                .map(|(&now, before)| Rate {
                    bytes: (now - before).bytes as f64 / passed,
                    blocks: (now - before).blocks as f64 / passed,
                })
                .collect();
            let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / passed;
            self.events = rate(events, self.events_before);
            let before = self.spaces_before.iter().copied();
            let before = before.chain(std::iter::repeat(0));
            let both = spaces.iter().zip(before);
            self.spaces = both.map(|(&now, before)| rate(now, before)).collect();
        }
        self.time = Some(time);
        self.before = now;
        self.events_before = events;
        self.spaces_before = spaces;
    }

    /// Allocations and frees a second in an address space.
    pub(super) fn events_of(&self, space: usize) -> f64 {
        self.spaces.get(space).copied().unwrap_or_default()
    }

    /// The rate of a row.
    pub(super) fn of(&self, row: RowId) -> Rate {
        let place = (row.0 as usize).checked_sub(1);
        let rate = place.and_then(|place| self.rows.get(place));
        rate.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Rates};
    use crate::profile::Totals;
    use crate::replay::RowId;

    #[test]
    fn rates_are_of_a_second_or_more() {
        let mut rates = Rates::default();
        let mut look = |time, events, rows: &[(i64, i64)], spaces: &[u64]| {
            let totals = |&(bytes, blocks): &(i64, i64)| Totals { bytes, blocks };
            let rows = rows.iter().map(totals);
            let spaces = spaces.iter().copied();
            rates.look(
                time,
                Counts {
                    events,
                    spaces,
                    rows,
                },
            );
        };
        look(1.0, 10, &[(100, 1)], &[10]);
        look(1.5, 99, &[(900, 9)], &[99]);
        look(3.0, 110, &[(500, 5), (8, 2)], &[70, 40]);
        assert!((rates.of(RowId(1)).bytes - 200.0).abs() < 1e-9);
        assert!((rates.of(RowId(2)).blocks - 1.0).abs() < 1e-9);
        assert!((rates.events - 50.0).abs() < 1e-9);
        assert!((rates.events_of(0) - 30.0).abs() < 1e-9);
        assert!((rates.events_of(1) - 20.0).abs() < 1e-9);
        assert!(rates.events_of(2).abs() < 1e-9);
        assert!(rates.of(RowId(3)).bytes.abs() < 1e-9);
    }
}
