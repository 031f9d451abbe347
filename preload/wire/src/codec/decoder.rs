//! Bytes become events.

use super::operation;
use super::{
    ALLOCATION, BLOCK_ZEROS, BY_ALLOCATOR, ELSEWHERE, FREE, MAX_TEXT, NEAR_LAST, POINTER_ZEROS,
    SIZE_FOLLOWS, STACK_FOLLOWS, TYPE_FOLLOWS, TYPE_PREDICTED, unfold,
};
use crate::allocator::Allocator;
use crate::event::{Event, LineTable, MappingKind, MarkKind, Note, Role};
use crate::predictor::{Predictor, Site, SitePair, class_of};
use crate::units::{Address, CodeId, Microseconds, Size, StackId, Turn, TypeId};
use crate::varint;

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

/// An [`Event::Allocation`], apart from all others: readers in a hurry ask for it by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Where the block begins.
    pub address: Address,
    /// How many bytes were asked for.
    pub size: Size,
    /// Who handed it out.
    pub allocator: Allocator,
    /// Where the program was.
    pub stack: StackId,
}

/// An [`Event::Free`], apart from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// Where the block began.
    pub address: Address,
    /// The type of the object that died there, if anybody looked.
    pub type_id: Option<TypeId>,
}

impl From<Allocation> for Event<'_> {
    #[inline(always)]
    fn from(from: Allocation) -> Self {
        let Allocation {
            address,
            size,
            allocator,
            stack,
        } = from;
        Self::Allocation {
            address,
            size,
            allocator,
            stack,
        }
    }
}

impl From<Free> for Event<'_> {
    #[inline(always)]
    fn from(Free { address, type_id }: Free) -> Self {
        Self::Free { address, type_id }
    }
}

