//! Events as bytes: [`Encoder`] and [`Decoder`], joined by a round-trip property.
//!
//! The first byte tells the kind.
//!
//! ```text
//! 1 p g lll s t   allocation: slot, guess, length of the address, size follows, stack follows
//! 0 1 g lll yy    free: guess, length of the address, type (0 none, 1 as predicted, 2 follows)
//! 0 0 1 aaaaa     the allocator of the allocation that follows
//! 0 0 0 ooooo     any other event, by its number in `operation`
//! ```
//!
//! An address is written as its difference to the guess in steps of 16 bytes, zigzag, in `lll`
//! bytes, little-endian (0 to 4; for a free 5: three bytes, from the last free of the other region,
//! as a program's blocks lie in its heap and, far away, in mappings). A size, a stack (as its zigzag
//! difference to the last one) or a type takes one byte, or two if the lowest bit says so. An
//! allocator that is not the foreseen one is named before the event. What does not fit (an address
//! that is no multiple of 16 or far away, a large size) is written in full, as an event of its own
//! kind. The common forms are written without a branch, because what they hold is hard to foresee,
//! and half of the recorder's time goes into them.
//!
//! `docs/format.md` gives every field.

mod decoder;
mod encoder;

pub use decoder::{Allocation, Common, DecodeError, Decoder, Free, Sites};
pub use encoder::Encoder;

use crate::allocator::Allocator;
use crate::predictor::{Predictor, Site, SitePair, class_of};
use crate::units::{StackId, TypeId};
use crate::varint;

/// No event takes more bytes than this, and an encoder may scribble over so many.
pub const MAX_EVENT: usize = 320;

/// The most bytes of text that one event carries.
pub const MAX_TEXT: usize = 256;

const ALLOCATION: u8 = 0x80;
const FREE: u8 = 0x40;
/// The byte that names the allocator of the allocation behind it, in its low bits.
const BY_ALLOCATOR: u8 = 0x20;
const SIZE_FOLLOWS: u8 = 0x02;
const STACK_FOLLOWS: u8 = 0x01;
const TYPE_PREDICTED: u8 = 0x01;
const TYPE_FOLLOWS: u8 = 0x02;

/// Differences from here on (zigzag, in bytes) take more than four bytes of steps.
const FAR_BITS: u32 = 36;
/// In place of the length of an address: three bytes of steps from the last free elsewhere.
const ELSEWHERE: u8 = 5;
/// Differences from here on take more than those three bytes.
const ELSEWHERE_BITS: u32 = 28;

/// The first bytes of the events that are neither allocations nor frees.
mod operation {
    pub const TURN: u8 = 1;
    pub const RESTART: u8 = 2;
    pub const PYTHON_FRAME: u8 = 3;
    pub const NATIVE_FRAME: u8 = 4;
    pub const CODE: u8 = 5;
    pub const BYTES: u8 = 6;
    pub const MAP: u8 = 7;
    pub const UNMAP: u8 = 8;
    pub const REMAP: u8 = 9;
    pub const PROTECT: u8 = 10;
    pub const THREAD_NAME: u8 = 11;
    pub const FREE_CANCELLED: u8 = 12;
    pub const UNMAP_CANCELLED: u8 = 13;
    pub const TYPE: u8 = 14;
    pub const MARK: u8 = 15;
    pub const NOTE: u8 = 16;
    pub const INTERPRETER: u8 = 17;
    pub const CENSUS_BEGIN: u8 = 18;
    pub const CENSUS_OBJECT: u8 = 19;
    pub const CENSUS_END: u8 = 20;
    pub const LONG_ALLOCATION: u8 = 21;
    pub const LONG_FREE: u8 = 22;
    pub const INHERITS: u8 = 23;
    pub const CENSUS_OWNED: u8 = 24;
    pub const CENSUS_TOOK: u8 = 25;
    pub const EXITS: u8 = 26;
    pub const TURN_AGAIN: u8 = 27;
    pub const TURN_AFTER_ANOTHER: u8 = 28;
}

