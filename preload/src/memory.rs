//! Growing arrays without a heap: each is a private mapping of its own.

use crate::raw::{self, PAGE};
use core::marker::PhantomData;

/// From this many bytes on, an array asks for large pages.
const LARGE: usize = 8 << 20;

/// An array of plain values, zero where it was never written, that grows by moving its mapping.
///
/// All zeros must be a valid `T`; `T` must not need dropping.
#[derive(Debug)]
pub struct Array<T> {
    items: *mut T,
    capacity: usize,
    item: PhantomData<T>,
}

impl<T: Copy> Array<T> {
    /// An array without room.
    pub const fn empty() -> Self {
        Self {
            items: core::ptr::null_mut(),
            capacity: 0,
            item: PhantomData,
        }
    }

    /// How many items there is room for.
    #[inline(always)]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Where the items are; null without room.
    #[inline(always)]
    pub fn items(&self) -> *mut T {
        self.items
    }

    /// So many items, from the first one on; all that there is room for, where that is less.
    #[inline(always)]
    pub fn first(&mut self, count: usize) -> &mut [T] {
        let count = count.min(self.capacity);
        if count == 0 {
            return &mut [];
        }
        // SAFETY: there is room for these, and what was never written is zero.
        unsafe { core::slice::from_raw_parts_mut(self.items, count) }
    }

    /// Sees to room for so many items, keeping those that are there. False when memory is short.
    #[must_use]
    pub fn reserve(&mut self, count: usize) -> bool {
        self.capacity >= count || self.grow_to(count)
    }

    /// Makes room for at least `capacity` items, keeping those that are there. False when memory
    /// is short; then nothing has changed.
    #[must_use]
    pub fn grow_to(&mut self, capacity: usize) -> bool {
        let Some(bytes) = capacity.checked_mul(size_of::<T>()) else {
            return false;
        };
        let bytes = bytes.next_multiple_of(PAGE);
        let mapping = if self.items.is_null() {
            raw::map(bytes)
        } else {
            // SAFETY: the items are only ever reached through this array.
            unsafe { raw::grow(self.items.cast(), self.bytes(), bytes) }
        };
        let Some(mapping) = mapping else { return false };
        if bytes >= LARGE {
            // without it, each page of a table of stacks costs a fault; no harm where it is refused
            raw::advise(mapping, bytes, libc::MADV_HUGEPAGE);
        }
        self.items = mapping.cast();
        self.capacity = bytes / size_of::<T>();
        true
    }

    /// Gives all memory back.
    pub fn release(&mut self) {
        if !self.items.is_null() {
            // SAFETY: the items are only ever reached through this array.
            unsafe { raw::unmap(self.items.cast(), self.bytes()) };
        }
        *self = Self::empty();
    }

    fn bytes(&self) -> usize {
        (self.capacity * size_of::<T>()).next_multiple_of(PAGE)
    }
}

#[cfg(test)]
mod tests {
    use super::Array;

    #[test]
    fn what_was_written_stays_when_the_array_grows() {
        let mut array = Array::<u64>::empty();
        assert!(array.grow_to(10));
        assert!(array.capacity() >= 10);
        // SAFETY: there is room for ten items.
        unsafe { array.items().add(9).write(7) };
        assert!(array.grow_to(100_000));
        // SAFETY: as above.
        assert_eq!(unsafe { array.items().add(9).read() }, 7);
        assert_eq!(array.first(10), [0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
        array.release();
        assert_eq!(array.capacity(), 0);
        assert_eq!(array.first(10), []);
    }
}
