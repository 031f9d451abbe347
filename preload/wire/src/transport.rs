//! How events cross from the program under test to the recorder: as whole words.
//!
//! What a program does most is written with the fewest instructions, because the program waits for
//! them; the recorder makes the small events of a capture out of it ([`crate::codec`]), on its own
//! time. A word holds, from its lowest bit:
//!
//! ```text
//! 4 bits   kind: 1 an allocation, 2 a free, 3 a free of a block whose type was looked for; of a
//!          census, 4 a living object, 5 one that waits in a free list, 6 something owned, 7 the
//!          same with an address that is 8 more; 0 anything else
//! 43 bits  the address, whose lowest four bits are zero
//! 17 bits  the allocator, or the type; of something owned, 3 bits of role and 14 of type
//! ```
//!
//! An allocation has a second word: 32 bits of size, 32 bits of stack. A turn (kind 8) has its number
//! above the kind, and its time as a second word; kind 11 is a turn at the time of the one before it,
//! in one word, because two threads that run at the same time begin turns by the million. A native
//! frame (9) and a Python frame (10) have their stack in the high half of the word, then the address or
//! the instruction, then 32 bits each of the code object (of a native frame 0) and of the parent.
//!
//! Anything else (and what does not fit: an address that is no multiple of 16, a block of 4 GiB) has
//! its length in bytes in the high half of the word; its bytes follow, as an encoder that knows
//! nothing writes them, filled up to a whole word.

mod read;

use crate::allocator::Allocator;
use crate::codec::{Encoder, MAX_EVENT};
use crate::event::Event;
use crate::predictor::SitePair;
use crate::units::{Address, Size, StackId, Turn, TypeId};

pub use read::{Receiver, TransportError, read};

/// The bytes of a word.
pub const WORD: usize = 8;

/// No event takes more bytes than this, and a writing function may scribble over so many.
pub const MAX_RECORD: usize = WORD + MAX_EVENT.next_multiple_of(WORD);

const OTHER: u64 = 0;
const ALLOCATION: u64 = 1;
const FREE: u64 = 2;
const TYPED_FREE: u64 = 3;

const LIVING: u64 = 4;
const WAITING: u64 = 5;
const OWNED: u64 = 6;
const OWNED_BETWEEN: u64 = 7;

/// Bits of a role.
const ROLE_BITS: u32 = 3;

const TURN: u64 = 8;
const NATIVE_FRAME: u64 = 9;
const PYTHON_FRAME: u64 = 10;
const TURN_AGAIN: u64 = 11;

/// Bits of a kind.
const KIND_BITS: u32 = 4;
const KIND: u64 = (1 << KIND_BITS) - 1;
const ADDRESS_BITS: u32 = 47;
const ADDRESS: u64 = (1 << ADDRESS_BITS) - 1 - KIND;
const NUMBER_BITS: u32 = u64::BITS - ADDRESS_BITS;

/// Writes an [`Event::Allocation`] and returns the position behind it.
///
/// # Safety
///
/// [`MAX_RECORD`] bytes from `out` on must be writable; so for all writing functions here.
#[inline(always)]
pub unsafe fn allocation(
    out: *mut u8,
    address: Address,
    size: Size,
    allocator: Allocator,
    stack: StackId,
) -> *mut u8 {
    if (address.0 & !ADDRESS) | (size.0 >> 32) != 0 {
        // SAFETY: the caller's bytes.
        return unsafe { long_allocation(out, address, size, allocator, stack) };
    }
    // SAFETY: the caller's bytes.
    unsafe {
        let out = put(
            out,
            address.0 | (allocator as u64) << ADDRESS_BITS | ALLOCATION,
        );
        put(out, u64::from(stack.0) << 32 | size.0)
    }
}

#[cold]
unsafe fn long_allocation(
    out: *mut u8,
    address: Address,
    size: Size,
    allocator: Allocator,
    stack: StackId,
) -> *mut u8 {
    let event = Event::Allocation {
        address,
        size,
        allocator,
        stack,
    };
    // SAFETY: the caller's bytes.
    unsafe { any(out, &event) }
}

