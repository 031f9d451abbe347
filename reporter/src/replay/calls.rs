//! Who called whom: one tree for all streams of an image.
//!
//! Each stream numbers its own stacks. Here the stacks of all have one numbering: a node is a caller
//! and a place in the code. The places become lines only when a report is made.
//!
//! An address of machine code is a place only as long as the same library is there: when one was
//! unloaded, it is another one in the calls that follow.

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

/// A place in the code, as all that are equal: a number of this replay's own. 0 is that of no call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PlaceId(pub u32);

/// All calls. Callers have smaller numbers than what they call.
///
/// There may be tens of millions: to import `PyTorch` makes fifteen, of a hundred thousand places.
/// Hence nothing is looked up but places, and nobody asks whether two calls are equal before a
/// report makes stacks of them.
#[derive(Debug)]
pub struct Calls {
    /// The caller and the place of each call.
    nodes: Vec<(CallId, PlaceId)>,
    /// The word of each place, and when it was first seen: modules come and go.
    places: Vec<(u64, Microseconds)>,
    /// The places by their words, and by how often those had changed their meaning.
    known: NumberMap<(u64, u32), PlaceId>,
    /// The time of the events that are being read.
    pub now: Microseconds,
    /// When machine code began to mean something else, by address space.
    unloads: Vec<Vec<Microseconds>>,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            nodes: vec![(Self::ROOT, PlaceId(0))],
            places: vec![(0, Microseconds(0))],
            known: NumberMap::default(),
            now: Microseconds(0),
            unloads: Vec::new(),
        }
    }
}

impl Calls {
    /// No call at all.
    pub const ROOT: CallId = CallId(0);

    /// A node for `call` made by `parent`. A stream says but once that there is such a one; what
    /// others say of theirs has numbers of its own.
    pub fn child(&mut self, parent: CallId, call: Call) -> CallId {
        let place = self.place_of(call);
        self.nodes.push((parent, place));
        CallId(self.nodes.len() as u32 - 1)
    }

    fn place_of(&mut self, call: Call) -> PlaceId {
        let word = call.word();
        let epoch = match call {
            Call::Native(address) => self.epoch(address),
            Call::Python { .. } => 0,
        };
        let next = PlaceId(self.places.len() as u32);
        let place = *self.known.entry((word, epoch)).or_insert(next);
        if place == next {
            self.places.push((word, self.now));
        }
        place
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

    /// When the place of a node was first seen, of all that it means the same.
    pub fn seen(&self, id: CallId) -> Microseconds {
        self.places[self.place(id).0 as usize].1
    }

    /// How many nodes there are, the root included.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// How many places there are, that of no call included.
    pub fn count_of_places(&self) -> usize {
        self.places.len()
    }

    /// The caller of a node; the root is its own.
    pub fn parent(&self, id: CallId) -> CallId {
        self.nodes[id.0 as usize].0
    }

    /// The place of a node.
    pub fn place(&self, id: CallId) -> PlaceId {
        self.nodes[id.0 as usize].1
    }

    /// The call of a node; `None` for the root.
    pub fn call(&self, id: CallId) -> Option<Call> {
        let place = self.place(id);
        (id != Self::ROOT).then(|| Call::from_word(self.places[place.0 as usize].0))
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Calls, SpaceIndex};
    use memprof_wire::units::{Address, CodeId, Microseconds};

    #[test]
    fn an_address_is_another_place_when_its_library_was_unloaded() {
        let mut calls = Calls::default();
        let address = Address(0x7f00_1234_5678);
        let other = SpaceIndex(1).distinguish(address);
        calls.set_unloads(vec![vec![Microseconds(5), Microseconds(9)], vec![]]);
        let at = |calls: &mut Calls, time, address| {
            calls.now = Microseconds(time);
            let call = calls.child(Calls::ROOT, Call::Native(address));
            calls.place(call)
        };
        let before = at(&mut calls, 4, address);
        let after = at(&mut calls, 5, address);
        assert_ne!(before, after);
        assert_eq!(at(&mut calls, 8, address), after);
        assert_eq!(calls.places[after.0 as usize].1, Microseconds(5));
        assert_ne!(at(&mut calls, 9, address), after);
        assert_eq!(at(&mut calls, 3, other), at(&mut calls, 9, other));
    }

    #[test]
    fn calls_have_their_callers_and_equal_ones_one_place() {
        let mut calls = Calls::default();
        let python = |instruction| Call::Python {
            code: CodeId(u32::MAX >> 1),
            instruction,
        };
        let outer = calls.child(Calls::ROOT, python(7));
        let inner = calls.child(outer, Call::Native(Address(0x7f00_1234_5678)));
        let innermost = calls.child(inner, python(7));
        let other = calls.child(outer, python(8));
        assert_eq!(calls.place(innermost), calls.place(outer));
        assert_ne!(calls.place(other), calls.place(outer));
        assert_eq!(
            calls.call(inner),
            Some(Call::Native(Address(0x7f00_1234_5678)))
        );
        assert_eq!(calls.call(innermost), Some(python(7)));
        assert_eq!(calls.parent(innermost), inner);
        assert_eq!(calls.parent(other), outer);
        assert_eq!(calls.call(Calls::ROOT), None);
        assert_eq!((calls.count(), calls.count_of_places()), (5, 4));
    }
}
