//! Events as bytes: [`Encoder`] and [`Decoder`], joined by a round-trip property.
//!
//! The first byte tells the kind.
//!
//! ```text
//! 1 gg lll s t   allocation: guess, length of the address, site differs, stack differs
//! 0 1 g lll yy   free: guess, length of the address, type (0 none, 1 as predicted, 2 written)
//! 0 0 oooooo     any other event, by its number in `operation`
//! ```
//!
//! An address is written as its difference to the guess in steps of 16 bytes, in `lll` bytes of
//! two's complement, little-endian (0 to 5); 6 says six bytes of the address itself, 7 eight.
//! `docs/format.md` gives every field.

use crate::allocator::Allocator;
use crate::event::{Event, LineTable, MappingKind, MarkKind, Note};
use crate::predictor::{Predictor, Site, class_of};
use crate::units::{Address, CodeId, Microseconds, Size, StackId, Turn, TypeId};
use crate::varint;

/// No event takes more bytes than this, and an encoder may scribble over so many.
pub const MAX_EVENT: usize = 320;

/// The most bytes of text that one event carries.
pub const MAX_TEXT: usize = 256;

const ALLOCATION: u8 = 0x80;
const FREE: u8 = 0x40;
const SITE_DIFFERS: u8 = 0x02;
const STACK_DIFFERS: u8 = 0x01;
const TYPE_PREDICTED: u8 = 0x01;
const TYPE_WRITTEN: u8 = 0x02;
const ADDRESS_48: u8 = 6;
const ADDRESS_64: u8 = 7;

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
}

/// An address that is cheap to write: its guess and how many bytes the rest takes.
struct Difference {
    guess: u8,
    length: u8,
    bytes: u64,
}

impl Difference {
    #[inline(always)]
    fn of(address: u64, guesses: &[u64]) -> Self {
        let mut guess = 0;
        let mut best = address.wrapping_sub(guesses[0]) as i64;
        for (number, &candidate) in guesses.iter().enumerate().skip(1) {
            let other = address.wrapping_sub(candidate) as i64;
            if other.unsigned_abs() < best.unsigned_abs() {
                best = other;
                guess = number as u8;
            }
        }
        if best & 15 == 0 {
            let steps = best >> 4;
            let length = bytes_of(varint::zigzag(steps));
            if length < ADDRESS_48 {
                return Self {
                    guess,
                    length,
                    bytes: steps as u64,
                };
            }
        }
        let length = if address >> 48 == 0 {
            ADDRESS_48
        } else {
            ADDRESS_64
        };
        Self {
            guess,
            length,
            bytes: address,
        }
    }
}

/// How many bytes a number takes: none for zero, and 6 for all that take more than five. Without a
/// branch, because half of all differences are zero; and by comparing, because `bsr` is slow where
/// `lzcnt` cannot be relied on.
#[inline(always)]
fn bytes_of(number: u64) -> u8 {
    u8::from(number != 0)
        + u8::from(number >= 1 << 8)
        + u8::from(number >= 1 << 16)
        + u8::from(number >= 1 << 24)
        + u8::from(number >= 1 << 32)
        + u8::from(number >= 1 << 40)
}

/// Writes events; the producer's side of the shared knowledge.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Encoder {
    predictor: Predictor,
}

impl Encoder {
    /// An encoder for a new stream.
    pub const fn new() -> Self {
        Self {
            predictor: Predictor::new(),
        }
    }

    /// The epoch that the next [`Event::Restart`] begins.
    pub const fn next_epoch(&self) -> u16 {
        self.predictor.next_epoch()
    }

