//! Events become bytes.

use super::operation;
use super::{
    ALLOCATION, BLOCK_ZEROS, BY_ALLOCATOR, ELSEWHERE, ELSEWHERE_BITS, FAR_BITS, FREE, MAX_EVENT,
    MAX_TEXT, NEAR_LAST, POINTER_ZEROS, SIZE_FOLLOWS, STACK_FOLLOWS, TYPE_FOLLOWS, TYPE_PREDICTED,
    bytes_of_steps, difference, fold,
};
use crate::allocator::Allocator;
use crate::event::Event;
use crate::predictor::{Predictor, Site, SitePair, class_of};
use crate::units::{Address, Size, StackId, TypeId};
use crate::varint;

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
        let steps = varint::zigzag(i64::from(stack.0) - i64::from(known.last_stack));
        let unusual =
            (address & 15) | (nearest >> FAR_BITS) | ((size | steps) >> varint::SHORT_BITS);
        if unusual != 0 {
            // SAFETY: the caller's bytes.
            return unsafe { known.long_allocation(out, address, size, allocator, stack, sites) };
        }
        let foreseen = site.allocator(known.epoch, known.usual[slot]);
        let out = if foreseen == allocator as u8 {
            out
        } else {
            // SAFETY: the caller's bytes.
            unsafe { by_allocator(out, allocator) }
        };
        let new = Site::new(size, allocator, known.epoch);
        let size_follows = *site != new;
        *last = address;
        known.last_allocation = address;
        known.last_stack = stack.0;
        known.usual[slot] = allocator as u8;
        *site = new;
        let length = bytes_of_steps(nearest);
        let kind = u64::from(ALLOCATION)
            | ((slot as u64) << 6)
            | (u64::from(by_free < by_class) << 5)
            | (length << 2)
            | (u64::from(SIZE_FOLLOWS) * u64::from(size_follows))
            | (u64::from(STACK_FOLLOWS) * u64::from(steps != 0));
        // SAFETY: the caller's bytes: 1 for the kind, 8 for the address, two short numbers.
        unsafe {
            out.write(kind as u8);
            out.add(1)
                .cast::<u64>()
                .write_unaligned((nearest >> 4).to_le());
            let rest = out.add(1 + length as usize);
            let rest = varint::write_short_if(rest, size, size_follows);
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
            return unsafe { known.far_free(out, address, type_id) };
        }
        known.freed(address);
        let length = bytes_of_steps(nearest);
        let kind = u64::from(FREE) | (u64::from(by_allocation < by_free) << 5) | (length << 2);
        // SAFETY: the caller's bytes.
        unsafe { known.typed_free(out, kind, nearest, length, type_id) }
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
                self.predictor.restart(turn.0, time.0, stacks, epoch);
            }
            Event::PythonFrame {
                stack,
                parent,
                code,
                instruction,
            } => {
                writer.byte(operation::PYTHON_FRAME);
                writer.number(self.predictor.define(stack));
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
                writer.number(self.predictor.define(stack));
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
                let difference = address.0.wrapping_sub(self.predictor.last_census);
                writer.number(fold(difference, BLOCK_ZEROS));
                writer.number(u64::from(type_id.0) << 1 | u64::from(waiting));
                self.predictor.last_census = address.0;
            }
            Event::CensusOwned {
                address,
                role,
                owner,
            } => {
                writer.byte(operation::CENSUS_OWNED);
                let near = |guess| fold(address.0.wrapping_sub(guess), POINTER_ZEROS);
                let by_owner = near(self.predictor.last_census);
                let by_last = near(self.predictor.last_owned);
                if by_last < by_owner {
                    writer.byte(role as u8 | NEAR_LAST);
                } else {
                    writer.byte(role as u8);
                }
                writer.number(by_owner.min(by_last));
                writer.number(u64::from(owner.0));
                self.predictor.last_owned = address.0;
            }
            Event::CensusEnd => writer.byte(operation::CENSUS_END),
            Event::Exits => writer.byte(operation::EXITS),
            Event::CensusTook(time) => {
                writer.byte(operation::CENSUS_TOOK);
                writer.number(time.0);
            }
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
    /// Writes a free of the common form, `nearest` being the difference of its address in `length`
    /// bytes of steps.
    ///
    /// # Safety
    ///
    /// [`MAX_EVENT`] bytes from `out` on must be writable.
    #[inline(always)]
    unsafe fn typed_free(
        &mut self,
        out: *mut u8,
        kind: u64,
        nearest: u64,
        length: u64,
        type_id: Option<TypeId>,
    ) -> *mut u8 {
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
            let predicted = self.foresee_type(type_id);
            out.write(
                kind as u8
                    | if predicted {
                        TYPE_PREDICTED
                    } else {
                        TYPE_FOLLOWS
                    },
            );
            varint::write_short_if(rest, u64::from(type_id), !predicted)
        }
    }

    /// Writes a free that is far from what was foreseen.
    ///
    /// # Safety
    ///
    /// As for [`Predictor::typed_free`].
    #[inline(never)]
    unsafe fn far_free(&mut self, out: *mut u8, address: u64, type_id: Option<TypeId>) -> *mut u8 {
        let nearest = difference(address, self.free_elsewhere);
        let number = type_id.map_or(0, |type_id| u64::from(type_id.0));
        if (address & 15) | (nearest >> ELSEWHERE_BITS) | (number >> varint::SHORT_BITS) != 0 {
            // SAFETY: the caller's bytes.
            return unsafe { self.long_free(out, address, type_id) };
        }
        self.freed(address);
        let kind = u64::from(FREE) | u64::from(ELSEWHERE) << 2;
        // SAFETY: the caller's bytes.
        unsafe { self.typed_free(out, kind, nearest, 3, type_id) }
    }

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
}

/// Names the allocator of the allocation that follows.
///
/// # Safety
///
/// One byte from `out` on must be writable.
#[inline(always)]
unsafe fn by_allocator(out: *mut u8, allocator: Allocator) -> *mut u8 {
    // SAFETY: the caller's bytes.
    unsafe {
        out.write(BY_ALLOCATOR | allocator as u8);
        out.add(1)
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
