//! The moments of growth against the heap as the ledger had it then.

use super::{Growth, LOOKS, Seen};
use crate::profile::Totals;
use crate::replay::recorded::{Recorded, allocation_at, free};
use crate::replay::{Atoms, Context, Detail, Observer, Order, Replay, RowId, Stamp};
use memprof_wire::event::{Event, MAIN_END, MarkKind};
use memprof_wire::units::Microseconds;
use proptest::prelude::*;

/// The heap right after each birth, and right before the next one.
#[derive(Default)]
struct Heaps(Vec<(Totals, Totals)>);

impl Observer for Heaps {
    fn allocated(&mut self, context: Context<'_>, _: RowId, _: u64, _: Stamp) {
        self.0.push((context.ledger.heap(), context.ledger.heap()));
    }

    fn lost(
        &mut self,
        context: Context<'_>,
        _: crate::replay::Share,
        _: Option<memprof_wire::units::TypeId>,
    ) {
        if let Some(last) = self.0.last_mut() {
            last.1 = context.ledger.heap();
        }
    }
}

fn replay(recorded: &Recorded) -> Replay<(Growth, Heaps)> {
    let mut growth = Growth::new(Microseconds(1_000_000), Detail::Type, Atoms::default());
    growth.births_between = 4;
    growth.next_births = 4;
    let mut order = Order::new(recorded, recorded.streams()).expect("it is whole");
    let mut replay = Replay::new(4096, (growth, Heaps::default()));
    order.drive(&mut replay).expect("it is whole");
    replay.finish();
    replay
}

/// What each moment saw.
fn at(growth: &Growth, look: usize) -> Totals {
    let sees = |seen: &Seen| (usize::from(seen.first)..usize::from(seen.gone)).contains(&look);
    let all = growth.seen().filter(|(_, seen)| sees(seen));
    all.map(|(found, _)| found.totals).sum()
}

proptest! {
    #[test]
    fn every_moment_saw_the_heap_as_it_was(
        steps in proptest::collection::vec((1u64..60, proptest::bool::weighted(0.6)), 1..3000),
        end in 0usize..3000,
    ) {
        let mut recorded = Recorded::default();
        recorded.turn(0, 1);
        let mut live = std::collections::BTreeSet::new();
        for (place, (address, allocate)) in steps.into_iter().enumerate() {
            if place % 97 == 96 {
                recorded.turn(0, place as u64);
            }
            if place == end {
                let name = MAIN_END.as_bytes();
                recorded.event(0, Event::Mark { kind: MarkKind::Point, name });
            }
            if allocate && live.insert(address) {
                recorded.event(0, allocation_at(address * 64, address, 0));
            } else if !allocate && live.remove(&address) {
                recorded.event(0, free(address * 64));
            }
        }
        let replay = replay(&recorded);
        let (growth, heaps) = &replay.observer;
        let last = growth.looks().len() - 1;
        for (place, look) in growth.looks().iter().enumerate() {
            let Some((after, before_next)) = heaps.0.get((look.stamp.0 as usize).wrapping_sub(1)) else {
                continue;
            };
            if look.by_births {
                prop_assert_eq!(at(growth, place), *after);
            } else if place == last {
                prop_assert_eq!(at(growth, place), *before_next);
            }
        }
        let by_births = growth.looks().iter().filter(|look| look.by_births).count();
        prop_assert!(by_births <= 2 * LOOKS);
        if let Some(place) = growth.main_end() {
            prop_assert!(!growth.looks()[place].by_births);
        }
    }
}
