//! Events become bytes.

mod rare;

use super::{
    AFTER_ANOTHER, ALLOCATION, BY_ALLOCATOR, ELSEWHERE, ELSEWHERE_BITS, FAR_BITS, FREE, MAX_EVENT,
    SIZE_FOLLOWS, STACK_FOLLOWS, TYPE_FOLLOWS, TYPE_PREDICTED, bytes_of_steps, difference,
    operation,
};
use crate::allocator::Allocator;
use crate::event::Event;
use crate::predictor::{Predictor, Site, SitePair, class_of};
use crate::units::{Address, Size, StackId, Turn, TypeId};
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

    /// Writes an [`Event::Turn`] at the time of the one before it: in one byte where one other run was
    /// in between, as it is when two threads run at the same time.
    ///
    /// # Safety
    ///
    /// As for [`Encoder::allocation`].
    #[inline(always)]
    pub unsafe fn turn_again(&mut self, out: *mut u8, turn: Turn) -> *mut u8 {
        let known = &mut self.predictor;
        let difference = turn.0.wrapping_sub(known.last_turn);
        known.last_turn = turn.0;
        // SAFETY: the caller's bytes: 1 for the kind, at most 10 for a number.
        unsafe {
            if difference == AFTER_ANOTHER {
                out.write(operation::TURN_AFTER_ANOTHER);
                return out.add(1);
            }
            out.write(operation::TURN_AGAIN);
            varint::write(out.add(1), difference)
        }
    }

    /// Writes any event; allocations and frees by way of their own functions, `site` being that of
    /// the stack of an allocation. Texts beyond [`MAX_TEXT`](super::MAX_TEXT) bytes are cut.
    ///
    /// # Safety
    ///
    /// As for [`Encoder::allocation`].
    pub unsafe fn any(&mut self, out: *mut u8, event: &Event<'_>, sites: &mut SitePair) -> *mut u8 {
        match *event {
            Event::Allocation {
                address,
                size,
                allocator,
                stack,
            } => {
                // SAFETY: the caller's bytes.
                unsafe { self.allocation(out, address, size, allocator, stack, sites) }
            }
            Event::Free { address, type_id } => {
                // SAFETY: the caller's bytes.
                unsafe { self.free(out, address, type_id) }
            }
            // SAFETY: the caller's bytes.
            _ => unsafe { self.rare(out, event) },
        }
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
