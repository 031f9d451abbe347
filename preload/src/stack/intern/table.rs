//! The stacks of parents that have many: a table by hash.

use super::Key;
use crate::memory::Array;
use memprof_wire::units::StackId;

/// Entries of the smallest table.
const LEAST: usize = 256;

/// A stack in the table: what it is looked up by, and its number, which is 0 in an empty entry.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Entry {
    pub parent: u32,
    pub key: Key,
    pub number: u32,
}

impl Entry {
    fn is(&self, parent: StackId, key: Key) -> bool {
        self.parent == parent.0 && self.key == key
    }
}

/// Where the search for a stack ended.
pub enum Place {
    At(StackId),
    Empty(*mut Entry),
}

/// Linear probing over a power of two of entries, half of which are in use at the most.
#[derive(Debug)]
pub struct Table {
    entries: Array<Entry>,
    /// 0 without memory.
    size: usize,
    count: usize,
}

impl Table {
    /// Without memory.
    pub const fn new() -> Self {
        Self {
            entries: Array::empty(),
            size: 0,
            count: 0,
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.entries.release();
        *self = Self::new();
    }

    /// Searches; there must be memory.
    pub fn search(&self, parent: StackId, key: Key) -> Place {
        let mask = self.size - 1;
        let mut index = hash(parent, key) & mask;
        loop {
            // SAFETY: the masked index is below the size; entries are never half written, and an
            // empty one is found, because half of them are.
            unsafe {
                let entry = self.entries.items().add(index);
                if (*entry).number == 0 {
                    return Place::Empty(entry);
                }
                if (*entry).is(parent, key) {
                    return Place::At(StackId((*entry).number));
                }
            }
            index = (index + 1) & mask;
        }
    }

    /// Sees to it that so many more entries have a place. False without memory.
    pub fn make_room(&mut self, more: usize) -> bool {
        if (self.count + more) * 2 <= self.size {
            return true;
        }
        let size = (self.size * 2).max(LEAST);
        let mut larger = Self::new();
        if !larger.entries.grow_to(size) {
            return false;
        }
        larger.size = size;
        for index in 0..self.size {
            // SAFETY: so many there are.
            let entry = unsafe { *self.entries.items().add(index) };
            if entry.number != 0 {
                larger.enter(entry);
            }
        }
        core::mem::swap(self, &mut larger);
        larger.entries.release();
        true
    }

    /// Enters a stack that is not in the table, which has room for it.
    pub fn enter(&mut self, entry: Entry) {
        if let Place::Empty(place) = self.search(StackId(entry.parent), entry.key) {
            // SAFETY: an entry of the table.
            unsafe { place.write(entry) };
            self.count += 1;
        }
    }
}

#[inline(always)]
fn hash(parent: StackId, key: Key) -> usize {
    let word = u64::from(parent.0) << 32 | u64::from(key.instruction);
    let mixed = (word ^ u64::from(key.code) << 17).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize
}