    /// Writes an [`Event::Allocation`]; `site` belongs to its stack.
    ///
    /// # Safety
    ///
    /// [`MAX_EVENT`] bytes from `out` on must be writable; so for all writing functions here.
    #[inline(always)]
    pub unsafe fn allocation(
        &mut self,
        out: *mut u8,
        address: Address,
        size: Size,
        allocator: Allocator,
        stack: StackId,
        site: &mut Site,
    ) -> *mut u8 {
        let Address(address) = address;
        let Size(size) = size;
        let known = &mut self.predictor;
        let rounded = size.wrapping_add(15) & !15;
        // SAFETY: class_of stays below the length of the table, as its test shows.
        let last = unsafe { known.by_class.get_unchecked_mut(class_of(size)) };
        let difference = Difference::of(
            address,
            &[
                last.wrapping_add(rounded),
                known.last_free,
                known.last_allocation,
            ],
        );
        *last = address;
        known.last_allocation = address;
        let new = Site::new(size, allocator, known.epoch);
        let predicted = known.allocator_at(*site);
        let steps = varint::zigzag(i64::from(stack.0) - i64::from(known.last_stack));
        known.last_stack = stack.0;
        let site_differs = *site != new;
        let flags = ALLOCATION | difference.guess << 5 | difference.length << 2;
        // SAFETY: the caller's bytes: 1 for the kind, 8 for the address, then either two numbers
        // of two bytes, or what `allocation_long` writes.
        unsafe {
            let rest = write_address(out.add(1), &difference);
            if predicted != allocator as u8 || size >= SHORT_SIZE || steps >= varint::SHORT {
                return known.allocation_long(out, flags, rest, new, size, allocator, steps, site);
            }
            *site = new;
            // Whether a part is there is hard to foresee, so both are written, and what is not to
            // be there is written over: that is quicker than a branch taken wrongly.
            let flags = flags
                | SITE_DIFFERS * u8::from(site_differs)
                | STACK_DIFFERS * u8::from(steps != 0);
            let rest = varint::write_short_if(rest, size << 1, site_differs);
            let rest = varint::write_short_if(rest, steps, steps != 0);
            out.write(flags);
            rest
        }
    }

    /// Writes an [`Event::Free`].
    ///
    /// # Safety
    ///
    /// As for [`Encoder::allocation`].
    #[inline(always)]
    pub unsafe fn free(
        &mut self,
        out: *mut u8,
        address: Address,
        type_id: Option<TypeId>,
    ) -> *mut u8 {
        let known = &mut self.predictor;
        let difference = Difference::of(address.0, &[known.last_free, known.last_allocation]);
        known.last_free = address.0;
        // SAFETY: the caller's bytes: 1 for the kind, 8 for the address, one varint.
        unsafe {
            let mut flags = FREE | difference.guess << 5 | difference.length << 2;
            let kind = out;
            let mut out = write_address(out.add(1), &difference);
            if let Some(TypeId(type_id)) = type_id {
                let predicted = known
                    .next_type
                    .get_unchecked_mut(Predictor::type_slot(known.last_type));
                if *predicted == type_id {
                    flags |= TYPE_PREDICTED;
                } else {
                    flags |= TYPE_WRITTEN;
                    *predicted = type_id;
                    out = varint::write(out, u64::from(type_id));
                }
                known.last_type = type_id;
            }
            kind.write(flags);
            out
        }
    }

