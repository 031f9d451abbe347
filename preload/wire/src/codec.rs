//! Events as bytes: [`Encoder`] and [`Decoder`], joined by a round-trip property.
//!
//! The first byte tells the kind.
//!
//! ```text
//! 1 p g lll s t   allocation: slot, guess, length of the address, size follows, stack follows
//! 0 1 g lll yy    free: guess, length of the address, type (0 none, 1 as predicted, 2 follows)
//! 0 0 oooooo      any other event, by its number in `operation`
//! ```
//!
//! An address is written as its difference to the guess in steps of 16 bytes, zigzag, in `lll`
//! bytes, little-endian (0 to 4). A size, a stack (as its zigzag difference to the last one) or a
//! type takes one byte, or two if the lowest bit says so. What does not fit (an address that is no
//! multiple of 16 or far away, an allocator that is new at its stack, a large size) is written in
//! full, as an event of its own kind. The common forms are written without a branch, because what
//! they hold is hard to foresee, and half of this library's time goes into them.
//!
//! `docs/format.md` gives every field.

use crate::allocator::Allocator;
use crate::event::{Event, LineTable, MappingKind, MarkKind, Note, Role};
use crate::predictor::{Predictor, Site, SitePair, class_of};
use crate::units::{Address, CodeId, Microseconds, Size, StackId, Turn, TypeId};
use crate::varint;

/// No event takes more bytes than this, and an encoder may scribble over so many.
pub const MAX_EVENT: usize = 320;

/// The most bytes of text that one event carries.
pub const MAX_TEXT: usize = 256;

const ALLOCATION: u8 = 0x80;
const FREE: u8 = 0x40;
const SIZE_FOLLOWS: u8 = 0x02;
const STACK_FOLLOWS: u8 = 0x01;
const TYPE_PREDICTED: u8 = 0x01;
const TYPE_FOLLOWS: u8 = 0x02;

/// Differences from here on (zigzag, in bytes) take more than four bytes of steps.
const FAR_BITS: u32 = 36;

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

/// The zigzag difference of an address to a guess.
#[inline(always)]
fn difference(address: u64, guess: u64) -> u64 {
    varint::zigzag(address.wrapping_sub(guess) as i64)
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
        sites: &mut SitePair,
    ) -> *mut u8 {
        let (Address(address), Size(size)) = (address, size);
        let known = &mut self.predictor;
        let slot = allocator.slot();
        let site = &mut sites.0[slot];
        // SAFETY: class_of stays below the length of the table, as its test shows.
        let last = unsafe { known.by_class.get_unchecked_mut(class_of(size)) };
        let by_class = difference(address, last.wrapping_add(size.wrapping_add(15) & !15));
        let by_free = difference(address, known.last_free);
        let nearest = by_class.min(by_free);
        let new = Site::new(size, allocator, known.epoch);
        let change = site.difference(new);
        let steps = varint::zigzag(i64::from(stack.0) - i64::from(known.last_stack));
        let unusual = (address & 15)
            | (change & Site::BEHIND_SIZE)
            | (nearest >> FAR_BITS)
            | ((size | steps) >> varint::SHORT_BITS);
        if unusual != 0 {
            // SAFETY: the caller's bytes.
            return unsafe { known.long_allocation(out, address, size, allocator, stack, sites) };
        }
        *last = address;
        known.last_allocation = address;
        known.last_stack = stack.0;
        *site = new;
        let length = bytes_of_steps(nearest);
        let kind = u64::from(ALLOCATION)
            | ((slot as u64) << 6)
            | (u64::from(by_free < by_class) << 5)
            | (length << 2)
            | (u64::from(SIZE_FOLLOWS) * u64::from(change != 0))
            | (u64::from(STACK_FOLLOWS) * u64::from(steps != 0));
        // SAFETY: the caller's bytes: 1 for the kind, 8 for the address, two short numbers.
        unsafe {
            out.write(kind as u8);
            out.add(1)
                .cast::<u64>()
                .write_unaligned((nearest >> 4).to_le());
            let rest = out.add(1 + length as usize);
            let rest = varint::write_short_if(rest, size, change != 0);
            varint::write_short_if(rest, steps, steps != 0)
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
        let Address(address) = address;
        let known = &mut self.predictor;
        let by_free = difference(address, known.last_free);
        let by_allocation = difference(address, known.last_allocation);
        let nearest = by_free.min(by_allocation);
        let number = type_id.map_or(0, |type_id| u64::from(type_id.0));
        if (address & 15) | (nearest >> FAR_BITS) | (number >> varint::SHORT_BITS) != 0 {
            // SAFETY: the caller's bytes.
            return unsafe { known.long_free(out, address, type_id) };
        }
        known.last_free = address;
        let length = bytes_of_steps(nearest);
        let kind = u64::from(FREE) | (u64::from(by_allocation < by_free) << 5) | (length << 2);
        // SAFETY: the caller's bytes: 1 for the kind, 8 for the address, one short number.
        unsafe {
            out.add(1)
                .cast::<u64>()
                .write_unaligned((nearest >> 4).to_le());
            let rest = out.add(1 + length as usize);
            let Some(TypeId(type_id)) = type_id else {
                out.write(kind as u8);
                return rest;
            };
            let predicted = known.foresee_type(type_id);
            out.write(
                kind as u8
                    | if predicted {
                        TYPE_PREDICTED
                    } else {
                        TYPE_FOLLOWS
                    },
            );
            varint::write_short_if(rest, number, !predicted)
        }
    }

    /// Writes any event; allocations and frees by way of their own functions, `site` being that of
    /// the stack of an allocation. Texts beyond [`MAX_TEXT`] bytes are cut.
    ///
    /// # Safety
    ///
    /// As for [`Encoder::allocation`].
    pub unsafe fn any(&mut self, out: *mut u8, event: &Event<'_>, sites: &mut SitePair) -> *mut u8 {
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
                return unsafe { self.allocation(out, address, size, allocator, stack, sites) };
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
                waiting,
            } => {
                writer.byte(operation::CENSUS_OBJECT);
                let difference = address.0.wrapping_sub(self.predictor.last_census) as i64;
                writer.number(varint::zigzag(difference));
                writer.number(u64::from(type_id.0) << 1 | u64::from(waiting));
                self.predictor.last_census = address.0;
            }
            Event::CensusOwned {
                address,
                role,
                owner,
            } => {
                writer.byte(operation::CENSUS_OWNED);
                let difference = address.0.wrapping_sub(self.predictor.last_census) as i64;
                writer.number(varint::zigzag(difference));
                writer.byte(role as u8);
                writer.number(u64::from(owner.0));
            }
            Event::CensusEnd => writer.byte(operation::CENSUS_END),
            Event::CensusTook(time) => {
                writer.byte(operation::CENSUS_TOOK);
                writer.number(time.0);
            }
            Event::Exits => writer.byte(operation::EXITS),
            Event::Inherits { image, turn } => {
                writer.byte(operation::INHERITS);
                writer.number(u64::from(image));
                writer.number(turn.0);
            }
        }
        writer.out
    }

    /// Writes any event into a buffer and returns its bytes: for tools and tests, which would
    /// rather be safe than fast.
    pub fn write_to<'a>(
        &mut self,
        buffer: &'a mut [u8; MAX_EVENT],
        event: &Event<'_>,
        sites: &mut SitePair,
    ) -> &'a [u8] {
        // SAFETY: the buffer is MAX_EVENT bytes long.
        let end = unsafe { self.any(buffer.as_mut_ptr(), event, sites) };
        let length = end as usize - buffer.as_ptr() as usize;
        &buffer[..length]
    }
}

