//! What is alive in each row now, and what was at the peak, kept up while events go by.
//!
//! A snapshot counts what dies after its moment; somebody who looks while the program runs cannot
//! wait for that. So here every birth and death is counted at once.

use crate::hashing::NumberMap;
use crate::profile::Totals;
use crate::replay::{Context, Lost, Observer, RowId, Share, SpaceIndex, Stamp};
use memprof_wire::allocator::Domain;
use memprof_wire::units::{Microseconds, TypeId};

/// One row.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    now: Totals,
    at_peak: Totals,
    /// The peak that `at_peak` is true for. If it is another one, the row was not touched since
    /// the peak, and holds what it held then.
    peak: u32,
}

/// What a census found of an address space.
#[derive(Clone, Debug, Default)]
pub struct Living {
    /// When it was taken; `None` for what is alive at the end of the recording.
    pub taken: Option<Microseconds>,
    types: NumberMap<u32, Totals>,
}

impl Living {
    fn add(&mut self, share: Share, type_id: Option<TypeId>) {
        if let Some(type_id) = type_id {
            *self.types.entry(type_id.0).or_default() += share.totals;
        }
    }

    /// How much was alive of each type.
    pub fn types(&self) -> impl Iterator<Item = (TypeId, Totals)> {
        let types = self.types.iter();
        types.map(|(&type_id, &totals)| (TypeId(type_id), totals))
    }
}

/// One address space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpaceTotals {
    /// What is alive.
    pub now: Totals,
    /// The most bytes that were.
    pub peak: i64,
    /// Allocations and frees.
    pub events: u64,
}

/// The totals of all rows, types and address spaces.
#[derive(Debug, Default)]
pub struct Tally {
    cells: Vec<Cell>,
    spaces: Vec<SpaceTotals>,
    /// The totals of the address space that events are of.
    space: SpaceTotals,
    current: usize,
    /// What was freed of each type.
    freed: NumberMap<u32, Totals>,
    /// What the last census of each address space found.
    living: NumberMap<u32, Living>,
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

    /// The totals of an address space.
    pub fn space(&self, SpaceIndex(space): SpaceIndex) -> SpaceTotals {
        let space = space as usize;
        if space == self.current {
            return self.space;
        }
        self.spaces.get(space).copied().unwrap_or_default()
    }

    /// What was freed of each type.
    pub fn freed(&self) -> impl Iterator<Item = (TypeId, Totals)> {
        let types = self.freed.iter();
        types.map(|(&type_id, &totals)| (TypeId(type_id), totals))
    }

