//! The replay against a naive one that keeps whole copies of the heap.

use super::Replay;
use crate::profile::Totals;
use crate::replay::order::Order;
use crate::replay::recorded::{Recorded, allocation_at, free, free_object};
use crate::replay::snapshot::{Bound, Detail, Snapshot, Span};
use crate::replay::temporary::Temporary;
use memprof_wire::event::{Event, MappingKind, MarkKind};
use memprof_wire::units::{Address, Microseconds, Size, StackId};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What somebody did.
#[derive(Clone, Debug)]
pub(in crate::replay) enum Step {
    Allocate { address: u64, size: u64, stack: u32 },
    Free { address: u64, type_id: Option<u32> },
    FreeAndCancel { address: u64 },
    Map { page: u64, pages: u64, stack: u32 },
    Unmap { page: u64, pages: u64 },
}

pub(in crate::replay) fn steps() -> impl Strategy<Value = Vec<(u32, Step)>> {
    let address = 1u64..40;
    let step = prop_oneof![
        8 => (address.clone(), 0u64..500, 1u32..4)
            .prop_map(|(address, size, stack)| Step::Allocate { address: address * 32, size, stack }),
        7 => (address.clone(), proptest::option::of(1u32..4))
            .prop_map(|(address, type_id)| Step::Free { address: address * 32, type_id }),
        1 => address.prop_map(|address| Step::FreeAndCancel { address: address * 32 }),
        1 => (16u64..30, 1u64..5, 1u32..4)
            .prop_map(|(page, pages, stack)| Step::Map { page, pages, stack }),
        1 => (16u64..30, 1u64..8).prop_map(|(page, pages)| Step::Unmap { page, pages }),
    ];
    proptest::collection::vec((0u32..3, step), 1..150)
}

/// Where something came from: thread, and stack in it.
type Place = (u32, u32);

/// A block, or a page of a mapping.
#[derive(Clone, Copy, Debug)]
struct Live {
    place: Place,
    bytes: i64,
    born: usize,
    /// The type that it will turn out to have had.
    type_id: Option<u32>,
    mapping: Option<usize>,
}

#[derive(Clone, Default)]
struct Naive {
    live: BTreeMap<u64, Live>,
}

impl Naive {
    fn bytes(&self) -> i64 {
        self.live.values().map(|live| live.bytes).sum()
    }

    fn by_place(&self, after: usize) -> BTreeMap<(Place, Option<u32>), Totals> {
        let mut totals: BTreeMap<_, Totals> = BTreeMap::new();
        let mut mappings = Vec::new();
        for live in self.live.values().filter(|live| live.born > after) {
            let fresh = live
                .mapping
                .is_none_or(|mapping| !mappings.contains(&mapping));
            mappings.extend(live.mapping);
            let total = totals.entry((live.place, live.type_id)).or_default();
            *total += Totals {
                bytes: live.bytes,
                blocks: i64::from(fresh),
            };
        }
        totals.retain(|_, total| !total.is_zero());
        totals
    }
}

/// Replays naively. Returns the heap at each step; types are filled in afterwards.
fn naive(steps: &[(u32, Step)]) -> Vec<Naive> {
    let mut heaps = vec![Naive::default()];
    for (number, (thread, step)) in steps.iter().enumerate() {
        let born = number + 1;
        let mut heap = heaps.last().expect("never empty").clone();
        match *step {
            Step::Allocate {
                address,
                size,
                stack,
            } => {
                let place = (*thread, stack);
                let live = Live {
                    place,
                    bytes: size as i64,
                    born,
                    type_id: None,
                    mapping: None,
                };
                heap.live.insert(address, live);
            }
            Step::Free { address, type_id } => {
                if let Some(gone) = heap.live.remove(&address) {
                    for heap in &mut heaps {
                        if let Some(live) = heap.live.get_mut(&address)
                            && live.born == gone.born
                        {
                            live.type_id = type_id;
                        }
                    }
                }
            }
            Step::FreeAndCancel { .. } => {}
            Step::Map { page, pages, stack } => {
                for page in page..page + pages {
                    let place = (*thread, stack);
                    let mapping = Some(born);
                    let live = Live {
                        place,
                        bytes: 4096,
                        born,
                        type_id: None,
                        mapping,
                    };
                    heap.live.insert(page * 4096, live);
                }
            }
            Step::Unmap { page, pages } => {
                for page in page..page + pages {
                    heap.live.remove(&(page * 4096));
                }
            }
        }
        heaps.push(heap);
    }
    heaps
}

