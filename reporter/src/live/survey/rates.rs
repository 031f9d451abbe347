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
    rows: Vec<Rate>,
    /// Allocations and frees a second.
    pub events: f64,
}

impl Rates {
    /// Looks again, if it is time to.
    pub(super) fn look(&mut self, time: f64, events: u64, allocated: impl Iterator<Item = Totals>) {
        let passed = self.time.map(|before| time - before);
        if passed.is_some_and(|passed| passed < INTERVAL) {
            return;
        }
        let now: Vec<Totals> = allocated.collect();
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
            self.events = events.saturating_sub(self.events_before) as f64 / passed;
        }
        self.time = Some(time);
        self.before = now;
        self.events_before = events;
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
    use super::Rates;
    use crate::profile::Totals;
    use crate::replay::RowId;

    #[test]
    fn rates_are_of_a_second_or_more() {
        let totals = |bytes, blocks| Totals { bytes, blocks };
        let mut rates = Rates::default();
        rates.look(1.0, 10, [totals(100, 1)].into_iter());
        rates.look(1.5, 99, [totals(900, 9)].into_iter());
        assert!(rates.of(RowId(1)).bytes.abs() < 1e-9);
        rates.look(3.0, 110, [totals(500, 5), totals(8, 2)].into_iter());
        assert!((rates.of(RowId(1)).bytes - 200.0).abs() < 1e-9);
        assert!((rates.of(RowId(2)).blocks - 1.0).abs() < 1e-9);
        assert!((rates.events - 50.0).abs() < 1e-9);
        assert!(rates.of(RowId(3)).bytes.abs() < 1e-9);
    }
}
