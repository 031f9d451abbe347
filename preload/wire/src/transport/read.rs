//! What words say.

use super::{
    ADDRESS, ADDRESS_BITS, ALLOCATION, FREE, KIND, KIND_BITS, LIVING, NATIVE_FRAME, OTHER, OWNED,
    OWNED_BETWEEN, PYTHON_FRAME, ROLE_BITS, TURN, TURN_AGAIN, TYPED_FREE, WAITING, WORD,
};
use crate::allocator::Allocator;
use crate::codec::{Decoder, MAX_EVENT, Sites};
use crate::event::{Event, Role};
use crate::predictor::SitePair;
use crate::units::{Address, CodeId, Microseconds, Size, StackId, Turn, TypeId};

/// Why words could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// The bytes end in the middle of an event.
    Cut,
    /// Nothing is written like this.
    Unknown,
}

/// Who is told what words say: each common event by a call of its own, because one that is first
/// put together in memory and then taken apart takes longer than all else about it.
pub trait Receiver<'a> {
    /// A block was handed out.
    fn allocation(&mut self, address: Address, size: Size, allocator: Allocator, stack: StackId);
    /// A block is given back.
    fn free(&mut self, address: Address, type_id: Option<TypeId>);
    /// A run begins, at the time of the one before.
    fn turn_again(&mut self, turn: Turn);
    /// Any other event, or one of these that did not fit into words.
    fn other(&mut self, event: Event<'a>);
}

/// Reads the event at the front of `input`, moves `input` behind it and tells `receiver`.
///
/// # Errors
///
/// When the bytes are no event, or only its beginning; `input` is as it was then.
#[inline(always)]
pub fn read<'a>(
    input: &mut &'a [u8],
    receiver: &mut impl Receiver<'a>,
) -> Result<(), TransportError> {
    let (word, rest) = word(input).ok_or(TransportError::Cut)?;
    let address = Address(word & ADDRESS);
    let number = (word >> ADDRESS_BITS) as u32;
    let kind = word & KIND;
    if kind == ALLOCATION {
        let (second, behind) = self::word(rest).ok_or(TransportError::Cut)?;
        let allocator = u8::try_from(number).ok().and_then(Allocator::from_number);
        let allocator = allocator.ok_or(TransportError::Unknown)?;
        *input = behind;
        let (size, stack) = (Size(second & 0xffff_ffff), StackId((second >> 32) as u32));
        receiver.allocation(address, size, allocator, stack);
        return Ok(());
    }
    if kind == FREE || kind == TYPED_FREE {
        *input = rest;
        receiver.free(address, (kind == TYPED_FREE).then_some(TypeId(number)));
        return Ok(());
    }
    if kind == TURN_AGAIN {
        *input = rest;
        receiver.turn_again(Turn(word >> KIND_BITS));
        return Ok(());
    }
    receiver.other(other(word, rest, input)?);
    Ok(())
}

#[inline(never)]
fn other<'a>(word: u64, rest: &'a [u8], input: &mut &'a [u8]) -> Result<Event<'a>, TransportError> {
    let address = Address(word & ADDRESS);
    let number = (word >> ADDRESS_BITS) as u32;
    let event = match word & KIND {
        LIVING | WAITING => Event::CensusObject {
            address,
            type_id: TypeId(number),
            waiting: word & KIND == WAITING,
        },
        OWNED | OWNED_BETWEEN => {
            let between = if word & KIND == OWNED_BETWEEN { 8 } else { 0 };
            let role = number & ((1 << ROLE_BITS) - 1);
            Event::CensusOwned {
                address: Address(address.0 + between),
                role: Role::from_number(role as u8).ok_or(TransportError::Unknown)?,
                owner: TypeId(number >> ROLE_BITS),
            }
        }
        TURN => {
            let (time, behind) = self::word(rest).ok_or(TransportError::Cut)?;
            *input = behind;
            return Ok(Event::Turn {
                turn: Turn(word >> KIND_BITS),
                time: Microseconds(time),
            });
        }
        NATIVE_FRAME | PYTHON_FRAME => return frame_of(word, rest, input),
        OTHER => return in_full(word, rest, input),
        _ => return Err(TransportError::Unknown),
    };
    *input = rest;
    Ok(event)
}

fn frame_of<'a>(
    word: u64,
    rest: &'a [u8],
    input: &mut &'a [u8],
) -> Result<Event<'a>, TransportError> {
    let (place, behind) = self::word(rest).ok_or(TransportError::Cut)?;
    let (last, behind) = self::word(behind).ok_or(TransportError::Cut)?;
    let (stack, parent) = (StackId((word >> 32) as u32), StackId(last as u32));
    let code = (last >> 32) as u32;
    let event = match (word as u32, u32::try_from(place)) {
        (kind, _) if u64::from(kind) == NATIVE_FRAME && code == 0 => Event::NativeFrame {
            stack,
            parent,
            address: Address(place),
        },
        (kind, Ok(instruction)) if u64::from(kind) == PYTHON_FRAME => Event::PythonFrame {
            stack,
            parent,
            code: CodeId(code),
            instruction,
        },
        _ => return Err(TransportError::Unknown),
    };
    *input = behind;
    Ok(event)
}

fn in_full<'a>(
    word: u64,
    rest: &'a [u8],
    input: &mut &'a [u8],
) -> Result<Event<'a>, TransportError> {
    let length = (word >> 32) as usize;
    if length == 0 || length > MAX_EVENT || word as u32 != OTHER as u32 {
        return Err(TransportError::Unknown);
    }
    let (bytes, behind) = rest
        .split_at_checked(length.next_multiple_of(WORD))
        .ok_or(TransportError::Cut)?;
    let mut bytes = &bytes[..length];
    let event = Decoder::new()
        .next(&mut bytes, &mut Nowhere(SitePair::EMPTY))
        .map_err(|_| TransportError::Unknown)?;
    if !bytes.is_empty() {
        return Err(TransportError::Unknown);
    }
    *input = behind;
    Ok(event)
}

#[inline(always)]
fn word(input: &[u8]) -> Option<(u64, &[u8])> {
    let (word, rest) = input.split_first_chunk::<WORD>()?;
    Some((u64::from_ne_bytes(*word), rest))
}

/// The only site of an encoder that knows nothing.
struct Nowhere(SitePair);

impl Sites for Nowhere {
    fn site(&mut self, _: StackId) -> &mut SitePair {
        &mut self.0
    }
}
