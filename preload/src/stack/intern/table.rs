//! The stacks of parents that have many: a table by hash.

use super::{Key, Nodes};
use crate::memory::Array;
use memprof_wire::units::StackId;

/// Entries of the smallest table.
const LEAST: usize = 256;

/// A stack in the table: its number, which is 0 in an empty entry, and its parent's. Its frame is
/// looked up among the nodes: who found a stack goes on there.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Entry {
    parent: u32,
    number: u32,
}

/// Linear probing over a power of two of entries, of which five eighths are in use at the most.
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

    /// The entries in the order in which a stack is looked for, from the one that its hash tells on;
    /// there must be memory.
    #[inline(always)]
    fn entries(&self, hash: usize) -> impl Iterator<Item = *mut Entry> {
        let mask = self.size - 1;
        // SAFETY: the masked index is below the size.
        (0..self.size).map(move |step| unsafe { self.entries.items().add((hash + step) & mask) })
    }

    /// Searches; there must be memory.
    pub fn search(&self, nodes: &Nodes, parent: StackId, key: Key) -> Option<StackId> {
        for entry in self.entries(hash(parent, key)) {
            // SAFETY: an entry of the table; none is ever half written.
            let entry = unsafe { *entry };
            if entry.number == 0 {
                return None;
            }
            let stack = StackId(entry.number);
            if entry.parent == parent.0 && nodes.key(stack) == key {
                return Some(stack);
            }
        }
        None
    }

    /// Sees to it that so many more entries have a place. False without memory.
    pub fn make_room(&mut self, nodes: &Nodes, more: usize) -> bool {
        if (self.count + more) * 8 <= self.size * 5 {
            return true;
        }
        let size = (self.size * 2).max(LEAST);
        let mut larger = Self::new();
        if !larger.entries.grow_to(size) {
            return false;
        }
        larger.size = size;
        for &Entry { parent, number } in &*self.entries.first(self.size) {
            if number != 0 {
                larger.enter(nodes, StackId(parent), StackId(number));
            }
        }
        core::mem::swap(self, &mut larger);
        larger.entries.release();
        true
    }

    /// Enters a stack that is not in the table, which has room for it.
    pub fn enter(&mut self, nodes: &Nodes, parent: StackId, stack: StackId) {
        // SAFETY: entries of the table.
        let is_empty = |entry: &*mut Entry| unsafe { (**entry).number == 0 };
        let hash = hash(parent, nodes.key(stack));
        let empty = self.entries(hash).find(is_empty);
        if let Some(place) = empty {
            let (parent, number) = (parent.0, stack.0);
            // SAFETY: as above.
            unsafe { place.write(Entry { parent, number }) };
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
