//! The prefix tree of stacks: `(parent stack, code, instruction) → stack`.

mod overflow;

use super::native;
use crate::memory::Array;
use memprof_wire::units::StackId;
use overflow::Overflow;

/// Stacks beyond this count are merged into their callers: 40 MiB of table at the most.
const LIMIT: u32 = 1 << 20;
/// The same where native frames are recorded: to import pandas alone makes a million of them, as
/// marshal goes into itself below each of the importing modules. 160 MiB at the most.
const NATIVE_LIMIT: u32 = 1 << 22;

/// The innermost frame of a stack, in two words of the tree's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Key {
    /// The number of a code object, or with [`Key::NATIVE`] the high half of an address.
    pub code: u32,
    /// The instruction, or the low half of an address.
    pub instruction: u32,
}

impl Key {
    /// Set in `code` for machine code.
    pub const NATIVE: u32 = 1 << 31;
}

/// A stack in the index: what it is looked up by, and its number, which is 0 in an empty entry.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Entry {
    parent: u32,
    key: Key,
    number: u32,
}

impl Entry {
    #[inline(always)]
    fn is(&self, parent: StackId, key: Key) -> bool {
        self.parent == parent.0 && self.key == key
    }
}

/// Entries that a cache line holds; those in use come first.
const ENTRIES: usize = 4;

/// Lines there are at the least, once there is any stack.
const LINES: usize = 512;

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([Entry; ENTRIES]);

/// What a look-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The stack was there.
    Old(StackId),
    /// The stack is new, and has to be defined in the stream.
    New(StackId),
    /// There is no room for more stacks: its caller stands for it.
    Full,
}

/// All stacks of a thread, numbered from 1 in the order they were first seen; 0 is the root.
///
/// A stack is looked for in the line of its parent, and only where that is full by a hash. Parents
/// and children are mostly seen together and numbered one after the other, so their lines lie side
/// by side: a program that goes through a hundred thousand stacks once finds them in the cache. And a
/// stack never leaves its place, so that the lines grow without being touched.
#[derive(Debug)]
pub struct Tree {
    /// The innermost frames by number.
    keys: Array<Key>,
    /// The children of each two stacks that are numbered one after the other.
    lines: Array<Line>,
    /// Those that found no place there.
    overflow: Overflow,
    count: u32,
}

/// Where the search for a stack ended.
enum Place {
    At(StackId),
    Empty(*mut Entry),
}

impl Tree {
    /// No stack but the root.
    pub const fn new() -> Self {
        Self {
            keys: Array::empty(),
            lines: Array::empty(),
            overflow: Overflow::new(),
            count: 0,
        }
    }

    /// Forgets all stacks.
    pub fn clear(&mut self) {
        self.keys.release();
        self.lines.release();
        self.overflow.clear();
        *self = Self::new();
    }

    /// How many stacks there are, the root apart.
    #[cfg(test)]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The innermost frame of a stack that is not the root.
    #[inline(always)]
    pub fn key(&self, stack: StackId) -> Key {
        // SAFETY: there is a key for each stack of this tree.
        unsafe { *self.keys.items().add(stack.0 as usize) }
    }

    /// The stack of a frame called from `parent`.
    #[inline(always)]
    pub fn find(&mut self, parent: StackId, key: Key) -> Found {
        if self.count == 0 {
            return self.insert(parent, key);
        }
        match self.search(parent, key) {
            Place::At(stack) => Found::Old(stack),
            Place::Empty(_) => self.insert(parent, key),
        }
    }