    /// Writes any event; allocations and frees by way of their own functions, `site` being that of
    /// the stack of an allocation. Texts beyond [`MAX_TEXT`] bytes are cut.
    ///
    /// # Safety
    ///
    /// As for [`Encoder::allocation`].
    pub unsafe fn any(&mut self, out: *mut u8, event: &Event<'_>, site: &mut Site) -> *mut u8 {
        let mut writer = Writer { out };
        // SAFETY (for the whole body): a kind byte, at most five varints or one text of MAX_TEXT
        // bytes with three varints are written, which is below MAX_EVENT.
        match *event {
            Event::Allocation {
                address,
                size,
                allocator,
                stack,
            } => {
                // SAFETY: the caller's bytes.
                return unsafe { self.allocation(out, address, size, allocator, stack, site) };
            }
            Event::Free { address, type_id } => {
                // SAFETY: the caller's bytes.
                return unsafe { self.free(out, address, type_id) };
            }
            Event::FreeCancelled => writer.byte(operation::FREE_CANCELLED),
            Event::UnmapCancelled => writer.byte(operation::UNMAP_CANCELLED),
            Event::Turn { turn, time } => {
                writer.byte(operation::TURN);
                writer.number(turn.0.wrapping_sub(self.predictor.last_turn));
                writer.number(time.0.wrapping_sub(self.predictor.last_time));
                self.predictor.last_turn = turn.0;
                self.predictor.last_time = time.0;
            }
            Event::Restart {
                turn,
                time,
                stacks,
                epoch,
            } => {
                writer.byte(operation::RESTART);
                writer.number(turn.0);
                writer.number(time.0);
                writer.number(u64::from(stacks));
                writer.number(u64::from(epoch));
                self.predictor.restart(turn.0, time.0, epoch);
            }
            Event::PythonFrame {
                stack,
                parent,
                code,
                instruction,
            } => {
                writer.byte(operation::PYTHON_FRAME);
                writer.number(u64::from(stack.0));
                writer.number(u64::from(stack.0.wrapping_sub(parent.0)));
                writer.number(u64::from(code.0));
                writer.number(u64::from(instruction));
            }
            Event::NativeFrame {
                stack,
                parent,
                address,
            } => {
                writer.byte(operation::NATIVE_FRAME);
                writer.number(u64::from(stack.0));
                writer.number(u64::from(stack.0.wrapping_sub(parent.0)));
                let difference = address.0.wrapping_sub(self.predictor.last_native) as i64;
                writer.number(varint::zigzag(difference));
                self.predictor.last_native = address.0;
            }
            Event::Code {
                code,
                first_line,
                table,
                file,
                name,
                lines,
            } => {
                writer.byte(operation::CODE);
                writer.number(u64::from(code.0));
                writer.number(u64::from(first_line));
                writer.byte(table as u8);
                writer.number(u64::from(file));
                writer.number(u64::from(name));
                writer.number(u64::from(lines));
            }
            Event::Bytes(text) => {
                writer.byte(operation::BYTES);
                writer.text(text);
            }
            Event::Map {
                address,
                length,
                kind,
                stack,
            } => {
                writer.byte(operation::MAP);
                writer.number(address.0);
                writer.number(length.0);
                writer.byte(kind as u8);
                writer.number(u64::from(stack.0));
            }
            Event::Unmap { address, length } => {
                writer.byte(operation::UNMAP);
                writer.number(address.0);
                writer.number(length.0);
            }
            Event::Remap {
                old,
                old_length,
                new,
                new_length,
                stack,
            } => {
                writer.byte(operation::REMAP);
                writer.number(old.0);
                writer.number(old_length.0);
                writer.number(new.0);
                writer.number(new_length.0);
                writer.number(u64::from(stack.0));
            }
            Event::Protect {
                address,
                length,
                usable,
            } => {
                writer.byte(operation::PROTECT);
                writer.number(address.0);
                writer.number(length.0);
                writer.byte(u8::from(usable));
            }
            Event::ThreadName(name) => {
                writer.byte(operation::THREAD_NAME);
                writer.text(name);
            }
            Event::Type { type_id, name } => {
                writer.byte(operation::TYPE);
                writer.number(u64::from(type_id.0));
                writer.text(name);
            }
            Event::Mark { kind, name } => {
                writer.byte(operation::MARK);
                writer.byte(kind as u8);
                writer.text(name);
            }
            Event::Note(note) => {
                writer.byte(operation::NOTE);
                writer.byte(note as u8);
            }
            Event::Interpreter {
                version,
                stacks,
                allocator,
            } => {
                writer.byte(operation::INTERPRETER);
                writer.number(u64::from(version));
                writer.byte(u8::from(stacks));
                writer.text(allocator);
            }
            Event::CensusBegin => writer.byte(operation::CENSUS_BEGIN),
            Event::CensusObject {
                address,
                type_id,
                owner,
            } => {
                writer.byte(operation::CENSUS_OBJECT);
                let difference = address.0.wrapping_sub(self.predictor.last_census) as i64;
                writer.number(varint::zigzag(difference));
                writer.number(u64::from(type_id.0));
                writer.number(u64::from(owner.0));
                self.predictor.last_census = address.0;
            }
            Event::CensusEnd => writer.byte(operation::CENSUS_END),
        }
        writer.out
    }

    /// Writes any event into a buffer and returns its bytes: for tools and tests, which would
    /// rather be safe than fast.
    pub fn write_to<'a>(
        &mut self,
        buffer: &'a mut [u8; MAX_EVENT],
        event: &Event<'_>,
        site: &mut Site,
    ) -> &'a [u8] {
        // SAFETY: the buffer is MAX_EVENT bytes long.
        let end = unsafe { self.any(buffer.as_mut_ptr(), event, site) };
        let length = end as usize - buffer.as_ptr() as usize;
        &buffer[..length]
    }
}

