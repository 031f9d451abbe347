//! Whatever is encoded is decoded again, and whatever is decoded does no harm.

use super::{Decoder, Encoder, MAX_EVENT, MAX_TEXT, Sites};
use crate::allocator::Allocator;
use crate::event::{Event, LineTable, MappingKind, MarkKind, Note, Role};
use crate::predictor::SitePair;
use crate::units::{Address, CodeId, Microseconds, Size, StackId, Turn, TypeId};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// Sites for any stack number at all.
#[derive(Default)]
pub(crate) struct AllSites(std::collections::HashMap<u32, SitePair>);

impl Sites for AllSites {
    fn site(&mut self, stack: StackId) -> &mut SitePair {
        self.0.entry(stack.0).or_default()
    }
}

fn addresses() -> impl Strategy<Value = Address> {
    prop_oneof![
        6 => (0u64..4096).prop_map(|n| Address(0x7f00_0000_0000 + n * 16)),
        2 => (0u64..1 << 44).prop_map(|n| Address(n * 16)),
        1 => any::<u64>().prop_map(Address),
    ]
}

fn sizes() -> impl Strategy<Value = Size> {
    prop_oneof![
        6 => (0u64..600).prop_map(Size),
        1 => (0u64..1 << 50).prop_map(Size),
    ]
}

fn text() -> impl Strategy<Value = &'static [u8]> {
    (0usize..=MAX_TEXT).prop_map(|length| &[b'x'; MAX_TEXT][..length])
}

pub(crate) fn events() -> impl Strategy<Value = Event<'static>> {
    let stack = || (0u32..50).prop_map(StackId);
    let type_id = || (0u32..5).prop_map(TypeId);
    prop_oneof![
        20 => (addresses(), sizes(), 0u8..20, stack()).prop_map(|(address, size, n, stack)| {
            let allocator = Allocator::from_number(n).unwrap_or(Allocator::Malloc);
            Event::Allocation { address, size, allocator, stack }
        }),
        20 => (addresses(), proptest::option::of(type_id()))
            .prop_map(|(address, type_id)| Event::Free { address, type_id }),
        1 => Just(Event::FreeCancelled),
        1 => Just(Event::UnmapCancelled),
        1 => (any::<u64>(), any::<u64>())
            .prop_map(|(a, b)| Event::Turn { turn: Turn(a), time: Microseconds(b) }),
        1 => (0u64..1 << 60).prop_map(|a| Event::Turn { turn: Turn(a), time: Microseconds(0) }),
        1 => (any::<u64>(), any::<u32>(), 1u16..).prop_map(|(a, stacks, epoch)| Event::Restart {
            turn: Turn(a), time: Microseconds(a), stacks, epoch
        }),
        1 => (any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(a, b, c, d)| {
            Event::PythonFrame { stack: StackId(a), parent: StackId(b), code: CodeId(c), instruction: d }
        }),
        1 => (any::<u32>(), any::<u32>(), addresses()).prop_map(|(a, b, address)| {
            Event::NativeFrame { stack: StackId(a), parent: StackId(b), address }
        }),
        1 => (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(a, b, c)| Event::Code {
            code: CodeId(a), first_line: b, table: LineTable::Locations, file: c, name: a, lines: b
        }),
        1 => text().prop_map(Event::Bytes),
        1 => (addresses(), sizes(), stack()).prop_map(|(address, length, stack)| {
            Event::Map { address, length, kind: MappingKind::File, stack }
        }),
        1 => (addresses(), sizes()).prop_map(|(address, length)| Event::Unmap { address, length }),
        1 => (addresses(), sizes(), stack()).prop_map(|(old, old_length, stack)| Event::Remap {
            old, old_length, new: old, new_length: old_length, stack
        }),
        1 => (addresses(), sizes(), any::<bool>())
            .prop_map(|(address, length, usable)| Event::Protect { address, length, usable }),
        1 => text().prop_map(Event::ThreadName),
        1 => (type_id(), text()).prop_map(|(type_id, name)| Event::Type { type_id, name }),
        1 => text().prop_map(|name| Event::Mark { kind: MarkKind::Begin, name }),
        1 => Just(Event::Note(Note::StacksMerged)),
        1 => (any::<u32>(), any::<bool>(), text())
            .prop_map(|(version, stacks, allocator)| Event::Interpreter { version, stacks, allocator }),
        1 => Just(Event::CensusBegin),
        1 => (addresses(), type_id(), any::<bool>())
            .prop_map(|(address, type_id, waiting)| Event::CensusObject { address, type_id, waiting }),
        1 => (addresses(), 0..6u8, type_id()).prop_map(|(address, role, owner)| Event::CensusOwned {
            address, role: Role::from_number(role).expect("there are six"), owner,
        }),
        1 => Just(Event::CensusEnd),
        1 => Just(Event::Exits),
        1 => any::<u64>().prop_map(|time| Event::CensusTook(Microseconds(time))),
        1 => (any::<u32>(), any::<u64>())
            .prop_map(|(image, turn)| Event::Inherits { image, turn: Turn(turn) }),
    ]
}

