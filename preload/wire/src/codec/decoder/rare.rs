//! What does not come in millions, and what does but does not fit its common form.

use super::{DecodeError, Decoder, Sites, byte, number};
use crate::allocator::Allocator;
use crate::codec::{
    AFTER_ANOTHER, BLOCK_ZEROS, MAX_TEXT, NEAR_LAST, POINTER_ZEROS, operation, unfold,
};
use crate::event::{Event, LineTable, MappingKind, MarkKind, Note, Role};
use crate::units::{Address, CodeId, Microseconds, Size, StackId, Turn, TypeId};
use crate::varint;

impl Decoder {
    #[cold]
    pub(super) fn long_allocation<'a>(
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
    pub(super) fn long_free<'a>(&mut self, input: &mut &'a [u8]) -> Result<Event<'a>, DecodeError> {
        let address = number(input)?;
        let type_id = (number(input)? as u32).checked_sub(1).map(TypeId);
        self.predictor.remember_free(address, type_id);
        Ok(Event::Free {
            address: Address(address),
            type_id,
        })
    }

    #[inline(never)]
    pub(super) fn rare<'a>(
        &mut self,
        kind: u8,
        input: &mut &'a [u8],
    ) -> Result<Event<'a>, DecodeError> {
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
            operation::TURN_AGAIN => {
                let difference = number(input)?;
                self.turn_again(difference)
            }
            operation::TURN_AFTER_ANOTHER => self.turn_again(AFTER_ANOTHER),
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

    /// A turn at the time of the one before.
    fn turn_again(&mut self, difference: u64) -> Event<'static> {
        let known = &mut self.predictor;
        known.last_turn = known.last_turn.wrapping_add(difference);
        Event::Turn {
            turn: Turn(known.last_turn),
            time: Microseconds(known.last_time),
        }
    }

    /// The stack that a frame defines, and its parent.
    fn frame(&mut self, input: &mut &[u8]) -> Result<(StackId, StackId), DecodeError> {
        let stack = self.predictor.defined(number(input)?);
        let distance = number(input)? as u32;
        Ok((stack, StackId(stack.0.wrapping_sub(distance))))
    }
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