impl Predictor {
    /// Writes an allocation in full.
    ///
    /// # Safety
    ///
    /// [`MAX_EVENT`] bytes from `out` on must be writable.
    #[cold]
    unsafe fn long_allocation(
        &mut self,
        out: *mut u8,
        address: u64,
        size: u64,
        allocator: Allocator,
        stack: StackId,
        sites: &mut SitePair,
    ) -> *mut u8 {
        let mut writer = Writer { out };
        writer.byte(operation::LONG_ALLOCATION);
        writer.number(address);
        writer.number(size);
        writer.byte(allocator as u8);
        writer.number(u64::from(stack.0));
        self.remember_allocation(address, size, allocator, stack, sites);
        writer.out
    }

    /// Writes a free in full.
    ///
    /// # Safety
    ///
    /// [`MAX_EVENT`] bytes from `out` on must be writable.
    #[cold]
    unsafe fn long_free(&mut self, out: *mut u8, address: u64, type_id: Option<TypeId>) -> *mut u8 {
        let mut writer = Writer { out };
        writer.byte(operation::LONG_FREE);
        writer.number(address);
        writer.number(type_id.map_or(0, |type_id| u64::from(type_id.0) + 1));
        self.remember_free(address, type_id);
        writer.out
    }

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
        sites.0[allocator.slot()] = if size < Site::SIZE_LIMIT {
            Site::new(size, allocator, self.epoch)
        } else {
            Site::EMPTY
        };
    }

    /// What both sides keep of a free that was written in full.
    fn remember_free(&mut self, address: u64, type_id: Option<TypeId>) {
        self.last_free = address & !15;
        if let Some(TypeId(type_id)) = type_id {
            self.foresee_type(type_id);
        }
    }

    /// Learns that an object of this type died, and tells whether that was foreseen.
    #[inline(always)]
    fn foresee_type(&mut self, type_id: u32) -> bool {
        let predicted = &mut self.next_type[Self::type_slot(self.last_type)];
        self.last_type = type_id;
        core::mem::replace(predicted, type_id) == type_id
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
        if kind & ALLOCATION != 0 {
            return self.allocation(input, sites).map(Event::from);
        }
        if kind & FREE != 0 {
            return self.free(input).map(Event::from);
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
        if kind & ALLOCATION != 0 {
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
        let kind = byte(input)?;
        let steps = read_steps(kind, input)?;
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
        let site = &mut sites.site(stack).0[usize::from(kind >> 6 & 1)];
        let size = size.unwrap_or(site.size());
        let allocator =
            Allocator::from_number(site.allocator()).ok_or(DecodeError::Unknown(kind))?;
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
        let steps = read_steps(kind, input)?;
        let known = &mut self.predictor;
        let guess = if kind >> 5 & 1 == 0 {
            known.last_free
        } else {
            known.last_allocation
        };
        let address = guess.wrapping_add(steps);
        known.last_free = address;
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
                let word = number(input)?;
                Event::CensusObject {
                    address: Address(address),
                    type_id: TypeId((word >> 1) as u32),
                    waiting: word & 1 == 1,
                }
            }
            operation::CENSUS_OWNED => {
                let difference = varint::unzigzag(number(input)?);
                let address = self.predictor.last_census.wrapping_add(difference as u64);
                Event::CensusOwned {
                    address: Address(address),
                    role: Role::from_number(byte(input)?).ok_or(unknown)?,
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
}

/// Reads the difference of an address to its guess, in bytes.
#[inline(always)]
fn read_steps(kind: u8, input: &mut &[u8]) -> Result<u64, DecodeError> {
    let bytes = usize::from(kind >> 2 & 7);
    if bytes > 4 {
        return Err(DecodeError::Unknown(kind));
    }
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
pub(crate) mod tests;