/// Sizes from here on do not fit into a short number, with the bit that goes with them.
const SHORT_SIZE: u64 = varint::SHORT / 2;

impl Predictor {
    /// The rest of an allocation that does not fit the common form.
    ///
    /// # Safety
    ///
    /// The kind byte at `out`, and 21 bytes from `rest` on, must be writable.
    #[cold]
    #[expect(
        clippy::too_many_arguments,
        reason = "one function, cut in two for speed"
    )]
    unsafe fn allocation_long(
        &mut self,
        out: *mut u8,
        mut flags: u8,
        mut rest: *mut u8,
        new: Site,
        size: u64,
        allocator: Allocator,
        steps: u64,
        site: &mut Site,
    ) -> *mut u8 {
        // SAFETY: the caller's bytes: two varints and one byte.
        unsafe {
            if *site != new || size >= Site::SIZE_LIMIT {
                flags |= SITE_DIFFERS;
                let differs = self.allocator_at(*site) != allocator as u8;
                // sizes need 63 bits: nothing larger than isize::MAX was ever allocated
                rest = varint::write(rest, size << 1 | u64::from(differs));
                if differs {
                    rest.write(allocator as u8);
                    rest = rest.add(1);
                    self.last_allocator = allocator as u8;
                }
                *site = if size >= Site::SIZE_LIMIT {
                    Site::EMPTY
                } else {
                    new
                };
            }
            if steps != 0 {
                flags |= STACK_DIFFERS;
                rest = varint::write(rest, steps);
            }
            out.write(flags);
        }
        rest
    }
}

/// Writes the pieces of a rare event. Only [`Encoder::any`] makes one, and vouches for the room.
struct Writer {
    out: *mut u8,
}

impl Writer {
    fn byte(&mut self, byte: u8) {
        // SAFETY: `Encoder::any` never writes more than the MAX_EVENT bytes its caller vouches for.
        unsafe {
            self.out.write(byte);
            self.out = self.out.add(1);
        }
    }

    fn number(&mut self, value: u64) {
        // SAFETY: as in `byte`.
        self.out = unsafe { varint::write(self.out, value) };
    }

    fn text(&mut self, text: &[u8]) {
        let length = text.len().min(MAX_TEXT);
        self.number(length as u64);
        // SAFETY: as in `byte`; a text and the ring it is copied to never overlap.
        unsafe {
            core::ptr::copy_nonoverlapping(text.as_ptr(), self.out, length);
            self.out = self.out.add(length);
        }
    }
}