/// How many bytes the steps of a difference take, which is zigzag and below 2^[`FAR_BITS`].
/// Comparisons, because `bsr` is slow where `lzcnt` cannot be relied on.
#[inline(always)]
fn bytes_of_steps(difference: u64) -> u64 {
    u64::from(difference >= 1 << 4)
        + u64::from(difference >= 1 << 12)
        + u64::from(difference >= 1 << 20)
        + u64::from(difference >= 1 << 28)
}

/// A difference whose lowest `zeros` bits are mostly zero, as a number that is small then: those bits
/// go to the upper end, where a small difference has copies of its sign, and lie on top of them.
fn fold(difference: u64, zeros: u32) -> u64 {
    let sign = (difference as i64 >> 63) as u64;
    let turned = difference.rotate_right(zeros) ^ sign << (64 - zeros);
    varint::zigzag(turned as i64)
}

/// The inverse of [`fold`].
fn unfold(number: u64, zeros: u32) -> u64 {
    let turned = varint::unzigzag(number) as u64;
    let sign = ((turned << zeros) as i64 >> 63) as u64;
    (turned ^ sign << (64 - zeros)).rotate_left(zeros)
}

/// How far a thread's turns are apart when there was one of another thread in between.
const AFTER_ANOTHER: u64 = 2;

/// Blocks begin at multiples of 16.
const BLOCK_ZEROS: u32 = 4;
/// What points into them, at multiples of 8.
const POINTER_ZEROS: u32 = 3;
/// In the byte of a role: the pointer is near the last one of its kind, not near its owner.
const NEAR_LAST: u8 = 0x80;

/// The zigzag difference of an address to a guess.
#[inline(always)]
fn difference(address: u64, guess: u64) -> u64 {
    varint::zigzag(address.wrapping_sub(guess) as i64)
}

impl Predictor {
    /// What both sides keep of an allocation that was written in full.
    fn remember_allocation(
        &mut self,
        address: u64,
        size: u64,
        allocator: Allocator,
        stack: StackId,
        sites: &mut SitePair,
    ) {
        let aligned = address & !15;
        self.by_class[class_of(size)] = aligned;
        self.last_allocation = aligned;
        self.last_stack = stack.0;
        self.usual[allocator.slot()] = allocator as u8;
        sites.0[allocator.slot()] = if size < Site::SIZE_LIMIT {
            Site::new(size, allocator, self.epoch)
        } else {
            Site::EMPTY
        };
    }

    /// What both sides keep of a free that was written in full.
    fn remember_free(&mut self, address: u64, type_id: Option<TypeId>) {
        self.freed(address & !15);
        if let Some(TypeId(type_id)) = type_id {
            self.foresee_type(type_id);
        }
    }

    /// Learns that a block was freed. The one before stays in mind when it was in another region.
    #[inline(always)]
    fn freed(&mut self, address: u64) {
        if (address ^ self.last_free) >> FAR_BITS != 0 {
            self.free_elsewhere = self.last_free;
        }
        self.last_free = address;
    }

    /// Learns that an object of this type died, and tells whether that was foreseen.
    #[inline(always)]
    fn foresee_type(&mut self, type_id: u32) -> bool {
        let predicted = &mut self.next_type[Self::type_slot(self.last_type)];
        self.last_type = type_id;
        core::mem::replace(predicted, type_id) == type_id
    }

    /// Learns of a stack that is defined, and tells how far it is from the one that is foreseen.
    fn define(&mut self, stack: StackId) -> u64 {
        let distance = stack.0.wrapping_sub(self.last_defined.wrapping_add(1));
        self.last_defined = stack.0;
        self.last_stack = stack.0;
        u64::from(distance)
    }

    /// The inverse of [`Predictor::define`].
    fn defined(&mut self, distance: u64) -> StackId {
        let stack = (distance as u32).wrapping_add(self.last_defined.wrapping_add(1));
        self.last_defined = stack;
        self.last_stack = stack;
        StackId(stack)
    }
}

#[cfg(test)]
pub(crate) mod tests;
