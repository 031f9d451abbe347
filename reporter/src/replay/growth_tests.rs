//! The moments of growth against the heap as the ledger had it then.

use super::{Growth, LOOKS, Seen};
use crate::profile::Totals;
use crate::replay::recorded::{Recorded, allocation_at, free};
use crate::replay::{Atom, Atoms, Context, Detail, Observer, Order, Replay, RowId, Share, Stamp};
use memprof_wire::event::{Event, MAIN_END, MarkKind};
use memprof_wire::units::{Microseconds, TypeId};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The heap right after each birth, and right before the next one.
#[derive(Default)]
struct Heaps {
    around_births: Vec<(Totals, Totals)>,
    /// What of it was old right after each birth.
    old: Vec<Totals>,
    /// When each living block was born, and its size.
    born: BTreeMap<Stamp, (Microseconds, u64)>,
}

/// What is older is old.
const OLD: Microseconds = Microseconds(200_000);

impl Observer for Heaps {
    fn allocated(&mut self, context: Context<'_>, _: RowId, size: u64, born: Stamp) {
        let heap = context.ledger.heap();
        self.around_births.push((heap, heap));
        let now = context.ledger.now;
        self.born.insert(born, (now, size));
        let old = self
            .born
            .values()
            .filter(|(born, _)| now.0 - born.0 > OLD.0);
        self.old
            .push(old.map(|(_, size)| Totals::block(*size as i64)).sum());
    }

    fn lost(&mut self, context: Context<'_>, share: Share, _: Option<TypeId>) {
        self.born.remove(&share.born);
        if let Some(last) = self.around_births.last_mut() {
            last.1 = context.ledger.heap();
        }
    }
}

fn replay(recorded: &Recorded) -> Replay<(Growth, Heaps)> {
    let atoms = Atoms::new(vec![Atom::Older(OLD)]);
    let mut growth = Growth::new(Microseconds(1_000_000), Detail::Type, atoms);
    growth.births_between = 4;
    growth.next_births = 4;
    let mut order = Order::new(recorded, recorded.streams()).expect("it is whole");
    let mut replay = Replay::new(4096, (growth, Heaps::default()));
    order.drive(&mut replay).expect("it is whole");
    replay.finish();
    replay
}

/// What a moment saw, and what of it was old.
fn at(growth: &Growth, look: usize) -> (Totals, Totals) {
    let sees = |seen: &Seen| (usize::from(seen.first)..usize::from(seen.gone)).contains(&look);
    let all = growth.seen().filter(|(_, seen)| sees(seen));
    let (old, young): (Vec<_>, Vec<_>) = all.partition(|(found, _)| found.answers.get(0));
    let [old, young] = [old, young].map(|part| part.iter().map(|(found, _)| found.totals).sum());
    (old + young, old)
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
            let birth = (look.stamp.0 as usize).wrapping_sub(1);
            let Some((after, before_next)) = heaps.around_births.get(birth) else {
                continue;
            };
            let (all, old) = at(growth, place);
            if look.by_births {
                prop_assert_eq!((all, old), (*after, heaps.old[birth]));
            } else if place == last {
                prop_assert_eq!(all, *before_next);
            }
        }
        for (_, seen) in growth.seen() {
            prop_assert!(seen.born <= seen.first && seen.first < seen.gone);
        }
        let by_births = growth.looks().iter().filter(|look| look.by_births).count();
        prop_assert!(by_births <= 2 * LOOKS);
        if let Some(place) = growth.main_end() {
            prop_assert!(!growth.looks()[place].by_births);
        }
    }
}
