//! Whatever stands in a recording, a replay comes to an end.

use super::recorded::{Recorded, allocation_at, free};
use super::{Bound, Detail, Lifetimes, Order, Replay, Series, Snapshot, Span, Temporary};
use memprof_wire::event::{Event, LineTable, MappingKind, MarkKind, Role};
use memprof_wire::units::{Address, CodeId, Microseconds, Size, StackId, Turn, TypeId};
use proptest::prelude::*;

/// A bit of everything.
fn healthy() -> Recorded {
    let mut recorded = Recorded::default();
    for stream in 0..2 {
        recorded.turn(stream, u64::from(stream) + 1);
        recorded
            .code(stream, stream, "f", "a.py", 1)
            .stack(stream, 1, 0, stream);
        recorded.event(stream, Event::ThreadName(b"thread"));
    }
    let anonymous = MappingKind::Anonymous;
    for round in 1..20 {
        let stream = round as u32 % 2;
        let address = Address(0x10000 * round);
        recorded.turn(stream, round + 10);
        recorded.event(stream, allocation_at(round * 64, round * 100, 1));
        let stack = StackId(1);
        let length = Size(8192);
        recorded.event(
            stream,
            Event::Map {
                address,
                length,
                kind: anonymous,
                stack,
            },
        );
        recorded.event(
            stream,
            Event::Mark {
                kind: MarkKind::Point,
                name: b"m",
            },
        );
        recorded.event(
            stream,
            Event::Type {
                type_id: TypeId(1),
                name: b"int",
            },
        );
        if round % 3 == 0 {
            recorded
                .event(stream, free(round * 64))
                .event(stream, Event::FreeCancelled);
            recorded.event(
                stream,
                Event::Unmap {
                    address,
                    length: Size(4096),
                },
            );
            recorded.event(stream, Event::UnmapCancelled);
            recorded.event(
                stream,
                Event::Protect {
                    address,
                    length,
                    usable: false,
                },
            );
        }
        if round % 4 == 0 {
            recorded.cut(stream);
            let new = Address(0x9000_0000 + 0x10000 * round);
            let (old, old_length, new_length) = (address, length, Size(16384));
            recorded.event(
                stream,
                Event::Remap {
                    old,
                    old_length,
                    new,
                    new_length,
                    stack,
                },
            );
        }
    }
    recorded.event(0, Event::CensusBegin);
    let type_id = TypeId(1);
    recorded.event(
        0,
        Event::CensusObject {
            address: Address(64),
            type_id,
            waiting: false,
        },
    );
    recorded.event(
        0,
        Event::CensusOwned {
            address: Address(96),
            role: Role::Items,
            owner: type_id,
        },
    );
    recorded.event(0, Event::CensusEnd);
    recorded
}

/// Replays with everybody listening, and names every stack.
fn replay(recorded: &Recorded) {
    let mark = Span {
        after: Bound::Mark("m".into()),
        until: Bound::End,
    };
    let observer = (
        (
            Snapshot::new(Span::at(Bound::Peak), Detail::TypeAndSize),
            Snapshot::new(mark, Detail::Size),
        ),
        (
            Temporary::new(1),
            (Series::new(10), Lifetimes::new(Microseconds(30_000), 5)),
        ),
    );
    let mut replay = Replay::new(4096, observer);
    let mut order = Order::new(recorded, recorded.streams()).expect("in memory");
    order.drive(&mut replay).expect("in memory");
    replay.finish();
    let ((peak, later), (temporary, (_, lifetimes))) = &replay.observer;
    let native = crate::symbols::NativeNames::default();
    let mut resolver = crate::profile::Resolver::new(&replay.definitions, &native);
    for found in peak.totals().chain(later.totals()) {
        resolver.stack(replay.rows.get(found.row).call);
    }
    assert!(temporary.totals().count() < replay.rows.count_of_numbers());
    assert!(
        lifetimes
            .lived()
            .all(|lived| lived.died.is_none_or(|died| died < 5))
    );
}

proptest! {
    #[test]
    fn of_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut recorded = Recorded::default();
        recorded.turn(0, 1).bytes(0, &bytes);
        replay(&recorded);
    }

    #[test]
    fn of_a_recording_with_bytes_changed(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)
    ) {
        let mut recorded = healthy();
        recorded.damage(&changes);
        replay(&recorded);
    }
}

#[test]
fn of_a_healthy_recording() {
    replay(&healthy());
}

#[test]
fn of_extreme_numbers() {
    let mut recorded = Recorded::default();
    let most = u64::MAX;
    let (turn, time) = (Turn(most - 1), Microseconds(most - 1));
    recorded.event(0, Event::Turn { turn, time });
    recorded
        .event(0, allocation_at(most, most, u32::MAX))
        .event(0, allocation_at(0, 1, 0));
    let (address, length) = (Address(most - 4096), Size(most));
    let (kind, stack) = (MappingKind::File, StackId(7));
    recorded.event(
        0,
        Event::Map {
            address,
            length,
            kind,
            stack,
        },
    );
    let nearly_all = Event::Map {
        address: Address(0),
        length: Size(most - 8192),
        kind,
        stack,
    };
    recorded.event(0, nearly_all).event(0, nearly_all);
    recorded.event(
        0,
        Event::Unmap {
            address: Address(0),
            length,
        },
    );
    let (code, table, [file, name, lines]) = (CodeId(1), LineTable::Lnotab, [u32::MAX; 3]);
    recorded.event(
        0,
        Event::Code {
            code,
            first_line: u32::MAX,
            table,
            file,
            name,
            lines,
        },
    );
    replay(&recorded);
}
