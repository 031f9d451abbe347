//! The prefix tree of stacks: `(parent stack, code, instruction) → stack`.

use crate::memory::Array;
use memprof_wire::units::StackId;

/// Stacks beyond this count are merged into their callers: 24 MiB of table at the most.
pub const LIMIT: u32 = 1 << 20;

/// The innermost frame of a stack, in two words of the tree's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Node {
    parent: u32,
    code: u32,
    instruction: u32,
}

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
#[derive(Debug)]
pub struct Tree {
    nodes: Array<Node>,
    /// Stack numbers by hash, 0 where there is none; a power of two of them.
    index: Array<u32>,
    index_size: usize,
    count: u32,
}

impl Tree {
    /// No stack but the root.
    pub const fn new() -> Self {
        Self {
            nodes: Array::empty(),
            index: Array::empty(),
            index_size: 0,
            count: 0,
        }
    }

    /// Forgets all stacks.
    pub fn clear(&mut self) {
        self.nodes.release();
        self.index.release();
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
        // SAFETY: there is a node for each stack of this tree.
        let node = unsafe { &*self.nodes.items().add(stack.0 as usize) };
        Key {
            code: node.code,
            instruction: node.instruction,
        }
    }

    /// The stack of a frame called from `parent`.
    #[inline(always)]
    pub fn find(&mut self, parent: StackId, key: Key) -> Found {
        if self.index_size == 0 {
            return self.insert(parent, key);
        }
        let mut place = hash(parent, key);
        loop {
            // SAFETY: the masked place is below the size of the index; its entries are numbers of
            // nodes. At most half of it is used, so a zero ends the loop.
            unsafe {
                let number = *self.index.items().add(place & (self.index_size - 1));
                if number == 0 {
                    return self.insert(parent, key);
                }
                let node = &*self.nodes.items().add(number as usize);
                if node.instruction == key.instruction
                    && node.parent == parent.0
                    && node.code == key.code
                {
                    return Found::Old(StackId(number));
                }
            }
            place += 1;
        }
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, parent: StackId, key: Key) -> Found {
        let number = self.count + 1;
        if number >= LIMIT || !self.make_room(number as usize + 1) {
            return Found::Full;
        }
        self.count = number;
        let node = Node {
            parent: parent.0,
            code: key.code,
            instruction: key.instruction,
        };
        // SAFETY: make_room saw to a node of this number, and to an index half empty.
        unsafe { self.nodes.items().add(number as usize).write(node) };
        self.enter(number);
        Found::New(StackId(number))
    }

    fn make_room(&mut self, nodes: usize) -> bool {
        if nodes > self.nodes.capacity() && !self.nodes.grow_to((nodes * 2).max(1024)) {
            return false;
        }
        if nodes * 2 > self.index_size {
            let mut wider = Array::empty();
            let size = (self.index_size * 2).max(2048);
            if !wider.grow_to(size) {
                return false;
            }
            self.index.release();
            self.index = wider;
            self.index_size = size;
            for number in 1..=self.count {
                self.enter(number);
            }
        }
        true
    }

    /// Enters a node into the index.
    fn enter(&mut self, number: u32) {
        // SAFETY: as in `find`.
        unsafe {
            let node = &*self.nodes.items().add(number as usize);
            let key = Key {
                code: node.code,
                instruction: node.instruction,
            };
            let mut place = hash(StackId(node.parent), key);
            loop {
                let entry = self.index.items().add(place & (self.index_size - 1));
                if *entry == 0 {
                    *entry = number;
                    return;
                }
                place += 1;
            }
        }
    }
}

#[inline(always)]
fn hash(parent: StackId, key: Key) -> usize {
    let word = u64::from(parent.0) << 32 | u64::from(key.instruction);
    let mixed = (word ^ u64::from(key.code) << 17).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as usize
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
