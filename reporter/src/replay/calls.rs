//! Who called whom: one tree for all streams of an image.
//!
//! Each stream numbers its own stacks. Here equal stacks of different streams are one: a node is a
//! caller and a place in the code. The places become lines only when a report is made.
//!
//! An address of machine code is a place only as long as the same library is there: when one was
//! unloaded, the calls that follow are other ones.

use super::space::SpaceIndex;
use crate::hashing::NumberMap;
use memprof_wire::units::{Address, CodeId, Microseconds};

/// A node of the tree: the innermost call, whose callers are its ancestors. 0 is the root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u32);

/// Where in the code a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// In Python code.
    Python {
        /// Which.
        code: CodeId,
        /// The instruction, in units of two bytes.
        instruction: u32,
    },
    /// In machine code.
    Native(Address),
}

impl Call {
    /// One word for one call. Machine code of a program is never in the upper half of the
    /// address space, where the kernel lives, and a code object's number has 31 bits to spare.
    fn word(self) -> u64 {
        match self {
            Self::Python { code, instruction } => u64::from(code.0) << 32 | u64::from(instruction),
            Self::Native(Address(address)) => address | 1 << 63,
        }
    }

    fn from_word(word: u64) -> Self {
        if word >> 63 == 0 {
            Self::Python {
                code: CodeId((word >> 32) as u32),
                instruction: word as u32,
            }
        } else {
            Self::Native(Address(word & !(1 << 63)))
        }
    }
}

/// The tree. Parents have smaller numbers than their children.
#[derive(Debug)]
pub struct Calls {
    parents: Vec<CallId>,
    words: Vec<u64>,
    /// When each was first seen: modules come and go.
    seen: Vec<Microseconds>,
    /// The time of the events that are being read.
    pub now: Microseconds,
    known: NumberMap<(u32, u64, u32), CallId>,
    /// When machine code began to mean something else, by address space.
    unloads: Vec<Vec<Microseconds>>,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            parents: vec![Self::ROOT],
            words: vec![0],
            seen: vec![Microseconds(0)],
            now: Microseconds(0),
            known: NumberMap::default(),
            unloads: Vec::new(),
        }
    }
}

impl Calls {
    /// No call at all.
    pub const ROOT: CallId = CallId(0);

    /// The node for `call` made by `parent`.
    pub fn child(&mut self, parent: CallId, call: Call) -> CallId {
        let word = call.word();
        let next = CallId(self.parents.len() as u32);
        let epoch = match call {
            Call::Native(address) => self.epoch(address),
            Call::Python { .. } => 0,
        };
        let id = *self.known.entry((parent.0, word, epoch)).or_insert(next);
        if id == next {
            self.parents.push(parent);
            self.words.push(word);
            self.seen.push(self.now);
        }
        id
    }

    /// From these times on, for each address space in their order, addresses may mean something
    /// else than before.
    pub fn set_unloads(&mut self, unloads: Vec<Vec<Microseconds>>) {
        self.unloads = unloads;
    }

    /// How often addresses of this one's space have changed their meaning.
    fn epoch(&self, address: Address) -> u32 {
        let space = SpaceIndex::of(address).0 as usize;
        self.unloads.get(space).map_or(0, |times| {
            times.partition_point(|&time| time <= self.now) as u32
        })
    }

    /// When a node was first seen.
    pub fn seen(&self, id: CallId) -> Microseconds {
        self.seen[id.0 as usize]
    }

    /// How many nodes there are, the root included.
    pub fn count(&self) -> usize {
        self.parents.len()
    }

    /// The caller of a node; the root is its own.
    pub fn parent(&self, id: CallId) -> CallId {
        self.parents[id.0 as usize]
    }

    /// The call of a node; `None` for the root.
    pub fn call(&self, id: CallId) -> Option<Call> {
        (id != Self::ROOT).then(|| Call::from_word(self.words[id.0 as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Calls, SpaceIndex};
    use memprof_wire::units::{Address, CodeId, Microseconds};

    #[test]
    fn an_address_is_another_call_when_its_library_was_unloaded() {
        let mut calls = Calls::default();
        let address = Address(0x7f00_1234_5678);
        let other = SpaceIndex(1).distinguish(address);
        calls.set_unloads(vec![vec![Microseconds(5), Microseconds(9)], vec![]]);
        let at = |calls: &mut Calls, time, address| {
            calls.now = Microseconds(time);
            calls.child(Calls::ROOT, Call::Native(address))
        };
        let before = at(&mut calls, 4, address);
        let after = at(&mut calls, 5, address);
        assert_ne!(before, after);
        assert_eq!(at(&mut calls, 8, address), after);
        assert_eq!(calls.seen(after), Microseconds(5));
        assert_ne!(at(&mut calls, 9, address), after);
        assert_eq!(at(&mut calls, 3, other), at(&mut calls, 9, other));
    }

    #[test]
    fn equal_calls_of_one_caller_are_one_node() {
        let mut calls = Calls::default();
        let python = |instruction| Call::Python {
            code: CodeId(u32::MAX >> 1),
            instruction,
        };
        let outer = calls.child(Calls::ROOT, python(7));
        let inner = calls.child(outer, Call::Native(Address(0x7f00_1234_5678)));
        assert_eq!(calls.child(Calls::ROOT, python(7)), outer);
        assert_ne!(calls.child(Calls::ROOT, python(8)), outer);
        assert_ne!(calls.child(outer, python(7)), outer);
        assert_eq!(
            calls.call(inner),
            Some(Call::Native(Address(0x7f00_1234_5678)))
        );
        assert_eq!(calls.call(outer), Some(python(7)));
        assert_eq!(calls.parent(inner), outer);
        assert_eq!(calls.call(Calls::ROOT), None);
    }
}
