//! What does not come in millions, and what does but does not fit its common form.

use super::Encoder;
use crate::allocator::Allocator;
use crate::codec::{BLOCK_ZEROS, MAX_TEXT, NEAR_LAST, POINTER_ZEROS, fold, operation};
use crate::event::Event;
use crate::predictor::{Predictor, SitePair};
use crate::units::{StackId, TypeId};
use crate::varint;

impl Encoder {
    /// Writes any event but allocations and frees.
    ///
    /// # Safety
    ///
    /// As for [`Encoder::allocation`].
    pub(super) unsafe fn rare(&mut self, out: *mut u8, event: &Event<'_>) -> *mut u8 {
        let mut writer = Writer { out };
        // at most five numbers, or one text of MAX_TEXT bytes with three numbers, follow the kind:
        // less than MAX_EVENT
        match *event {
            Event::Allocation { .. } | Event::Free { .. } => {}
            Event::FreeCancelled => writer.byte(operation::FREE_CANCELLED),
            Event::UnmapCancelled => writer.byte(operation::UNMAP_CANCELLED),
            Event::Turn { turn, time } if time.0 == self.predictor.last_time => {
                // SAFETY: the caller's bytes.
                writer.out = unsafe { self.turn_again(writer.out, turn) };
            }
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
}

impl Predictor {
    /// Writes an allocation in full.
    ///
    /// # Safety
    ///
    /// [`MAX_EVENT`](crate::codec::MAX_EVENT) bytes from `out` on must be writable.
    #[cold]
    pub(super) unsafe fn long_allocation(
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
    /// [`MAX_EVENT`](crate::codec::MAX_EVENT) bytes from `out` on must be writable.
    #[cold]
    pub(super) unsafe fn long_free(
        &mut self,
        out: *mut u8,
        address: u64,
        type_id: Option<TypeId>,
    ) -> *mut u8 {
        let mut writer = Writer { out };
        writer.byte(operation::LONG_FREE);
        writer.number(address);
        writer.number(type_id.map_or(0, |type_id| u64::from(type_id.0) + 1));
        self.remember_free(address, type_id);
        writer.out
    }
}

/// Writes the pieces of a rare event. Only what is above makes one, and its callers vouch for the room.
struct Writer {
    out: *mut u8,
}

impl Writer {
    fn byte(&mut self, byte: u8) {
        // SAFETY: no event has more than MAX_EVENT bytes, and the callers vouch for as many.
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