    /// What was found alive, of each address space that was looked at.
    pub fn living(&self) -> impl Iterator<Item = &Living> {
        self.living.values()
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

impl SpaceTotals {
    #[inline(always)]
    fn gain(&mut self, totals: Totals) {
        self.now += totals;
        self.peak = self.peak.max(self.now.bytes);
    }
}

impl Observer for Tally {
    const WANTS_CENSUS: bool = true;

    fn enters(&mut self, SpaceIndex(space): SpaceIndex) {
        let space = space as usize;
        let places = self.spaces.len().max(space + 1).max(self.current + 1);
        self.spaces.resize(places, SpaceTotals::default());
        self.spaces[self.current] = self.space;
        self.space = self.spaces[space];
        self.current = space;
    }

    #[inline(always)]
    fn allocated(&mut self, context: Context<'_>, row: RowId, size: u64, _: Stamp) {
        self.space.events += 1;
        // of mappings, `mapped` tells how much of them counts
        if context.rows.get(row).allocator.domain() != Domain::Mapping {
            let makes_peak = self.look_at_peak(context);
            self.change(row, Totals::block(size as i64), makes_peak);
            self.space.gain(Totals::block(size as i64));
        }
    }

    fn mapped(&mut self, context: Context<'_>, share: Share) {
        let makes_peak = self.look_at_peak(context);
        self.change(share.row, share.totals, makes_peak);
        self.space.gain(share.totals);
    }

    #[inline(always)]
    fn lost(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.look_at_peak(context);
        self.change(share.row, -share.totals, false);
        self.space.now -= share.totals;
        self.space.events += 1;
        if let Some(type_id) = type_id {
            *self.freed.entry(type_id.0).or_default() += share.totals;
        }
    }

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        if context.rows.get(lost.share.row).allocator.domain() != Domain::Mapping {
            self.look_at_peak(context);
            self.change(lost.share.row, lost.share.totals, false);
            self.space.gain(lost.share.totals);
        }
        self.space.events = self.space.events.saturating_sub(1);
        if let Some(type_id) = lost.type_id {
            *self.freed.entry(type_id.0).or_default() -= lost.share.totals;
        }
    }

    fn census(&mut self, context: Context<'_>) {
        let living = self.living.entry(self.current as u32).or_default();
        living.taken = Some(context.ledger.now);
        living.types.clear();
    }

    fn living(&mut self, share: Share, type_id: Option<TypeId>) {
        let living = self.living.entry(self.current as u32).or_default();
        living.add(share, type_id);
    }

    fn ended(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        // what is gone is not alive, whatever a census saw
        self.living.remove(&(self.current as u32));
        self.lost(context, share, type_id);
    }

    fn end(&mut self, _: Context<'_>) {
        self.living.clear();
    }

    fn survivor(&mut self, _: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.living.entry(0).or_default().add(share, type_id);
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;
    use crate::hashing::NumberMap;
    use crate::profile::Totals;
    use crate::replay::recorded::{Recorded, allocation_at, free, free_object};
    use crate::replay::{Bound, Detail, Order, Replay, RowId, Snapshot, Span};
    use memprof_wire::allocator::Allocator;
    use memprof_wire::event::Event;
    use memprof_wire::units::{Address, Size, StackId, TypeId};
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
        let freed: Vec<_> = replay.observer.freed().collect();
        assert_eq!(freed, [(TypeId(7), Totals::block(40))]);
    }

    #[test]
    fn a_census_is_what_was_alive_then_until_the_next() {
        let census = |recorded: &mut Recorded, objects: &[(u64, u32)]| {
            recorded.event(0, Event::CensusBegin);
            for &(address, type_id) in objects {
                recorded.event(
                    0,
                    Event::CensusObject {
                        address: Address(address),
                        type_id: TypeId(type_id),
                        waiting: false,
                    },
                );
            }
            recorded.event(0, Event::CensusEnd);
        };
        let object_at = |address, size| Event::Allocation {
            address: Address(address),
            size: Size(size),
            allocator: Allocator::ObjMalloc,
            stack: StackId(0),
        };
        let mut recorded = Recorded::default();
        recorded
            .turn(0, 1)
            .event(0, object_at(0x10, 40))
            .event(0, object_at(0x50, 24));
        census(&mut recorded, &[(0x10, 7), (0x50, 8)]);
        let types_of = |recorded: &Recorded| {
            let mut replay = Replay::new(4096, Tally::default());
            let mut order = Order::new(recorded, recorded.streams()).expect("in memory");
            order.drive(&mut replay).expect("in memory");
            replay.catch_up();
            let living: Vec<_> = replay.observer.living().collect();
            assert_eq!(living.len(), 1);
            let mut types: Vec<_> = living[0].types().collect();
            types.sort_unstable_by_key(|(type_id, _)| *type_id);
            types
        };
        let both = [
            (TypeId(7), Totals::block(40)),
            (TypeId(8), Totals::block(24)),
        ];
        assert_eq!(types_of(&recorded), both);
        recorded.event(0, free(0x50));
        assert_eq!(types_of(&recorded), both, "nobody has looked again");
        census(&mut recorded, &[(0x10, 7)]);
        assert_eq!(types_of(&recorded), both[..1]);
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
