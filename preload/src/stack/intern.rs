//! The prefix tree of stacks: `(parent stack, code, instruction) → stack`.

mod table;

use crate::memory::Array;
use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
use core::sync::atomic::{AtomicU32, Ordering};
use memprof_wire::session::SessionPage;
use memprof_wire::units::StackId;
use table::Table;

/// Stacks beyond this count are merged into their callers. Each takes 16 bytes, and up to as much
/// again where most are children of a few; nothing is taken before it is needed.
static LIMIT: AtomicU32 = AtomicU32::new(1 << 20);

/// Looks once how many stacks there may be: the recorder knows how much memory the machine has.
pub fn prepare(page: &SessionPage) {
    LIMIT.store(page.stack_limit.load(Ordering::Relaxed), Ordering::Relaxed);
}

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
    /// Of no frame: programs have addresses of 47 bits.
    const NONE: Self = Self {
        code: u32::MAX,
        instruction: u32::MAX,
    };
    /// Set in `code` for machine code.
    pub const NATIVE: u32 = 1 << 31;
}

/// A stack.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Node {
    key: Key,
    /// That of its children that was looked up last; 0 if it has none.
    child: u32,
    /// The next one with the same parent: all of them are a ring, in which a new one follows the one
    /// that was looked up before it.
    next: u32,
}

/// The stacks of a tree by number, the root first.
#[derive(Debug)]
struct Nodes(Array<Node>);

impl Nodes {
    /// # Safety
    ///
    /// The stack must be the root or one of the tree, which must not be empty.
    #[inline(always)]
    unsafe fn at(&self, stack: u32) -> *mut Node {
        // SAFETY: the caller's promise: there is a node for it.
        unsafe { self.0.items().add(stack as usize) }
    }

    /// The innermost frame of a stack of the tree that is not the root.
    #[inline(always)]
    fn key(&self, stack: StackId) -> Key {
        // SAFETY: there is a node for each stack.
        unsafe { (*self.at(stack.0)).key }
    }
}

/// Children that are looked at one by one. Where there are so many or more, all of them are in a
/// table, too.
const RING: usize = 4;

/// Stacks there is room for at the least, once there is any.
const STACKS: usize = 1024;

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
/// A stack is looked for among the children of its parent. Callers and what they call are mostly seen
/// together and numbered one after the other, so they lie side by side, four in a cache line; and
/// what was called last is called again. A stack never leaves its place, so that the nodes grow
/// without being touched.
#[derive(Debug)]
pub struct Tree {
    nodes: Nodes,
    /// The children of stacks that have many.
    table: Table,
    count: u32,
}

impl Tree {
    /// No stack but the root.
    pub const fn new() -> Self {
        Self {
            nodes: Nodes(Array::empty()),
            table: Table::new(),
            count: 0,
        }
    }

    /// Forgets all stacks.
    pub fn clear(&mut self) {
        self.nodes.0.release();
        self.table.clear();
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
        self.nodes.key(stack)
    }

    /// Fetches what a look-up for a frame called from `parent` begins with.
    #[inline(always)]
    pub fn foresee(&self, parent: StackId) {
        let node = self.nodes.0.items().wrapping_add(parent.0 as usize);
        // SAFETY: a hint, which reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(node.cast()) };
    }

    /// The stack of a frame called from `parent`, if it is the one that was looked up last there.
    #[inline(always)]
    pub fn last(&self, parent: StackId, key: Key) -> Option<StackId> {
        if self.count == 0 {
            return None;
        }
        // SAFETY: the parent is a stack of this tree, and so is its child.
        unsafe {
            let child = (*self.nodes.at(parent.0)).child;
            // the root stands for no child, and is no frame
            ((*self.nodes.at(child)).key == key).then_some(StackId(child))
        }
    }

    /// The stack of a frame called from `parent`.
    #[inline(always)]
    pub fn find(&mut self, parent: StackId, key: Key) -> Found {
        match self.last(parent, key) {
            Some(stack) => Found::Old(stack),
            None => self.find_further(parent, key),
        }
    }

