//! What the Python frames of a run make behind a trunk.

use crate::memory::Array;
use memprof_wire::units::StackId;

/// Lines that a thread keeps: 128 KiB, touched as far as they are needed.
const LINES: usize = 2048;
/// Entries that a cache line holds.
const WAYS: usize = 4;

/// What is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The [serial](crate::stack::native::trunk::Trunk::serial) of the trunk.
    pub trunk: u32,
    /// The Python frames up to here, as a stack of their own.
    pub python: StackId,
}

/// What was made of it.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
struct Entry {
    parts: Parts,
    /// The stack of all; none in an entry that was never written.
    stack: StackId,
}

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([Entry; WAYS]);

/// What was made of the trunks of a thread. Stacks that are numbered one after the other were mostly
/// seen one after the other, so what they made lies side by side.
#[derive(Debug)]
pub struct Made(Array<Line>);

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
        self.0.capacity() >= LINES || self.0.grow_to(LINES)
    }

    /// The entries for these parts, the one to be looked at first in front.
    #[inline(always)]
    fn entries(&self, parts: Parts) -> [*mut Entry; WAYS] {
        debug_assert!(self.0.capacity() >= LINES);
        let first = parts.trunk as usize % WAYS;
        // SAFETY: there is room for all lines.
        unsafe {
            let line = self.0.items().add(parts.python.0 as usize % LINES);
            let entry = line.cast::<Entry>();
            core::array::from_fn(|number| entry.add(first ^ number))
        }
    }

    /// The stack that these parts made, if that is known; only asked for with memory.
    #[inline(always)]
    pub fn find(&self, parts: Parts) -> Option<StackId> {
        for entry in self.entries(parts) {
            // SAFETY: an entry of the table.
            let entry = unsafe { *entry };
            if entry.parts == parts && entry.stack != StackId::NONE {
                return Some(entry.stack);
            }
        }
        None
    }

    /// Keeps what these parts made.
    #[inline(always)]
    pub fn keep(&mut self, parts: Parts, stack: StackId) {
        let entries = self.entries(parts);
        // SAFETY: entries of the table.
        unsafe {
            let is_empty = |entry: &*mut Entry| (**entry).stack == StackId::NONE;
            let place = entries.into_iter().find(is_empty).unwrap_or(entries[0]);
            place.write(Entry { parts, stack });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES, Made, Parts, WAYS};
    use memprof_wire::units::StackId;

    #[test]
    fn what_was_made_is_found_until_a_line_is_full() {
        let mut made = Made::new();
        assert!(made.begin());
        let parts = |trunk: usize, python: usize| Parts {
            trunk: trunk as u32,
            python: StackId(python as u32),
        };
        assert_eq!(made.find(parts(1, 5)), None);
        for trunk in 0..WAYS {
            made.keep(parts(2 * trunk, 5), StackId(100 + trunk as u32));
        }
        for trunk in 0..WAYS {
            let stack = StackId(100 + trunk as u32);
            assert_eq!(made.find(parts(2 * trunk, 5)), Some(stack));
            assert_eq!(made.find(parts(2 * trunk, 5 + LINES)), None);
        }
        made.keep(parts(8, 5), StackId(7));
        assert_eq!(made.find(parts(8, 5)), Some(StackId(7)));
        assert_eq!(made.find(parts(0, 5)), None, "it had to give way");
    }
}
