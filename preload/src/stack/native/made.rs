//! What segments and trunks make of stacks.

use crate::memory::Array;
use memprof_wire::units::StackId;

/// Lines that a thread keeps: 256 KiB, touched as far as they are needed.
const LINES: usize = 4096;
/// Entries that a cache line holds.
const WAYS: usize = 4;
/// Entries where one may be: those of its line, and of the one beside that.
const PLACES: usize = 2 * WAYS;

/// What is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The serial of a segment or of a trunk.
    pub serial: u32,
    /// For a segment the stack of what is further out, for a trunk the Python frames further in, as a
    /// stack of their own.
    pub stack: StackId,
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

/// What was made by a thread. Stacks that are numbered one after the other were mostly seen one after
/// the other, so what was made of them lies side by side.
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
        self.0.reserve(LINES)
    }

    /// The entries for these parts, the one to be looked at first in front.
    #[inline(always)]
    fn entries(&self, parts: Parts) -> impl Iterator<Item = *mut Entry> {
        debug_assert!(self.0.capacity() >= LINES);
        let line = parts.stack.0 as usize % LINES;
        // SAFETY: there is room for all lines.
        let both = unsafe { self.0.items().add(line & !1) };
        let first = (line & 1) * WAYS + parts.serial as usize % WAYS;
        // SAFETY: entries of two lines.
        (0..PLACES).map(move |number| unsafe { both.cast::<Entry>().add(first ^ number) })
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
    #[inline(never)]
    pub fn keep(&mut self, parts: Parts, stack: StackId) {
        // SAFETY: entries of the table.
        let is_empty = |entry: &*mut Entry| unsafe { (**entry).stack == StackId::NONE };
        let mut entries = self.entries(parts);
        let place = entries
            .find(is_empty)
            .or_else(|| self.entries(parts).next());
        if let Some(place) = place {
            // SAFETY: as above.
            unsafe { place.write(Entry { parts, stack }) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LINES, Made, PLACES, Parts};
    use memprof_wire::units::StackId;

    #[test]
    fn what_was_made_is_found_until_there_is_no_room() {
        let mut made = Made::new();
        assert!(made.begin());
        let parts = |serial: usize, stack: usize| Parts {
            serial: serial as u32,
            stack: StackId(stack as u32),
        };
        assert_eq!(made.find(parts(1, 5)), None);
        for serial in 0..PLACES {
            made.keep(parts(2 * serial, 5), StackId(100 + serial as u32));
        }
        for serial in 0..PLACES {
            let stack = StackId(100 + serial as u32);
            assert_eq!(made.find(parts(2 * serial, 5)), Some(stack));
            assert_eq!(made.find(parts(2 * serial, 4)), None);
            assert_eq!(made.find(parts(2 * serial, 5 + LINES)), None);
        }
        made.keep(parts(16, 5), StackId(7));
        assert_eq!(made.find(parts(16, 5)), Some(StackId(7)));
        assert_eq!(made.find(parts(0, 5)), None, "it had to give way");
    }
}
