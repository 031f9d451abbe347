//! Bytes become events.

mod common;
mod rare;
mod skip;

use super::operation;
use super::{
    ALLOCATION, BY_ALLOCATOR, ELSEWHERE, FREE, SIZE_FOLLOWS, STACK_FOLLOWS, TYPE_FOLLOWS,
    TYPE_PREDICTED,
};
use crate::allocator::Allocator;
use crate::event::Event;
use crate::predictor::{Predictor, Site, SitePair, class_of};
use crate::units::{Address, Size, StackId, TypeId};
use crate::varint;
pub use common::{Allocation, Common, Free};

/// Why bytes could not be read as an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The bytes end in the middle of an event.
    Cut,
    /// No event is written like this.
    Unknown(u8),
}

/// Where a reader keeps the [`Site`] of each stack of the stream.
pub trait Sites {
    /// The site of a stack. A stack that was never defined (a damaged file) may share any site.
    fn site(&mut self, stack: StackId) -> &mut SitePair;
}

/// Reads events; the consumer's side of the shared knowledge.
#[derive(Debug, Default)]
pub struct Decoder {
    predictor: Predictor,
}

impl Decoder {
    /// A decoder for the start of a stream, or for a chunk that begins with [`Event::Restart`].
    pub const fn new() -> Self {
        Self {
            predictor: Predictor::new(),
        }
    }

    /// Reads the event at the front of `input` and moves `input` behind it.
    ///
    /// # Errors
    ///
    /// When the bytes are no event. Decoding of this stream cannot go on then.
    #[inline(always)]
    pub fn next<'a>(
        &mut self,
        input: &mut &'a [u8],
        sites: &mut impl Sites,
    ) -> Result<Event<'a>, DecodeError> {
        let (&kind, rest) = input.split_first().ok_or(DecodeError::Cut)?;
        match Self::form(kind) {
            Common::Allocation => return self.allocation(input, sites).map(Event::from),
            Common::Free => return self.free(input).map(Event::from),
            Common::Neither => {}
        }
        *input = rest;
        if kind == operation::LONG_ALLOCATION {
            self.long_allocation(input, sites)
        } else if kind == operation::LONG_FREE {
            self.long_free(input)
        } else {
            self.rare(kind, input)
        }
    }

    /// The form of an event, by its first byte.
    #[inline(always)]
    pub const fn form(kind: u8) -> Common {
        if kind & ALLOCATION != 0 || kind & !ALLOCATORS == BY_ALLOCATOR {
            Common::Allocation
        } else if kind & FREE != 0 {
            Common::Free
        } else {
            Common::Neither
        }
    }

    /// Reads an event of the form [`Common::Allocation`].
    ///
    /// # Errors
    ///
    /// As for [`Decoder::next`].
    #[inline(always)]
    pub fn allocation(
        &mut self,
        input: &mut &[u8],
        sites: &mut impl Sites,
    ) -> Result<Allocation, DecodeError> {
        let mut kind = byte(input)?;
        let mut named = None;
        if kind & ALLOCATION == 0 {
            named = Some(kind & ALLOCATORS);
            kind = byte(input)?;
            if kind & ALLOCATION == 0 {
                return Err(DecodeError::Unknown(kind));
            }
        }
        let length = kind >> 2 & 7;
        if length > MAX_LENGTH {
            return Err(DecodeError::Unknown(kind));
        }
        let steps = read_steps(length, input)?;
        let size = if kind & SIZE_FOLLOWS == 0 {
            None
        } else {
            Some(short(input)?)
        };
        let known = &mut self.predictor;
        if kind & STACK_FOLLOWS != 0 {
            let difference = varint::unzigzag(short(input)?);
            known.last_stack = (i64::from(known.last_stack) + difference) as u32;
        }
        let stack = StackId(known.last_stack);
        let slot = usize::from(kind >> 6 & 1);
        let site = &mut sites.site(stack).0[slot];
        let size = size.unwrap_or(site.size());
        let number = named.unwrap_or(site.allocator(known.epoch, known.usual[slot]));
        let allocator = Allocator::from_number(number).ok_or(DecodeError::Unknown(kind))?;
        known.usual[slot] = number;
        *site = Site::new(size, allocator, known.epoch);
        let last = &mut known.by_class[class_of(size)];
        let guess = if kind >> 5 & 1 == 0 {
            last.wrapping_add(size.wrapping_add(15) & !15)
        } else {
            known.last_free
        };
        let address = guess.wrapping_add(steps);
        *last = address;
        known.last_allocation = address;
        Ok(Allocation {
            address: Address(address),
            size: Size(size),
            allocator,
            stack,
        })
    }

    /// Reads an event of the form [`Common::Free`].
    ///
    /// # Errors
    ///
    /// As for [`Decoder::next`].
    #[inline(always)]
    pub fn free(&mut self, input: &mut &[u8]) -> Result<Free, DecodeError> {
        let kind = byte(input)?;
        let known = &mut self.predictor;
        let mut length = kind >> 2 & 7;
        let mut guess = if kind >> 5 & 1 == 0 {
            known.last_free
        } else {
            known.last_allocation
        };
        if length > MAX_LENGTH {
            if length != ELSEWHERE {
                return Err(DecodeError::Unknown(kind));
            }
            length = 3;
            guess = known.free_elsewhere;
        }
        let steps = read_steps(length, input)?;
        let address = guess.wrapping_add(steps);
        known.freed(address);
        let type_id = match kind & 3 {
            0 => None,
            TYPE_PREDICTED => Some(known.next_type[Predictor::type_slot(known.last_type)]),
            TYPE_FOLLOWS => Some(short(input)? as u32),
            _ => return Err(DecodeError::Unknown(kind)),
        };
        if let Some(type_id) = type_id {
            known.foresee_type(type_id);
        }
        Ok(Free {
            address: Address(address),
            type_id: type_id.map(TypeId),
        })
    }
}

/// The bits of [`BY_ALLOCATOR`] that say which.
const ALLOCATORS: u8 = 0x1f;

/// The most bytes that the steps of a difference take.
const MAX_LENGTH: u8 = 4;

/// Reads the difference of an address to its guess, which takes `length` bytes of steps.
#[inline(always)]
fn read_steps(length: u8, input: &mut &[u8]) -> Result<u64, DecodeError> {
    let bytes = usize::from(length);
    let word = if let Some(word) = input.first_chunk::<4>() {
        u32::from_le_bytes(*word)
    } else {
        // the last bytes of a chunk
        let mut word = [0; 4];
        for (to, from) in word.iter_mut().zip(input.iter()) {
            *to = *from;
        }
        u32::from_le_bytes(word)
    };
    *input = input.get(bytes..).ok_or(DecodeError::Cut)?;
    let steps = u64::from(word) & ((1u64 << (8 * bytes)) - 1);
    Ok((varint::unzigzag(steps) << 4) as u64)
}

#[inline(always)]
fn short(input: &mut &[u8]) -> Result<u64, DecodeError> {
    varint::read_short(input).ok_or(DecodeError::Cut)
}

#[inline(always)]
fn number(input: &mut &[u8]) -> Result<u64, DecodeError> {
    varint::read(input).ok_or(DecodeError::Cut)
}

#[inline(always)]
fn byte(input: &mut &[u8]) -> Result<u8, DecodeError> {
    let (&byte, rest) = input.split_first().ok_or(DecodeError::Cut)?;
    *input = rest;
    Ok(byte)
}
