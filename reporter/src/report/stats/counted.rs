//! What the numbers are made of: all that was recorded, or what passes a filter.

use crate::profile::{Passing, Request, Totals};
use crate::replay::{
    Allocated, Bound, Detail, DetailedTotals, Replay, RowId, SizeRange, Sizes, Snapshot, Span,
};

/// What has to be seen of a replay.
pub type StatsObserver = (Sizes, Option<Finely>);

/// With a filter, every block has to be told apart: what was allocated, and of that what was alive
/// at the program's peak and at its end.
pub type Finely = (Allocated, (Snapshot, Snapshot));

/// Who watches, for what is asked.
pub fn observer(request: &Request) -> StatsObserver {
    let finely = request.filter.is_some() || request.thread.is_some();
    let finely = finely.then(|| {
        let snapshot = |bound| Snapshot::new(Span::at(bound), Detail::Type).asking(request.atoms());
        let ever = Allocated::new(true, Detail::TypeAndSize, request.atoms());
        (ever, (snapshot(Bound::Peak), snapshot(Bound::End)))
    });
    (Sizes::default(), finely)
}

/// The sums.
#[derive(Debug)]
pub(super) struct Counted {
    /// What was ever allocated in each row; a row may come more than once.
    pub(super) allocated: Vec<(RowId, Totals)>,
    pub(super) frees: u64,
    /// What was alive when the heap of the program was largest.
    pub(super) peak: Totals,
    pub(super) end: Totals,
    pub(super) sizes: Vec<SizeRange>,
}

impl Counted {
    pub(super) fn new(replay: &Replay<StatsObserver>, passing: &Passing<'_>) -> Self {
        let (sizes, finely) = &replay.observer;
        let ledger = &replay.ledger;
        let Some((ever, (peak, end))) = finely else {
            let rows = replay.rows.iter();
            return Self {
                allocated: rows.map(|(row, found)| (row, found.allocated)).collect(),
                frees: ledger.frees,
                peak: ledger.peak.heap,
                end: ledger.heap() + ledger.left,
                sizes: sizes.ranges(),
            };
        };
        let mut asking = passing.ask();
        let mut pass = |found: &DetailedTotals| asking.found(found);
        let ever: Vec<DetailedTotals> = ever.totals(&replay.rows).filter(&mut pass).collect();
        let peak = peak.totals().filter(&mut pass).map(|found| found.totals);
        let peak = peak.sum();
        let end = end.totals().filter(&mut pass).map(|found| found.totals);
        let end: Totals = end.sum();
        let mut sizes = Sizes::default();
        for found in &ever {
            // of a mapping, what was left of it when it went
            let size = found.size.unwrap_or(found.totals.bytes.unsigned_abs());
            sizes.add(size, found.totals.blocks.unsigned_abs());
        }
        let blocks: i64 = ever.iter().map(|found| found.totals.blocks).sum();
        Self {
            frees: (blocks - end.blocks).unsigned_abs(),
            allocated: ever.iter().map(|found| (found.row, found.totals)).collect(),
            peak,
            end,
            sizes: sizes.ranges(),
        }
    }
}