/// The forms that nearly all events have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    /// [`Decoder::allocation`] reads it.
    Allocation,
    /// [`Decoder::free`] reads it.
    Free,
    /// [`Decoder::next`] reads it, as it reads all.
    Neither,
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

    #[cold]
    fn long_allocation<'a>(
        &mut self,
        input: &mut &'a [u8],
        sites: &mut impl Sites,
    ) -> Result<Event<'a>, DecodeError> {
        let address = number(input)?;
        let size = number(input)?;
        let unknown = DecodeError::Unknown(operation::LONG_ALLOCATION);
        let allocator = Allocator::from_number(byte(input)?).ok_or(unknown)?;
        let stack = StackId(number(input)? as u32);
        self.predictor
            .remember_allocation(address, size, allocator, stack, sites.site(stack));
        Ok(Event::Allocation {
            address: Address(address),
            size: Size(size),
            allocator,
            stack,
        })
    }

    #[cold]
    fn long_free<'a>(&mut self, input: &mut &'a [u8]) -> Result<Event<'a>, DecodeError> {
        let address = number(input)?;
        let type_id = (number(input)? as u32).checked_sub(1).map(TypeId);
        self.predictor.remember_free(address, type_id);
        Ok(Event::Free {
            address: Address(address),
            type_id,
        })
    }

    #[inline(never)]
    fn rare<'a>(&mut self, kind: u8, input: &mut &'a [u8]) -> Result<Event<'a>, DecodeError> {
        let unknown = DecodeError::Unknown(kind);
        Ok(match kind {
            operation::TURN => {
                let known = &mut self.predictor;
                known.last_turn = known.last_turn.wrapping_add(number(input)?);
                known.last_time = known.last_time.wrapping_add(number(input)?);
                Event::Turn {
                    turn: Turn(known.last_turn),
                    time: Microseconds(known.last_time),
                }
            }
            operation::RESTART => {
                let turn = Turn(number(input)?);
                let time = Microseconds(number(input)?);
                let stacks = number(input)? as u32;
                let epoch = number(input)? as u16;
                self.predictor.restart(turn.0, time.0, stacks, epoch);
                Event::Restart {
                    turn,
                    time,
                    stacks,
                    epoch,
                }
            }
            operation::PYTHON_FRAME => {
                let (stack, parent) = self.frame(input)?;
                let code = CodeId(number(input)? as u32);
                let instruction = number(input)? as u32;
                Event::PythonFrame {
                    stack,
                    parent,
                    code,
                    instruction,
                }
            }
            operation::NATIVE_FRAME => {
                let (stack, parent) = self.frame(input)?;
                let difference = varint::unzigzag(number(input)?);
                let address = self.predictor.last_native.wrapping_add(difference as u64);
                self.predictor.last_native = address;
                Event::NativeFrame {
                    stack,
                    parent,
                    address: Address(address),
                }
            }
            operation::CODE => Event::Code {
                code: CodeId(number(input)? as u32),
                first_line: number(input)? as u32,
                table: LineTable::from_number(byte(input)?).ok_or(unknown)?,
                file: number(input)? as u32,
                name: number(input)? as u32,
                lines: number(input)? as u32,
            },
            operation::BYTES => Event::Bytes(text(input)?),
            operation::MAP => Event::Map {
                address: Address(number(input)?),
                length: Size(number(input)?),
                kind: MappingKind::from_number(byte(input)?).ok_or(unknown)?,
                stack: StackId(number(input)? as u32),
            },
            operation::UNMAP => Event::Unmap {
                address: Address(number(input)?),
                length: Size(number(input)?),
            },
            operation::REMAP => Event::Remap {
                old: Address(number(input)?),
                old_length: Size(number(input)?),
                new: Address(number(input)?),
                new_length: Size(number(input)?),
                stack: StackId(number(input)? as u32),
            },
            operation::PROTECT => Event::Protect {
                address: Address(number(input)?),
                length: Size(number(input)?),
                usable: byte(input)? != 0,
            },
            operation::THREAD_NAME => Event::ThreadName(text(input)?),
            operation::FREE_CANCELLED => Event::FreeCancelled,
            operation::UNMAP_CANCELLED => Event::UnmapCancelled,
            operation::TYPE => Event::Type {
                type_id: TypeId(number(input)? as u32),
                name: text(input)?,
            },
            operation::MARK => Event::Mark {
                kind: MarkKind::from_number(byte(input)?).ok_or(unknown)?,
                name: text(input)?,
            },
            operation::NOTE => Event::Note(Note::from_number(byte(input)?).ok_or(unknown)?),
            operation::INTERPRETER => Event::Interpreter {
                version: number(input)? as u32,
                stacks: byte(input)? != 0,
                allocator: text(input)?,
            },
            operation::CENSUS_BEGIN => Event::CensusBegin,
            operation::CENSUS_OBJECT => {
                let difference = unfold(number(input)?, BLOCK_ZEROS);
                let address = self.predictor.last_census.wrapping_add(difference);
                self.predictor.last_census = address;
                let word = number(input)?;
                Event::CensusObject {
                    address: Address(address),
                    type_id: TypeId((word >> 1) as u32),
                    waiting: word & 1 == 1,
                }
            }
            operation::CENSUS_OWNED => {
                let role = byte(input)?;
                let guess = if role & NEAR_LAST == 0 {
                    self.predictor.last_census
                } else {
                    self.predictor.last_owned
                };
                let address = guess.wrapping_add(unfold(number(input)?, POINTER_ZEROS));
                self.predictor.last_owned = address;
                Event::CensusOwned {
                    address: Address(address),
                    role: Role::from_number(role & !NEAR_LAST).ok_or(unknown)?,
                    owner: TypeId(number(input)? as u32),
                }
            }
            operation::CENSUS_END => Event::CensusEnd,
            operation::EXITS => Event::Exits,
            operation::CENSUS_TOOK => Event::CensusTook(Microseconds(number(input)?)),
            operation::INHERITS => Event::Inherits {
                image: number(input)? as u32,
                turn: Turn(number(input)?),
            },
            _ => return Err(unknown),
        })
    }

    /// The stack that a frame defines, and its parent.
    fn frame(&mut self, input: &mut &[u8]) -> Result<(StackId, StackId), DecodeError> {
        let stack = self.predictor.defined(number(input)?);
        let distance = number(input)? as u32;
        Ok((stack, StackId(stack.0.wrapping_sub(distance))))
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

fn text<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], DecodeError> {
    let length = number(input)? as usize;
    if length > MAX_TEXT {
        return Err(DecodeError::Cut);
    }
    let (text, rest) = input.split_at_checked(length).ok_or(DecodeError::Cut)?;
    *input = rest;
    Ok(text)
}
