//! Passing over the events that come in millions, for readers that look for something else.
//!
//! The length of a common form is told by its bytes alone, so nothing has to be foreseen.

use super::{ALLOCATION, ALLOCATORS, BY_ALLOCATOR, Decoder, ELSEWHERE, FREE, MAX_LENGTH};
use super::{SIZE_FOLLOWS, STACK_FOLLOWS, TYPE_FOLLOWS};
use crate::allocator::Allocator;

/// For each first byte of an event: how many bytes the fixed part takes, in the low four bits, and
/// how many short numbers follow, above. 0 for what is no common form, and for what is no event.
const LENGTHS: [u8; 256] = {
    let mut lengths = [0; 256];
    let mut kind = 0;
    while kind < lengths.len() {
        lengths[kind] = length(kind as u8);
        kind += 1;
    }
    lengths
};

const SHORTS: u32 = 4;
/// No common form takes more: its kind, four bytes of an address, two short numbers.
const MOST: usize = 9;

const fn length(kind: u8) -> u8 {
    let steps = kind >> 2 & 7;
    if kind & ALLOCATION != 0 {
        let size = (kind & SIZE_FOLLOWS != 0) as u8;
        let stack = (kind & STACK_FOLLOWS != 0) as u8;
        return if steps > MAX_LENGTH {
            0
        } else {
            (1 + steps) | (size + stack) << SHORTS
        };
    }
    if kind & FREE != 0 {
        let bytes = if steps == ELSEWHERE { 3 } else { steps };
        return match kind & 3 {
            _ if bytes > MAX_LENGTH => 0,
            3 => 0,
            TYPE_FOLLOWS => (1 + bytes) | 1 << SHORTS,
            _ => 1 + bytes,
        };
    }
    let is_allocator = kind & !ALLOCATORS == BY_ALLOCATOR;
    if is_allocator && ((kind & ALLOCATORS) as usize) < Allocator::ALL.len() {
        1
    } else {
        0
    }
}

impl Decoder {
    /// Moves `input` behind allocations and frees of the common forms, up to the first event of
    /// another kind, the end, or what [`Decoder::next`] takes for an error. What is behind them is
    /// no allocation or free that could be decoded, up to the next restart: only all others can.
    pub fn skip_common(input: &mut &[u8]) {
        let bytes = *input;
        let mut at = 0;
        // a table of lengths, and not a branch in sight that anybody would have to foresee but one
        while let Some(window) = bytes.get(at..at + MOST) {
            let kind = window[0];
            let length = LENGTHS[usize::from(kind)];
            if length == 0 || is_stray(kind, window[1]) {
                *input = &bytes[at..];
                return;
            }
            let shorts = length >> SHORTS;
            let mut next = usize::from(length & ((1 << SHORTS) - 1));
            if shorts != 0 {
                next += 1 + usize::from(window[next] & 1);
                if shorts == 2 {
                    next += 1 + usize::from(window[next] & 1);
                }
            }
            at += next;
        }
        *input = bytes.get(at..).unwrap_or_default();
        while let Some(next) = one(input) {
            *input = next;
        }
    }
}

/// Whether a byte that names an allocator stands before no allocation.
#[inline(always)]
const fn is_stray(kind: u8, next: u8) -> bool {
    kind & !ALLOCATORS == BY_ALLOCATOR && next & ALLOCATION == 0
}

/// What is behind the common form at the front, near the end of a chunk; `None` where none is whole.
fn one(input: &[u8]) -> Option<&[u8]> {
    let kind = *input.first()?;
    let length = LENGTHS[usize::from(kind)];
    if length == 0 {
        return None;
    }
    if kind & !ALLOCATORS == BY_ALLOCATOR {
        // it and its allocation are one event, which is whole or not
        let allocation = input.get(1..)?;
        return (allocation.first()? & ALLOCATION != 0)
            .then(|| one(allocation))
            .flatten();
    }
    let mut rest = input.get(usize::from(length & ((1 << SHORTS) - 1))..)?;
    for _ in 0..length >> SHORTS {
        rest = rest.get(1 + usize::from(rest.first()? & 1)..)?;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::super::Common;
    use crate::codec::tests::{AllSites, encode, events};
    use crate::codec::{DecodeError, Decoder};
    use crate::event::Event;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// The events of no common form, with or without a look at the others, and the error at the end.
    fn others(mut input: &[u8], skip: bool) -> (Vec<Event<'_>>, DecodeError, usize) {
        let mut decoder = Decoder::new();
        let mut sites = AllSites::default();
        let mut found = Vec::new();
        loop {
            if skip {
                Decoder::skip_common(&mut input);
            }
            let left = input.len();
            let is_common = input
                .first()
                .is_some_and(|&kind| Decoder::form(kind) != Common::Neither);
            match decoder.next(&mut input, &mut sites) {
                Ok(_) if is_common => assert!(!skip, "a common form was not passed over"),
                Ok(event) => found.push(event),
                Err(error) => return (found, error, left),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_not_passed_over_is_the_same(events in proptest::collection::vec(events(), 0..200)) {
            let bytes = encode(&events);
            prop_assert_eq!(others(&bytes, true), others(&bytes, false));
        }

        #[test]
        fn a_cut_is_met_where_it_is(events in proptest::collection::vec(events(), 1..20), cut in any::<proptest::sample::Index>()) {
            let bytes = encode(&events);
            let bytes = &bytes[..cut.index(bytes.len())];
            prop_assert_eq!(others(bytes, true), others(bytes, false));
        }

        #[test]
        fn any_bytes_are_passed_over_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let mut input = &bytes[..];
            Decoder::skip_common(&mut input);
            prop_assert!(input.len() <= bytes.len());
        }
    }
}