/// Writes the bytes of a difference; eight bytes are scribbled over whatever the length is.
///
/// # Safety
///
/// Eight bytes from `out` on must be writable.
#[inline(always)]
unsafe fn write_address(out: *mut u8, difference: &Difference) -> *mut u8 {
    let length = if difference.length == ADDRESS_64 {
        8
    } else {
        difference.length
    };
    // SAFETY: the caller's eight bytes.
    unsafe {
        out.cast::<u64>().write_unaligned(difference.bytes.to_le());
        out.add(length as usize)
    }
}

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
    fn site(&mut self, stack: StackId) -> &mut Site;
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
        *input = rest;
        if kind & ALLOCATION != 0 {
            self.allocation(kind, input, sites)
        } else if kind & FREE != 0 {
            self.free(kind, input)
        } else {
            self.rare(kind, input)
        }
    }

    #[inline(always)]
    fn allocation<'a>(
        &mut self,
        kind: u8,
        input: &mut &'a [u8],
        sites: &mut impl Sites,
    ) -> Result<Event<'a>, DecodeError> {
        let written = read_address(kind >> 2 & 7, input)?;
        let known = &mut self.predictor;
        let explicit = if kind & SITE_DIFFERS == 0 {
            None
        } else {
            let value = number(input)?;
            if value & 1 != 0 {
                known.last_allocator = byte(input)?;
            }
            Some(value)
        };
        if kind & STACK_DIFFERS != 0 {
            let difference = varint::unzigzag(number(input)?);
            known.last_stack = (i64::from(known.last_stack).wrapping_add(difference)) as u32;
        }
        let stack = StackId(known.last_stack);
        let site = sites.site(stack);
        let (size, allocator) = match explicit {
            None => (site.size(), site.allocator()),
            Some(value) if value & 1 != 0 => (value >> 1, known.last_allocator),
            Some(value) => (value >> 1, known.allocator_at(*site)),
        };
        let allocator = Allocator::from_number(allocator).ok_or(DecodeError::Unknown(kind))?;
        if explicit.is_some() {
            *site = if size >= Site::SIZE_LIMIT {
                Site::EMPTY
            } else {
                Site::new(size, allocator, known.epoch)
            };
        }
        let last = &mut known.by_class[class_of(size)];
        let rounded = size.wrapping_add(15) & !15;
        let guess = match kind >> 5 & 3 {
            0 => last.wrapping_add(rounded),
            1 => known.last_free,
            _ => known.last_allocation,
        };
        let address = written.resolve(guess);
        *last = address;
        known.last_allocation = address;
        Ok(Event::Allocation {
            address: Address(address),
            size: Size(size),
            allocator,
            stack,
        })
    }

    #[inline(always)]
    fn free<'a>(&mut self, kind: u8, input: &mut &'a [u8]) -> Result<Event<'a>, DecodeError> {
        let written = read_address(kind >> 2 & 7, input)?;
        let known = &mut self.predictor;
        let guess = if kind >> 5 & 1 == 0 {
            known.last_free
        } else {
            known.last_allocation
        };
        let address = written.resolve(guess);
        known.last_free = address;
        let predicted = &mut known.next_type[Predictor::type_slot(known.last_type)];
        let type_id = match kind & 3 {
            0 => None,
            TYPE_PREDICTED => Some(TypeId(*predicted)),
            TYPE_WRITTEN => {
                *predicted = number(input)? as u32;
                Some(TypeId(*predicted))
            }
            _ => return Err(DecodeError::Unknown(kind)),
        };
        if let Some(TypeId(type_id)) = type_id {
            known.last_type = type_id;
        }
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
                self.predictor.restart(turn.0, time.0, epoch);
                Event::Restart {
                    turn,
                    time,
                    stacks,
                    epoch,
                }
            }
            operation::PYTHON_FRAME => {
                let (stack, parent) = frame(input)?;
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
                let (stack, parent) = frame(input)?;
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
                let difference = varint::unzigzag(number(input)?);
                let address = self.predictor.last_census.wrapping_add(difference as u64);
                self.predictor.last_census = address;
                Event::CensusObject {
                    address: Address(address),
                    type_id: TypeId(number(input)? as u32),
                    owner: TypeId(number(input)? as u32),
                }
            }
            operation::CENSUS_END => Event::CensusEnd,
            _ => return Err(unknown),
        })
    }
}

/// An address as it was written.
enum Written {
    Steps(i64),
    Absolute(u64),
}

impl Written {
    #[inline(always)]
    fn resolve(self, guess: u64) -> u64 {
        match self {
            Self::Steps(steps) => guess.wrapping_add((steps << 4) as u64),
            Self::Absolute(address) => address,
        }
    }
}

#[inline(always)]
fn read_address(length: u8, input: &mut &[u8]) -> Result<Written, DecodeError> {
    let bytes = if length == ADDRESS_64 {
        8
    } else {
        usize::from(length)
    };
    let word = match input.first_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        // the last bytes of a chunk
        None => {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(input.iter()) {
                *to = *from;
            }
            u64::from_le_bytes(word)
        }
    };
    *input = input.get(bytes..).ok_or(DecodeError::Cut)?;
    Ok(match length {
        0 => Written::Steps(0),
        ADDRESS_48 => Written::Absolute(word & 0xffff_ffff_ffff),
        ADDRESS_64 => Written::Absolute(word),
        _ => {
            let unused = 64 - 8 * u32::from(length);
            Written::Steps((word << unused) as i64 >> unused)
        }
    })
}

fn frame(input: &mut &[u8]) -> Result<(StackId, StackId), DecodeError> {
    let stack = number(input)? as u32;
    let distance = number(input)? as u32;
    Ok((StackId(stack), StackId(stack.wrapping_sub(distance))))
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

#[cfg(test)]
#[path = "codec_tests.rs"]
mod tests;
