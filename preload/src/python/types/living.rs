//! The type of an object that lives on, read from its block while the program stands still.

use super::{EMPTY, METATYPE, OFFSET, TYPES, known_or_new, slot};
use crate::python::layout::Layout;
use crate::thread::Thread;
use memprof_wire::units::TypeId;

/// What lives in a block.
#[derive(Clone, Copy, Debug)]
pub struct Living {
    /// The number of its type.
    pub type_id: TypeId,
    /// Where its type is.
    pub kind: usize,
    /// How many bytes into the block the object begins.
    pub offset: u32,
    /// Whether it is a type itself.
    pub is_metatype: bool,
}

/// The object that lives in a block with these words, if it holds one. `is_no_type` rules words out
/// that nobody knows yet. The lock must be held.
pub fn of_living<L: Layout>(
    thread: &mut Thread,
    words: &[u64],
    is_no_type: impl Fn(usize) -> bool,
) -> Option<Living> {
    for (index, offset) in [(1, 0), (3, 16), (5, 32)] {
        let word = *words.get(index)? as usize;
        let entry = thread.types.entries[slot(word)];
        let entry = if entry.word == word {
            entry
        } else if TYPES.find(word).is_none() && is_no_type(word) {
            EMPTY
        } else {
            known_or_new::<L>(thread, word)
        };
        if entry.number != 0 && entry.detail & OFFSET == offset {
            return Some(Living {
                type_id: TypeId(entry.number),
                kind: word,
                offset,
                is_metatype: entry.detail & METATYPE != 0,
            });
        }
    }
    None
}
