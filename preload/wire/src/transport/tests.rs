//! What a producer writes is what a receiver is told.

use super::{MAX_RECORD, Receiver, TransportError, any};
use crate::allocator::Allocator;
use crate::codec::tests::events;
use crate::event::Event;
use crate::units::{Address, Microseconds, Size, StackId, Turn, TypeId};
use proptest::prelude::*;
use std::vec::Vec;

/// The time of the one turn of which none needs to be told.
const START: Microseconds = Microseconds(0);

/// The event that was told last.
#[derive(Default)]
struct Told<'a>(Option<Event<'a>>);

impl<'a> Receiver<'a> for Told<'a> {
    fn allocation(&mut self, address: Address, size: Size, allocator: Allocator, stack: StackId) {
        self.0 = Some(Event::Allocation {
            address,
            size,
            allocator,
            stack,
        });
    }

    fn free(&mut self, address: Address, type_id: Option<TypeId>) {
        self.0 = Some(Event::Free { address, type_id });
    }

    fn turn_again(&mut self, turn: Turn) {
        let time = START;
        self.0 = Some(Event::Turn { turn, time });
    }

    fn other(&mut self, event: Event<'a>) {
        self.0 = Some(event);
    }
}

fn read<'a>(input: &mut &'a [u8]) -> Result<Event<'a>, TransportError> {
    let mut told = Told::default();
    super::read(input, &mut told)?;
    Ok(told.0.expect("what was read was told"))
}

/// What a producer writes, by the function that belongs to each event.
fn written(events: &[Event<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for event in events {
        let mut room = [0u64; MAX_RECORD / 8];
        let out = room.as_mut_ptr().cast::<u8>();
        // SAFETY: there are MAX_RECORD bytes.
        let length = unsafe {
            let end = match *event {
                Event::Allocation {
                    address,
                    size,
                    allocator,
                    stack,
                } => super::allocation(out, address, size, allocator, stack),
                Event::Free { address, type_id } => super::free(out, address, type_id),
                Event::Turn { turn, time: START } => super::turn_again(out, turn),
                Event::CensusObject { .. } | Event::CensusOwned { .. } => super::census(out, event),
                _ => any(out, event),
            };
            end.addr() - out.addr()
        };
        assert!(length.is_multiple_of(8));
        bytes.extend(room.iter().flat_map(|word| word.to_ne_bytes()).take(length));
    }
    bytes
}

proptest! {
    #[test]
    fn what_is_written_is_read(events in proptest::collection::vec(events(), 0..200)) {
        let bytes = written(&events);
        let mut input = &bytes[..];
        for event in &events {
            prop_assert_eq!(read(&mut input), Ok(*event));
        }
        prop_assert_eq!(read(&mut input), Err(TransportError::Cut));
    }

    #[test]
    fn what_is_cut_stays_where_it_is(event in events(), part in 0.0f64..1.0) {
        let bytes = written(&[event]);
        let cut = &bytes[..(bytes.len() as f64 * part) as usize];
        let mut input = cut;
        prop_assert_eq!(read(&mut input), Err(TransportError::Cut));
        prop_assert_eq!(input, cut);
    }

    #[test]
    fn any_bytes_at_all_do_no_harm(bytes: Vec<u8>) {
        let mut input = &bytes[..];
        while read(&mut input).is_ok() {}
    }
}