/// The recording of somebody who did that, with two marks.
pub(in crate::replay) fn recorded(steps: &[(u32, Step)], marks: [usize; 2]) -> Recorded {
    let mut recorded = Recorded::default();
    for thread in 0..3 {
        recorded.turn(thread, u64::from(thread) + 1);
        for stack in 1..4 {
            recorded.stack(thread, stack, 0, thread * 10 + stack);
        }
    }
    let point = |name| Event::Mark {
        kind: MarkKind::Point,
        name,
    };
    for (number, (thread, step)) in steps.iter().enumerate() {
        recorded.turn(*thread, number as u64 + 10);
        if number == marks[0] {
            recorded.event(*thread, point(b"a"));
        }
        if number == marks[1] {
            recorded.event(*thread, point(b"b"));
        }
        match *step {
            Step::Allocate {
                address,
                size,
                stack,
            } => {
                recorded.event(*thread, allocation_at(address, size, stack));
            }
            Step::Free {
                address,
                type_id: Some(type_id),
            } => {
                recorded.event(*thread, free_object(address, type_id));
            }
            Step::Free {
                address,
                type_id: None,
            } => {
                recorded.event(*thread, free(address));
            }
            Step::FreeAndCancel { address } => {
                recorded
                    .event(*thread, free(address))
                    .event(*thread, Event::FreeCancelled);
            }
            Step::Map { page, pages, stack } => {
                let address = Address(page * 4096);
                let length = Size(pages * 4096);
                let kind = MappingKind::Anonymous;
                let stack = StackId(stack);
                recorded.event(
                    *thread,
                    Event::Map {
                        address,
                        length,
                        kind,
                        stack,
                    },
                );
            }
            Step::Unmap { page, pages } => {
                let (address, length) = (Address(page * 4096), Size(pages * 4096));
                recorded.event(*thread, Event::Unmap { address, length });
            }
        }
    }
    recorded
}

fn replay<O: crate::replay::Observer>(recorded: &Recorded, observer: O) -> Replay<O> {
    let mut order = Order::new(recorded, recorded.streams()).expect("in memory");
    let mut replay = Replay::new(4096, observer);
    order.drive(&mut replay).expect("in memory");
    replay.finish();
    assert_eq!(order.damage(), []);
    replay
}

fn snapshot(span: Span) -> Snapshot {
    Snapshot::new(span, Detail::Type)
}

fn by_place(replay: &Replay<Snapshot>) -> BTreeMap<(Place, Option<u32>), Totals> {
    let mut totals: BTreeMap<_, Totals> = BTreeMap::new();
    for typed in replay.observer.totals() {
        let row = replay.rows.get(typed.row);
        let place = (row.stream.0, call_number(replay, row.call));
        *totals
            .entry((place, typed.type_id.map(|type_id| type_id.0)))
            .or_default() += typed.totals;
    }
    totals.retain(|_, total| !total.is_zero());
    totals
}

/// The number of the stack in its thread, as `recorded` made them.
fn call_number(replay: &Replay<Snapshot>, call: crate::replay::CallId) -> u32 {
    match replay.definitions.calls.call(call) {
        Some(crate::replay::Call::Python { code, .. }) => code.0 % 10,
        _ => 0,
    }
}