    /// The same if it is another one than was looked up last.
    #[inline(never)]
    pub fn find_further(&mut self, parent: StackId, key: Key) -> Found {
        if self.count == 0 {
            return self.insert(parent, key, 0);
        }
        // SAFETY: the parent is a stack of this tree, and so are all in the ring of its children.
        unsafe {
            let last = (*self.nodes.at(parent.0)).child;
            if last == 0 {
                return self.insert(parent, key, 0);
            }
            let mut child = last;
            for count in 1..RING {
                child = (*self.nodes.at(child)).next;
                if child == last {
                    return self.insert(parent, key, count);
                }
                if (*self.nodes.at(child)).key == key {
                    (*self.nodes.at(parent.0)).child = child;
                    return Found::Old(StackId(child));
                }
            }
            match self.table.search(&self.nodes, parent, key) {
                Some(stack) => {
                    (*self.nodes.at(parent.0)).child = stack.0;
                    Found::Old(stack)
                }
                None => self.insert(parent, key, RING),
            }
        }
    }

    /// A stack that is not there yet; `siblings` tells how many its parent has, or [`RING`] for as
    /// many and more.
    #[cold]
    #[inline(never)]
    fn insert(&mut self, parent: StackId, key: Key, siblings: usize) -> Found {
        let number = self.count + 1;
        if number >= LIMIT.load(Ordering::Relaxed) || !self.make_room(number as usize + 1) {
            return Found::Full;
        }
        // SAFETY: make_room saw to a node of this number, and to one of the root.
        unsafe {
            if self.count == 0 {
                (*self.nodes.at(0)).key = Key::NONE;
            }
            self.count = number;
            let last = core::mem::replace(&mut (*self.nodes.at(parent.0)).child, number);
            let next = match last {
                0 => number,
                last => core::mem::replace(&mut (*self.nodes.at(last)).next, number),
            };
            (*self.nodes.at(number)).key = key;
            (*self.nodes.at(number)).next = next;
            // the ring has just become too long, or it was so already
            let entered = match siblings + 1 {
                RING => RING,
                count => usize::from(count > RING),
            };
            let mut child = number;
            for _ in 0..entered {
                self.table.enter(&self.nodes, parent, StackId(child));
                child = (*self.nodes.at(child)).next;
            }
        }
        Found::New(StackId(number))
    }

    /// Makes room for stacks of numbers below this one.
    fn make_room(&mut self, stacks: usize) -> bool {
        let nodes = &mut self.nodes.0;
        (stacks <= nodes.capacity() || nodes.grow_to((stacks * 2).max(STACKS)))
            && self.table.make_room(&self.nodes, RING)
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, Key, Tree};
    use memprof_wire::units::StackId;
    use proptest::prelude::{prop_assert_eq, proptest};
    use std::collections::HashMap;

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

    proptest! {
        #[test]
        fn any_order_of_look_ups_finds_what_a_map_finds(
            steps in proptest::collection::vec((0..40_u32, 0..12_u32), 1..600),
        ) {
            let mut tree = Tree::new();
            let mut map = HashMap::new();
            let mut stacks = vec![StackId::NONE];
            for (parent, instruction) in steps {
                // few parents with many children, and many with few
                let parent = stacks[(parent * parent / 40) as usize % stacks.len()];
                let key = Key { code: 1, instruction };
                let found = tree.find(parent, key);
                if let Some(&stack) = map.get(&(parent.0, instruction)) {
                    prop_assert_eq!(found, Found::Old(stack));
                } else {
                    let stack = StackId(stacks.len() as u32);
                    prop_assert_eq!(found, Found::New(stack));
                    map.insert((parent.0, instruction), stack);
                    stacks.push(stack);
                }
                prop_assert_eq!(tree.last(parent, key), map.get(&(parent.0, instruction)).copied());
            }
            tree.clear();
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