pub(crate) fn encode(events: &[Event<'_>]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    let mut sites = AllSites::default();
    let mut bytes = Vec::new();
    for event in events {
        let mut unused = SitePair::EMPTY;
        let site = match event {
            Event::Allocation { stack, .. } => sites.site(*stack),
            _ => &mut unused,
        };
        let mut buffer = [0u8; MAX_EVENT];
        // SAFETY: the buffer holds MAX_EVENT bytes.
        let end = unsafe { encoder.any(buffer.as_mut_ptr(), event, site) };
        bytes.extend_from_slice(&buffer[..end as usize - buffer.as_ptr() as usize]);
    }
    bytes
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(events in proptest::collection::vec(events(), 0..200)) {
        let bytes = encode(&events);
        let mut input = &bytes[..];
        let mut decoder = Decoder::new();
        let mut sites = AllSites::default();
        for event in &events {
            prop_assert_eq!(decoder.next(&mut input, &mut sites), Ok(*event));
        }
        prop_assert!(input.is_empty());
    }

    #[test]
    fn turns_at_one_time_are_read_as_what_they_were(
        first: u64, time: u64, steps in proptest::collection::vec(prop_oneof![0..4u64, any::<u64>()], 0..20)
    ) {
        let mut encoder = Encoder::new();
        let mut decoder = Decoder::new();
        let mut sites = AllSites::default();
        let (mut turn, time) = (Turn(first), Microseconds(time));
        let mut room = [0u8; MAX_EVENT];
        let mut written = encoder
            .write_to(&mut room, &Event::Turn { turn, time }, &mut SitePair::EMPTY.clone())
            .to_vec();
        for step in steps {
            prop_assert_eq!(decoder.next(&mut &written[..], &mut sites), Ok(Event::Turn { turn, time }));
            turn.0 = turn.0.wrapping_add(step);
            // SAFETY: there are MAX_EVENT bytes.
            let end = unsafe { encoder.turn_again(room.as_mut_ptr(), turn) };
            written = room[..end as usize - room.as_ptr() as usize].to_vec();
            prop_assert_eq!(written.len() == 1, step == 2);
        }
    }

    #[test]
    fn any_bytes_are_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        let mut input = &bytes[..];
        let mut decoder = Decoder::new();
        let mut sites = AllSites::default();
        while decoder.next(&mut input, &mut sites).is_ok() {}
    }
}

#[test]
fn a_repeated_allocation_takes_one_byte() {
    let allocation = |address| Event::Allocation {
        address: Address(address),
        size: Size(48),
        allocator: Allocator::ObjMalloc,
        stack: StackId(7),
    };
    let one = encode(&[allocation(0x7f00_0000)]);
    let two = encode(&[allocation(0x7f00_0000), allocation(0x7f00_0030)]);
    assert_eq!(two.len() - one.len(), 1);
}

#[test]
fn a_restart_makes_what_follows_independent_of_what_was_before() {
    let before = Event::Allocation {
        address: Address(0x1230),
        size: Size(48),
        allocator: Allocator::ObjMalloc,
        stack: StackId(7),
    };
    let restart = Event::Restart {
        turn: Turn(9),
        time: Microseconds(5),
        stacks: 7,
        epoch: 2,
    };
    let bytes = encode(&[before, restart, before]);
    let skipped = encode(&[before]).len();
    let mut input = &bytes[skipped..];
    let mut decoder = Decoder::new();
    let mut sites = AllSites::default();
    assert_eq!(decoder.next(&mut input, &mut sites), Ok(restart));
    assert_eq!(decoder.next(&mut input, &mut sites), Ok(before));
}

#[test]
fn a_turn_with_a_time_may_have_the_same_time() {
    // as all turns were written in captures of version 1
    let bytes = [1, 5, 9, 1, 2, 0];
    let mut input = &bytes[..];
    let mut decoder = Decoder::new();
    let mut sites = AllSites::default();
    for turn in [Turn(5), Turn(7)] {
        let time = Microseconds(9);
        let read = decoder.next(&mut input, &mut sites);
        assert_eq!(read, Ok(Event::Turn { turn, time }));
    }
    assert!(input.is_empty());
}