proptest! {
    #[test]
    fn every_moment_is_as_in_the_naive_replay(steps in steps(), marks in any::<[proptest::sample::Index; 2]>()) {
        let mut marks = marks.map(|mark| mark.index(steps.len()));
        marks.sort_unstable();
        let heaps = naive(&steps);
        let recorded = recorded(&steps, marks);

        let highest = heaps.iter().map(Naive::bytes).max().expect("never empty");
        let peak = heaps.iter().find(|heap| heap.bytes() == highest).expect("it is one of them");
        let got = replay(&recorded, snapshot(Span::at(Bound::Peak)));
        prop_assert_eq!(got.ledger.peak.heap.bytes, highest);
        prop_assert_eq!(by_place(&got), peak.by_place(0));

        let got = replay(&recorded, snapshot(Span::at(Bound::End)));
        let end = heaps.last().expect("never empty");
        prop_assert_eq!(by_place(&got), end.by_place(0));
        prop_assert_eq!(got.ledger.heap(), end.by_place(0).into_values().sum::<Totals>());

        // the mark stands before the step of its number, which makes the heap of the next number
        let [a, b] = marks;
        let got = replay(&recorded, snapshot(Span::at(Bound::Mark("b".into()))));
        prop_assert_eq!(by_place(&got), heaps[b].by_place(0));
        let between = Span { after: Bound::Mark("a".into()), until: Bound::Mark("b".into()) };
        let got = replay(&recorded, snapshot(between));
        prop_assert_eq!(by_place(&got), heaps[b].by_place(a));

        // a run's time is its turn in milliseconds, and step n is turn n + 10
        let time = Microseconds((a as u64 + 10) * 1000);
        let got = replay(&recorded, snapshot(Span::at(Bound::Time(time))));
        prop_assert_eq!(by_place(&got), heaps[a + 1].by_place(0));
    }

    #[test]
    fn short_lives_are_as_in_the_naive_replay(steps in steps(), within in 0usize..5) {
        let steps: Vec<_> = steps
            .into_iter()
            .filter(|(_, step)| !matches!(step, Step::Map { .. } | Step::Unmap { .. }))
            .collect();
        let mut live: BTreeMap<u64, (u32, u64, usize)> = BTreeMap::new();
        let mut allocations = [0usize; 3];
        let mut expected = Totals::ZERO;
        for (thread, step) in &steps {
            match *step {
                Step::Allocate { address, size, .. } => {
                    let gone = live.insert(address, (*thread, size, allocations[*thread as usize] + 1));
                    if let Some((owner, size, born)) = gone {
                        // the new block is not yet there when the old one is found to be gone
                        if allocations[owner as usize] - born <= within {
                            expected += Totals::block(size as i64);
                        }
                    }
                    allocations[*thread as usize] += 1;
                }
                Step::Free { address, .. } => {
                    if let Some((owner, size, born)) = live.remove(&address)
                        && allocations[owner as usize] - born <= within
                    {
                        expected += Totals::block(size as i64);
                    }
                }
                _ => {}
            }
        }
        let got = replay(&recorded(&steps, [usize::MAX; 2]), Temporary::new(within));
        prop_assert_eq!(got.observer.totals().map(|(_, totals)| totals).sum::<Totals>(), expected);
    }
}

#[test]
fn of_two_equal_peaks_the_first_is_told() {
    let mut recorded = Recorded::default();
    recorded.turn(0, 1).stack(0, 1, 0, 1).stack(0, 2, 0, 2);
    recorded
        .event(0, allocation_at(16, 100, 1))
        .event(0, free(16));
    recorded
        .event(0, allocation_at(16, 100, 2))
        .event(0, free(16));
    let got = replay(&recorded, snapshot(Span::at(Bound::Peak)));
    let expected = BTreeMap::from([(((0, 1), None), Totals::block(100))]);
    assert_eq!(by_place(&got), expected);
}

#[test]
fn counts_of_frees_know_what_was_never_seen_allocated() {
    let mut recorded = Recorded::default();
    recorded.turn(0, 1);
    recorded
        .event(0, allocation_at(16, 100, 0))
        .event(0, free(16))
        .event(0, free(16));
    recorded
        .event(0, allocation_at(32, 5, 0))
        .event(0, allocation_at(32, 7, 0));
    let got = replay(&recorded, ());
    assert_eq!(
        (
            got.ledger.frees,
            got.ledger.unknown_frees,
            got.ledger.overwritten
        ),
        (1, 1, 1)
    );
    assert_eq!(got.ledger.heap(), Totals::block(7));
}

#[test]
fn moving_a_mapping_gives_the_old_one_back() {
    let mut recorded = Recorded::default();
    let none = StackId::NONE;
    let anonymous = MappingKind::Anonymous;
    recorded.turn(0, 1);
    recorded.event(
        0,
        Event::Map {
            address: Address(0x10000),
            length: Size(8192),
            kind: anonymous,
            stack: none,
        },
    );
    recorded.event(
        0,
        Event::Remap {
            old: Address(0x10000),
            old_length: Size(8192),
            new: Address(0x50000),
            new_length: Size(16384),
            stack: none,
        },
    );
    recorded.event(
        0,
        Event::Map {
            address: Address(0x90000),
            length: Size(50_000_000),
            kind: MappingKind::File,
            stack: none,
        },
    );
    let got = replay(&recorded, ());
    assert_eq!(got.ledger.heap(), Totals::block(16384));
    assert_eq!(got.ledger.peak.heap, Totals::block(16384));
    assert_eq!((got.ledger.frees, got.ledger.files), (1, 50_000_000));
}