    /// Searches; there must be room for one more stack.
    #[inline(always)]
    fn search(&self, parent: StackId, key: Key) -> Place {
        // SAFETY: there is a line for each stack, and so for the parent; its entries are never half
        // written.
        unsafe {
            let line = self.lines.items().add(parent.0 as usize / 2);
            let entries = (&raw mut (*line).0).cast::<Entry>();
            for index in 0..ENTRIES {
                let entry = entries.add(index);
                if (*entry).number == 0 {
                    return Place::Empty(entry);
                }
                if (*entry).is(parent, key) {
                    return Place::At(StackId((*entry).number));
                }
            }
        }
        self.overflow.search(parent, key)
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, parent: StackId, key: Key) -> Found {
        let number = self.count + 1;
        let limit = if native::wanted() {
            NATIVE_LIMIT
        } else {
            LIMIT
        };
        if number >= limit || !self.make_room(number as usize + 1) {
            return Found::Full;
        }
        self.count = number;
        // SAFETY: make_room saw to a key of this number.
        unsafe { self.keys.items().add(number as usize).write(key) };
        let entry = Entry {
            parent: parent.0,
            key,
            number,
        };
        match self.place_in_line(parent) {
            // SAFETY: an entry of the table.
            Some(place) => unsafe { place.write(entry) },
            None => self.overflow.enter(entry),
        }
        Found::New(StackId(number))
    }

    /// An empty entry in the line of a parent.
    fn place_in_line(&self, parent: StackId) -> Option<*mut Entry> {
        // SAFETY: as in `search`.
        unsafe {
            let line = self.lines.items().add(parent.0 as usize / 2);
            let entries = (&raw mut (*line).0).cast::<Entry>();
            (0..ENTRIES)
                .map(|index| entries.add(index))
                .find(|&entry| (*entry).number == 0)
        }
    }

    /// Makes room for stacks of numbers below this one.
    fn make_room(&mut self, stacks: usize) -> bool {
        let lines = stacks / 2 + 1;
        (stacks <= self.keys.capacity() || self.keys.grow_to((stacks * 2).max(2 * LINES)))
            && (lines <= self.lines.capacity() || self.lines.grow_to((lines * 2).max(LINES)))
            && self.overflow.make_room()
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Key, Tree};
    use memprof_wire::units::StackId;

    #[test]
    fn equal_stacks_have_one_number_and_others_another() {
        let mut tree = Tree::new();
        let key = |code, instruction| Key { code, instruction };
        let Found::New(a) = tree.find(StackId::NONE, key(1, 5)) else {
            panic!("new")
        };
        let Found::New(b) = tree.find(a, key(1, 5)) else {
            panic!("new")
        };
        assert_ne!(a, b);
        assert_eq!(tree.find(StackId::NONE, key(1, 5)), Found::Old(a));
        assert_eq!(tree.find(a, key(1, 5)), Found::Old(b));
        assert!(matches!(tree.find(a, key(1, 6)), Found::New(_)));
        assert!(matches!(tree.find(a, key(2, 5)), Found::New(_)));
        assert_eq!(tree.count(), 4);
    }

    #[test]
    fn a_stack_may_have_any_number_of_children() {
        let mut tree = Tree::new();
        let key = |number: u32| Key {
            code: number % 7,
            instruction: number / 7,
        };
        let Found::New(parent) = tree.find(StackId::NONE, key(0)) else {
            panic!("new")
        };
        let children: Vec<Found> = (0..20_000).map(|n| tree.find(parent, key(n))).collect();
        for (number, child) in (0..20_000).zip(children) {
            let Found::New(stack) = child else {
                panic!("new")
            };
            assert_eq!(tree.find(parent, key(number)), Found::Old(stack));
            assert_eq!(tree.key(stack), key(number));
        }
    }

    #[test]
    fn the_tree_grows() {
        let mut tree = Tree::new();
        let key = |instruction| Key {
            code: 3,
            instruction,
        };
        let mut parent = StackId::NONE;
        let mut path = Vec::new();
        for depth in 0..50_000 {
            let Found::New(stack) = tree.find(parent, key(depth)) else {
                panic!("new")
            };
            path.push((parent, stack));
            parent = stack;
        }
        for (depth, (parent, stack)) in path.into_iter().enumerate() {
            assert_eq!(tree.find(parent, key(depth as u32)), Found::Old(stack));
        }
    }
}
