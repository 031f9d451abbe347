//! What is alive in each row now, and what was at the peak, kept up while events go by.
//!
//! A snapshot counts what dies after its moment; somebody who looks while the program runs cannot
//! wait for that. So here every birth and death is counted at once.

use crate::hashing::NumberMap;
use crate::profile::Totals;
use crate::replay::{Context, Lost, Observer, RowId, Share, Stamp};
use memprof_wire::allocator::Domain;
use memprof_wire::units::TypeId;

/// One row.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    now: Totals,
    at_peak: Totals,
    /// The peak that `at_peak` is true for. If it is another one, the row was not touched since
    /// the peak, and holds what it held then.
    peak: u32,
}

/// How much of a type has died, and what is alive of it, where somebody looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TypeTotals {
    /// Objects that were freed.
    pub freed: Totals,
    /// Objects that were alive at the end.
    pub alive: Totals,
}

/// The totals of all rows and types.
#[derive(Debug, Default)]
pub struct Tally {
    cells: Vec<Cell>,
    types: NumberMap<u32, TypeTotals>,
    /// The number of the peak, and its bytes.
    peak: u32,
    peak_bytes: i64,
}

impl Tally {
    /// What is alive of a row.
    pub fn now(&self, row: RowId) -> Totals {
        self.cells
            .get(row.0 as usize)
            .map_or(Totals::ZERO, |cell| cell.now)
    }

    /// What was alive of a row when the heap was largest.
    pub fn at_peak(&self, row: RowId) -> Totals {
        self.cells
            .get(row.0 as usize)
            .map_or(Totals::ZERO, |cell| match cell.peak {
                peak if peak == self.peak => cell.at_peak,
                _ => cell.now,
            })
    }

    /// All types that were seen.
    pub fn types(&self) -> impl Iterator<Item = (TypeId, TypeTotals)> {
        self.types
            .iter()
            .map(|(&type_id, &totals)| (TypeId(type_id), totals))
    }

    /// Notes a new peak. Returns whether there is one.
    #[inline(always)]
    fn look_at_peak(&mut self, context: Context<'_>) -> bool {
        let bytes = context.ledger.peak.heap.bytes;
        if bytes <= self.peak_bytes {
            return false;
        }
        self.peak_bytes = bytes;
        self.peak += 1;
        true
    }

    #[inline(always)]
    fn cell(&mut self, row: RowId) -> &mut Cell {
        let place = row.0 as usize;
        if place >= self.cells.len() {
            self.cells.resize(place + 1, Cell::default());
        }
        &mut self.cells[place]
    }

    #[inline(always)]
    fn change(&mut self, row: RowId, totals: Totals, makes_peak: bool) {
        let peak = self.peak;
        let cell = self.cell(row);
        if cell.peak != peak && !makes_peak {
            cell.at_peak = cell.now;
            cell.peak = peak;
        }
        cell.now += totals;
    }
}

impl Observer for Tally {
    #[inline(always)]
    fn allocated(&mut self, context: Context<'_>, row: RowId, size: u64, _: Stamp) {
        // of mappings, `mapped` tells how much of them counts
        if context.rows.get(row).allocator.domain() != Domain::Mapping {
            let makes_peak = self.look_at_peak(context);
            self.change(row, Totals::block(size as i64), makes_peak);
        }
    }

    fn mapped(&mut self, context: Context<'_>, share: Share) {
        let makes_peak = self.look_at_peak(context);
        self.change(share.row, share.totals, makes_peak);
    }

    #[inline(always)]
    fn lost(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.look_at_peak(context);
        self.change(share.row, -share.totals, false);
        if let Some(type_id) = type_id {
            self.types.entry(type_id.0).or_default().freed += share.totals;
        }
    }

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        if context.rows.get(lost.share.row).allocator.domain() != Domain::Mapping {
            self.look_at_peak(context);
            self.change(lost.share.row, lost.share.totals, false);
        }
        if let Some(type_id) = lost.type_id {
            self.types.entry(type_id.0).or_default().freed -= lost.share.totals;
        }
    }

    fn survivor(&mut self, _: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if let Some(type_id) = type_id {
            self.types.entry(type_id.0).or_default().alive += share.totals;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;
    use crate::hashing::NumberMap;
    use crate::profile::Totals;
    use crate::replay::recorded::{Recorded, allocation_at, free, free_object};
    use crate::replay::{Bound, Detail, Order, Replay, RowId, Snapshot, Span};
    use proptest::prelude::*;

    #[test]
    fn objects_are_counted_by_type_when_they_die() {
        let mut recorded = Recorded::default();
        recorded
            .turn(0, 1)
            .event(0, allocation_at(0x10, 40, 0))
            .event(0, free_object(0x10, 7));
        let mut replay = Replay::new(4096, Tally::default());
        let mut order = Order::new(&recorded, recorded.streams()).expect("in memory");
        order.drive(&mut replay).expect("in memory");
        replay.catch_up();
        let types: Vec<_> = replay.observer.types().collect();
        assert_eq!(types.len(), 1);
        assert_eq!((types[0].0.0, types[0].1.freed), (7, Totals::block(40)));
    }

    proptest! {
        #[test]
        fn now_and_peak_are_those_of_a_snapshot(
            steps in proptest::collection::vec((0u32..4, 1u64..40, 1u64..1000), 1..400),
        ) {
            let mut recorded = Recorded::default();
            recorded.turn(0, 1).code(0, 1, "f", "a.py", 1);
            for stack in 1..4 {
                recorded.stack(0, stack, stack - 1, 1);
            }
            let mut alive = std::collections::HashSet::new();
            for (stack, address, size) in steps {
                let address = address * 16;
                if alive.insert(address) {
                    recorded.event(0, allocation_at(address, size, stack));
                } else {
                    alive.remove(&address);
                    recorded.event(0, free(address));
                }
            }
            let snapshot = |bound| Snapshot::new(Span::at(bound), Detail::Type);
            let observer = (Tally::default(), (snapshot(Bound::Peak), snapshot(Bound::End)));
            let mut replay = Replay::new(4096, observer);
            let mut order = Order::new(&recorded, recorded.streams()).expect("in memory");
            order.drive(&mut replay).expect("in memory");
            replay.finish();
            let (tally, (peak, end)) = &replay.observer;
            let sums = |snapshot: &Snapshot| {
                let mut sums: NumberMap<u32, Totals> = NumberMap::default();
                for found in snapshot.totals() {
                    *sums.entry(found.row.0).or_default() += found.totals;
                }
                sums
            };
            let (peak, end) = (sums(peak), sums(end));
            for row in 1..replay.rows.count_of_numbers() as u32 {
                let of = |sums: &NumberMap<u32, Totals>| sums.get(&row).copied().unwrap_or_default();
                prop_assert_eq!(tally.now(RowId(row)), of(&end));
                prop_assert_eq!(tally.at_peak(RowId(row)), of(&peak));
            }
        }
    }
}
