//! What was made of segments.

use crate::memory::Array;
use memprof_wire::units::StackId;

/// Entries that a thread keeps: 128 KiB, touched as far as they are needed.
const ENTRIES: usize = 8192;

/// What a segment is joined to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The [serial](crate::stack::native::segment::Segment::serial) of the segment.
    pub serial: u32,
    /// The stack of what is further out.
    pub base: StackId,
    /// The Python frames up to here, as a stack of their own.
    pub python: StackId,
}

/// What was made of it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    parts: Parts,
    /// The stack of all; none in an entry that was never written.
    stack: StackId,
}

/// What was made of the segments of a thread.
#[derive(Debug)]
pub struct Made(Array<Entry>);

impl Made {
    /// Without memory.
    pub const fn new() -> Self {
        Self(Array::empty())
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.0.release();
    }

    /// Makes room. False without memory.
    pub fn begin(&mut self) -> bool {
        self.0.capacity() >= ENTRIES || self.0.grow_to(ENTRIES)
    }

    #[inline(always)]
    fn entry(&self, parts: Parts) -> *mut Entry {
        debug_assert!(self.0.capacity() >= ENTRIES);
        let word = u64::from(parts.serial) << 32
            ^ u64::from(parts.base.0) << 16
            ^ u64::from(parts.python.0);
        let place = (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % ENTRIES;
        // SAFETY: there is room for all entries.
        unsafe { self.0.items().add(place) }
    }

    /// The stack that these parts made, if that is known; only asked for with memory.
    #[inline(always)]
    pub fn find(&self, parts: Parts) -> Option<StackId> {
        // SAFETY: an entry of the table.
        let entry = unsafe { *self.entry(parts) };
        (entry.parts == parts && entry.stack != StackId::NONE).then_some(entry.stack)
    }

    /// Keeps what these parts made.
    #[inline(always)]
    pub fn keep(&mut self, parts: Parts, stack: StackId) {
        // SAFETY: as above.
        unsafe { self.entry(parts).write(Entry { parts, stack }) };
    }
}
