//! A window against a whole replay.

use super::{Answer, Window};
use crate::profile::Totals;
use crate::replay::pipeline::drive_window;
use crate::replay::recorded::{Recorded, allocation_at, free, free_object};
use crate::replay::{Bound, Detail, Order, Peak, Replay, Snapshot, Span};
use memprof_wire::event::{Event, MappingKind, MarkKind};
use memprof_wire::units::{Address, Microseconds, Size, StackId, Turn, TypeId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What somebody does; what cannot be done is left.
#[derive(Clone, Debug)]
enum Act {
    /// Allocates at an address, or frees what is there.
    Toggle {
        place: u64,
        size: u64,
        stack: u32,
        type_id: Option<u32>,
    },
    Define {
        code: u32,
    },
    Rename,
    Map {
        page: u64,
        pages: u64,
        file: bool,
    },
    Unmap {
        page: u64,
        pages: u64,
    },
    Mark {
        name: &'static str,
    },
    Cut,
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<(u32, u64, Act)>> {
    let act = prop_oneof![
        40 => (1u64..60, 0u64..500, 0u32..9, proptest::option::of(1u32..4)).prop_map(
            |(place, size, stack, type_id)| Act::Toggle { place, size, stack, type_id }
        ),
        2 => (1u32..9).prop_map(|code| Act::Define { code }),
        1 => Just(Act::Rename),
        2 => (16u64..30, 1u64..5, any::<bool>())
            .prop_map(|(page, pages, file)| Act::Map { page, pages, file }),
        1 => (16u64..30, 1u64..8).prop_map(|(page, pages)| Act::Unmap { page, pages }),
        1 => prop_oneof![Just("a"), Just("b")].prop_map(|name| Act::Mark { name }),
        3 => Just(Act::Cut),
        4 => Just(Act::Restart),
    ];
    // how long each waits before it acts, in turns of a millisecond
    let wait = prop_oneof![3 => Just(0u64), 3 => Just(1), 1 => 2u64..30];
    proptest::collection::vec((0u32..3, wait, act), 1..300)
}

fn recorded(acts: &[(u32, u64, Act)]) -> Recorded {
    let mut recorded = Recorded::default();
    let mut alive = BTreeSet::new();
    let mut stacks = [0u32; 3];
    let (mut turn, mut running) = (1, 0);
    recorded.turn(0, turn);
    for (stream, wait, act) in acts {
        let stream = *stream;
        if *wait > 0 || stream != running {
            turn += (*wait).max(1);
            recorded.turn(stream, turn);
            running = stream;
        }
        let defined = &mut stacks[stream as usize];
        match *act {
            Act::Toggle {
                place,
                size,
                stack,
                type_id,
            } => {
                let address = place * 32;
                if alive.insert(place) {
                    recorded.event(stream, allocation_at(address, size, stack.min(*defined)));
                } else {
                    alive.remove(&place);
                    let event = type_id.map_or(free(address), |id| free_object(address, id));
                    recorded.event(stream, event);
                }
            }
            Act::Define { code } => {
                *defined += 1;
                recorded.stack(stream, *defined, *defined / 2, code);
            }
            Act::Rename => {
                recorded.event(stream, Event::ThreadName(b"another"));
            }
            Act::Map { page, pages, file } => {
                let kind = if file {
                    MappingKind::File
                } else {
                    MappingKind::Anonymous
                };
                let (address, length) = (Address(page << 12), Size(pages << 12));
                let stack = StackId(*defined);
                recorded.event(
                    stream,
                    Event::Map {
                        address,
                        length,
                        kind,
                        stack,
                    },
                );
            }
            Act::Unmap { page, pages } => {
                let (address, length) = (Address(page << 12), Size(pages << 12));
                recorded.event(stream, Event::Unmap { address, length });
            }
            Act::Mark { name } => {
                recorded.event(stream, mark(name));
            }
            Act::Cut => {
                recorded.cut(stream);
            }
            Act::Restart => {
                recorded.restart(stream);
            }
        }
    }
    recorded
}

fn mark(name: &'static str) -> Event<'static> {
    Event::Mark {
        kind: MarkKind::Point,
        name: name.as_bytes(),
    }
}

/// What a report is made from.
#[derive(Debug, PartialEq)]
struct Told {
    alive: BTreeMap<String, Totals>,
    /// Time, files and reserved addresses at the moment.
    state: Option<(Microseconds, i64, i64)>,
    /// Whether both ends of the span came, and in this order.
    in_order: bool,
    definitions: String,
}

fn told(replay: &Replay<Snapshot>) -> Told {
    let (snapshot, definitions) = (&replay.observer, &replay.definitions);
    let mut alive: BTreeMap<String, Totals> = BTreeMap::new();
    for found in snapshot.totals() {
        let row = replay.rows.get(found.row);
        let from = (row.call, row.stream, row.allocator);
        let what = format!("{from:?} {:?} {:?}", found.type_id, found.size);
        *alive.entry(what).or_default() += found.totals;
    }
    let state = |peak: Peak| (peak.time, peak.files, peak.reserved);
    let calls = &definitions.calls;
    let calls: Vec<_> = (0..calls.count() as u32)
        .map(crate::replay::CallId)
        .map(|call| (calls.parent(call), calls.call(call), calls.seen(call)))
        .collect();
    let names = (0..3).map(|stream| definitions.thread_names(crate::replay::StreamIndex(stream)));
    Told {
        alive,
        state: snapshot.until().map(state),
        in_order: snapshot.came_in_order(),
        definitions: format!("{calls:?} {:?}", names.collect::<Vec<_>>()),
    }
}

fn whole(recorded: &Recorded, span: &Span, detail: Detail) -> Told {
    let mut order = Order::new(recorded, recorded.streams()).expect("in memory");
    let mut replay = Replay::new(4096, Snapshot::new(span.clone(), detail));
    order.drive(&mut replay).expect("in memory");
    replay.finish();
    told(&replay)
}

/// `None` where only a whole replay can tell.
fn windowed(recorded: &Recorded, span: &Span, detail: Detail, two_cores: bool) -> Option<Told> {
    let window = Window::new(recorded, recorded.streams(), span, detail.has_types());
    let window = window.expect("in memory")?;
    let mut order = Order::new(recorded, recorded.streams()).expect("in memory");
    let snapshot = Snapshot::new(span.clone(), detail);
    let snapshot = if detail.has_types() {
        snapshot
    } else {
        snapshot.at_once()
    };
    let mut replay = Replay::new(4096, snapshot);
    let answer = drive_window(&mut order, &mut replay, &window, two_cores).expect("in memory");
    replay.finish();
    let is_known = answer == Answer::Known && replay.observer.came_in_order();
    is_known.then(|| told(&replay))
}

fn time(milliseconds: u64) -> Bound {
    Bound::Time(Microseconds(milliseconds * 1000))
}

fn between(after: Bound, until: Bound) -> Span {
    Span { after, until }
}

fn spans() -> impl Strategy<Value = Span> {
    let bound = || {
        prop_oneof![
            4 => (0u64..500).prop_map(time),
            1 => prop_oneof![Just("a"), Just("b")].prop_map(|name| Bound::Mark(name.into())),
        ]
    };
    let until = prop_oneof![5 => bound(), 1 => Just(Bound::End)];
    (bound(), until).prop_map(|(after, until)| between(after, until))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]
    #[test]
    fn a_window_tells_what_a_whole_replay_tells(
        acts in acts(),
        spans in proptest::collection::vec(spans(), 6),
        two_cores: bool,
    ) {
        let recorded = recorded(&acts);
        let details = [Detail::Type, Detail::Size, Detail::TypeAndSize, Detail::Neither];
        for (span, detail) in spans.iter().zip(details.into_iter().cycle()) {
            let whole = whole(&recorded, span, detail);
            match windowed(&recorded, span, detail, two_cores) {
                Some(told) => prop_assert_eq!(told, whole),
                None => prop_assert!(!whole.in_order, "{:?}", span),
            }
        }
    }
}

/// In each chunk of [`long`]: together with their frees they fill a batch.
const BLOCKS: u64 = 200;

/// Ten restarts of four chunks each, a hundred milliseconds apart; what one frees, the last one had
/// allocated. One stack is defined behind the first restart, and one in the third chunk behind the
/// fourth.
fn long() -> Recorded {
    let mut recorded = Recorded::default();
    recorded.stack(0, 1, 0, 7);
    for part in 0..10u64 {
        for chunk in 0..4u64 {
            match chunk {
                _ if part == 0 && chunk == 0 => {}
                0 => drop(recorded.restart(0)),
                _ => drop(recorded.cut(0)),
            }
            recorded.turn(0, 1 + part * 100 + chunk * 20);
            if (part, chunk) == (3, 2) {
                recorded.stack(0, 2, 1, 8);
            }
            let number = part * 4 + chunk;
            for block in 0..BLOCKS {
                let address = |number: u64| 32 * (1 + number * BLOCKS + block);
                recorded.event(0, allocation_at(address(number), number + 1, 1));
                if let Some(last) = number.checked_sub(6) {
                    recorded.event(0, free(address(last)));
                }
            }
        }
    }
    recorded
}

#[test]
fn chunks_that_define_nothing_are_not_read() {
    let recorded = long();
    let span = between(time(715), time(735));
    let whole = whole(&recorded, &span, Detail::Neither);
    assert_eq!(recorded.take_read(), (0..40).collect::<Vec<_>>());
    let told = windowed(&recorded, &span, Detail::Neither, false);
    // the first, for its stack; three behind the fourth restart; and from the last restart before the
    // window to the one behind the chunk in which its end is booked
    assert_eq!(recorded.take_read(), [0, 12, 13, 14, 28, 29, 30, 31]);
    assert_eq!(told, Some(whole));
    // types are told at the death of an object, however late
    let told = windowed(&recorded, &span, Detail::Type, false);
    let from_28_on: Vec<usize> = [0, 12, 13, 14].into_iter().chain(28..40).collect();
    assert_eq!(recorded.take_read(), from_28_on);
    assert_eq!(told, Some(self::whole(&recorded, &span, Detail::Type)));
}

#[test]
fn where_nothing_is_known_of_chunks_all_are_read() {
    let recorded = long();
    let span = between(Bound::Mark("nowhere".into()), Bound::End);
    assert_eq!(windowed(&recorded, &span, Detail::Type, false), None);
    let start = between(Bound::Start, Bound::End);
    assert_eq!(windowed(&recorded, &start, Detail::Type, false), None);
}

/// Whether a window that begins in the middle of two streams can tell, with this in it.
fn is_known(event: impl FnOnce(&mut Recorded), detail: Detail) -> bool {
    let mut recorded = long();
    recorded.turn(0, 1000).restart(0).turn(0, 1100);
    event(&mut recorded);
    recorded.turn(0, 1200);
    let span = between(time(1050), time(1150));
    let told = windowed(&recorded, &span, detail, false);
    let whole = whole(&recorded, &span, detail);
    told.is_none_or(|told| {
        assert_eq!(told, whole);
        true
    }) && windowed(&recorded, &span, detail, true).is_some()
}

#[test]
fn what_only_a_whole_replay_can_know_is_left_to_one() {
    assert!(is_known(|_| (), Detail::Type));
    let cancelled = |recorded: &mut Recorded| {
        recorded.event(0, free(32 * (1 + 39 * BLOCKS)));
        recorded.event(0, Event::FreeCancelled);
    };
    assert!(!is_known(cancelled, Detail::Type));
    let unmap_cancelled = |recorded: &mut Recorded| {
        recorded.event(0, Event::UnmapCancelled);
    };
    assert!(!is_known(unmap_cancelled, Detail::Neither));
    let twice = |recorded: &mut Recorded| {
        recorded.event(0, allocation_at(16, 1, 0));
        recorded.event(0, allocation_at(16, 1, 0));
    };
    assert!(!is_known(twice, Detail::Neither));
    let census = |recorded: &mut Recorded| {
        recorded.event(0, Event::CensusBegin);
        let object = Event::CensusObject {
            address: Address(64),
            type_id: TypeId(3),
            waiting: false,
        };
        recorded.event(0, object);
        recorded.event(0, Event::CensusEnd);
    };
    assert!(!is_known(census, Detail::Type));
    assert!(is_known(census, Detail::Neither));
}

#[test]
fn a_thread_that_was_slow_to_tell_its_time_is_noticed() {
    let mut recorded = Recorded::default();
    let (turn, late) = (Turn(1), Microseconds(500_000));
    recorded.event(0, Event::Turn { turn, time: late });
    recorded.event(0, allocation_at(32, 1, 0));
    for turn in 2..100 {
        recorded.turn(1, turn).restart(1);
        recorded.event(1, allocation_at(turn * 64, 1, 0));
    }
    let span = between(time(200), Bound::End);
    assert_eq!(windowed(&recorded, &span, Detail::Type, false), None);
    // all of the other thread comes after the first turn of a later time
    let whole = whole(&recorded, &span, Detail::Type);
    let blocks: i64 = whole.alive.values().map(|totals| totals.blocks).sum();
    assert_eq!(blocks, 99);
}