/// Writes an [`Event::Free`] and returns the position behind it.
///
/// # Safety
///
/// As for [`allocation`].
#[inline(always)]
pub unsafe fn free(out: *mut u8, address: Address, type_id: Option<TypeId>) -> *mut u8 {
    let number = type_id.map_or(0, |type_id| u64::from(type_id.0));
    if (address.0 & !ADDRESS) | (number >> NUMBER_BITS) != 0 {
        // SAFETY: the caller's bytes.
        return unsafe { any(out, &Event::Free { address, type_id }) };
    }
    let kind = if type_id.is_some() { TYPED_FREE } else { FREE };
    // SAFETY: the caller's bytes.
    unsafe { put(out, address.0 | number << ADDRESS_BITS | kind) }
}

/// Writes an [`Event::Turn`] at the time of the one before it in this ring (0 if there was none) and
/// returns the position behind it. Of the number 60 bits are kept: a turn a nanosecond for 36 years.
///
/// # Safety
///
/// As for [`allocation`].
#[inline(always)]
pub unsafe fn turn_again(out: *mut u8, turn: Turn) -> *mut u8 {
    // SAFETY: the caller's bytes.
    unsafe { put(out, turn.0 << KIND_BITS | TURN_AGAIN) }
}

/// Writes any event and returns the position behind it. Texts beyond
/// [`crate::codec::MAX_TEXT`] bytes are cut.
///
/// # Safety
///
/// As for [`allocation`].
#[cold]
#[inline(never)]
pub unsafe fn any(out: *mut u8, event: &Event<'_>) -> *mut u8 {
    // SAFETY: the caller's bytes; the length is at most MAX_EVENT.
    unsafe {
        match *event {
            Event::Turn { turn, time } if turn.0 >> (u64::BITS - KIND_BITS) == 0 => {
                return put(put(out, turn.0 << KIND_BITS | TURN), time.0);
            }
            Event::NativeFrame {
                stack,
                parent,
                address,
            } => return frame(out, NATIVE_FRAME, stack, address.0, (0, parent)),
            Event::PythonFrame {
                stack,
                parent,
                code,
                instruction,
            } => {
                let instruction = u64::from(instruction);
                return frame(out, PYTHON_FRAME, stack, instruction, (code.0, parent));
            }
            _ => {}
        }
        let start = out.add(WORD);
        let end = Encoder::new().any(start, event, &mut SitePair::EMPTY.clone());
        let length = end.addr() - start.addr();
        put(out, (length as u64) << 32 | OTHER);
        start.add(length.next_multiple_of(WORD))
    }
}

/// # Safety
///
/// As for [`allocation`].
#[inline(always)]
unsafe fn frame(
    out: *mut u8,
    kind: u64,
    stack: StackId,
    place: u64,
    (code, parent): (u32, StackId),
) -> *mut u8 {
    // SAFETY: the caller's bytes.
    unsafe {
        let out = put(out, u64::from(stack.0) << 32 | kind);
        let out = put(out, place);
        put(out, u64::from(code) << 32 | u64::from(parent.0))
    }
}

/// Writes an [`Event::CensusObject`] or an [`Event::CensusOwned`] and returns the position behind it.
///
/// # Safety
///
/// As for [`allocation`].
#[inline(always)]
pub unsafe fn census(out: *mut u8, event: &Event<'_>) -> *mut u8 {
    match of_census(event) {
        // SAFETY: the caller's bytes.
        Some(word) => unsafe { put(out, word) },
        // SAFETY: the caller's bytes.
        None => unsafe { any(out, event) },
    }
}

/// A census tells of millions of objects while the program waits: what fits takes one word.
#[inline(always)]
fn of_census(event: &Event<'_>) -> Option<u64> {
    let (address, number, kind) = match *event {
        Event::CensusObject {
            address,
            type_id,
            waiting,
        } => {
            let kind = if waiting { WAITING } else { LIVING };
            (address.0, u64::from(type_id.0), kind)
        }
        Event::CensusOwned {
            address,
            role,
            owner,
        } => {
            let number = u64::from(owner.0) << ROLE_BITS | role as u64;
            if address.0 & KIND == 8 {
                (address.0 - 8, number, OWNED_BETWEEN)
            } else {
                (address.0, number, OWNED)
            }
        }
        _ => return None,
    };
    let fits = (address & !ADDRESS) | (number >> NUMBER_BITS) == 0;
    fits.then_some(address | number << ADDRESS_BITS | kind)
}

#[inline(always)]
unsafe fn put(out: *mut u8, word: u64) -> *mut u8 {
    // SAFETY: the caller's bytes.
    unsafe {
        out.cast::<[u8; WORD]>().write(word.to_ne_bytes());
        out.add(WORD)
    }
}

#[cfg(test)]
mod tests;
