//! What blocks that were alive at a census hold, as somebody looked at them.

use super::descriptions::{Description, Descriptions};
use super::heap::{Block, Heap};
use super::ledger::Stamp;
use super::rows::Rows;
use crate::hashing::NumberMap;
use memprof_wire::allocator::Domain;
use memprof_wire::event::Role;
use memprof_wire::units::{Address, TypeId};

/// The last census. What it says holds only while the block that was seen lives on: one that was
/// born after the census has merely the same address.
#[derive(Debug, Default)]
pub(super) struct Census {
    taken: Stamp,
    /// Whether everything that was alive was looked at.
    complete: bool,
    /// By address: the type of an object, or what more is known of it or of a buffer.
    known: NumberMap<u64, TypeId>,
    objects: Vec<Object>,
    owned: Vec<Owned>,
}

/// An object, as it was seen.
#[derive(Clone, Copy, Debug)]
struct Object {
    address: u64,
    type_id: TypeId,
    waiting: bool,
}

/// Something that an object points to.
#[derive(Clone, Copy, Debug)]
struct Owned {
    pointer: u64,
    role: Role,
    owner: TypeId,
    /// The owner's block; 0 where it is none.
    block: u64,
}

impl Census {
    /// A new census begins; what an older one said is forgotten.
    pub(super) fn begin(&mut self, now: Stamp) {
        *self = Self {
            taken: now,
            ..Self::default()
        };
    }

    /// An object lives at `address`.
    pub(super) fn add(&mut self, address: Address, type_id: TypeId, waiting: bool) {
        self.objects.push(Object {
            address: address.0,
            type_id,
            waiting,
        });
    }

    /// The last object points to `pointer`.
    pub(super) fn add_owned(&mut self, pointer: Address, role: Role, owner: TypeId) {
        self.owned.push(Owned {
            pointer: pointer.0,
            role,
            owner,
            block: self.objects.last().map_or(0, |object| object.address),
        });
    }

    /// The census is complete: keeps what is about blocks that are alive, and finds out what
    /// belongs to whom.
    pub(super) fn end(
        &mut self,
        heap: &Heap,
        rows: &Rows,
        dicts: &[TypeId],
        descriptions: &mut Descriptions,
    ) {
        self.complete = true;
        for object in std::mem::take(&mut self.objects) {
            let Some(block) = heap.get(Address(object.address)) else {
                continue;
            };
            if rows.get(block.row).allocator.domain() != Domain::Obj {
                continue;
            }
            let known = if object.waiting {
                descriptions.number(Description::Waiting(object.type_id))
            } else {
                object.type_id
            };
            self.known.insert(object.address, known);
        }
        // a block that was freed still looks like the object it was, and points to what is not its own
        // any more
        let mut owned = std::mem::take(&mut self.owned);
        owned.retain(|owned| owned.block == 0 || self.known.contains_key(&owned.block));
        let is_dict = |owned: &&Owned| owned.role == Role::Dict;
        for owned in owned.iter().filter(is_dict) {
            let blocks = [16, 32, 0].map(|front| owned.pointer.wrapping_sub(front));
            for block in blocks {
                if let Some(known) = self.known.get_mut(&block)
                    && dicts.contains(known)
                {
                    *known = descriptions.number(Description::DictOf(owned.owner));
                    break;
                }
            }
        }
        let nobodys = descriptions.number(Description::DictOfNobody);
        for known in self.known.values_mut() {
            if dicts.contains(known) {
                *known = nobodys;
            }
        }
        // pointers whose meaning is known come before those that merely lead to a block
        let is_guess = |owned: &&Owned| owned.role == Role::Buffer;
        for owned in owned
            .iter()
            .filter(|owned| !is_dict(owned) && !is_guess(owned))
        {
            if let Some(block) = self.block_of(heap, owned) {
                self.give(block, owned, descriptions);
            }
        }
        // such a pointer may be a forgotten one: of two owners, the one that was born nearer to the
        // block is believed
        let mut claims: NumberMap<u64, u64> = NumberMap::default();
        for owned in owned.iter().filter(is_guess) {
            let Some(block) = heap.get(Address(owned.pointer)) else {
                continue;
            };
            let owner = heap.get(Address(owned.block));
            let distance = owner.map_or(u64::MAX, |owner| owner.born.0.abs_diff(block.born.0));
            let is_first = self.is_nobodys(owned.pointer, owned.role);
            let is_nearer = claims
                .get(&owned.pointer)
                .is_some_and(|&other| distance < other);
            if is_first || is_nearer {
                claims.insert(owned.pointer, distance);
                self.give(owned.pointer, owned, descriptions);
            }
        }
    }

    /// Makes a block part of its owner.
    fn give(&mut self, block: u64, owned: &Owned, descriptions: &mut Descriptions) {
        let owner = self.known.get(&owned.block).copied();
        let part = Description::Part(owned.role, owner.unwrap_or(owned.owner));
        self.known.insert(block, descriptions.number(part));
    }

    /// The block that a pointer leads to, if it is alive, no object, and nobody else's.
    fn block_of(&self, heap: &Heap, owned: &Owned) -> Option<u64> {
        // the interpreter points to the first value, which has a header of up to four words
        let fronts: &[u64] = match owned.role {
            Role::Values => &[0, 8, 16, 24, 32],
            _ => &[0],
        };
        let starts = fronts
            .iter()
            .map(|front| owned.pointer.wrapping_sub(*front));
        let holds = |start: &u64| {
            let block = heap.get(Address(*start));
            block.is_some_and(|block| owned.pointer - start <= block.size)
        };
        let start = starts.into_iter().find(holds)?;
        self.is_nobodys(start, owned.role).then_some(start)
    }

    /// Whether a living block is no object and nobody's yet, so that who points to it in a role may
    /// have it.
    fn is_nobodys(&self, block: u64, role: Role) -> bool {
        match self.known.get(&block) {
            None => true,
            // what a dictionary has for its keys is no object, even where it looks like one: the
            // hash of a number can be the address of a type
            Some(known) => role == Role::Keys && !Descriptions::has(*known),
        }
    }

    /// What a block holds that is about to be freed, when the census saw it: more than can be read
    /// from it at its end, which may come long after that of the object.
    #[inline(always)]
    pub(super) fn knows(&self, address: Address, born: Stamp) -> Option<TypeId> {
        if self.known.is_empty() || born > self.taken {
            return None;
        }
        self.known.get(&address.0).copied()
    }

    /// What a block holds that is alive now.
    pub(super) fn type_of(&self, address: Address, block: Block, rows: &Rows) -> Option<TypeId> {
        if block.born > self.taken || !self.complete {
            return None;
        }
        let known = self.known.get(&address.0).copied();
        let is_object = rows.get(block.row).allocator.domain() == Domain::Obj;
        known.or(is_object.then_some(TypeId::UNKNOWN))
    }
}

#[cfg(test)]
mod tests {
    use super::{Census, Description, Descriptions};
    use crate::profile::Totals;
    use crate::replay::calls::CallId;
    use crate::replay::heap::{Block, Heap};
    use crate::replay::ledger::Stamp;
    use crate::replay::rows::{Row, RowId, Rows};
    use crate::replay::stream::StreamIndex;
    use memprof_wire::allocator::Allocator;
    use memprof_wire::event::Role;
    use memprof_wire::units::{Address, TypeId};

    const ARRAY: TypeId = TypeId(1);
    const OTHER: TypeId = TypeId(2);
    /// What an object points to, and in which role.
    type Pointer = (u64, Role);

    /// A census of objects at multiples of 100, born in the order given, with blocks of the raw domain
    /// at other addresses; tells whose each of these is.
    fn owners(births: &[u64], objects: &[(u64, TypeId, &[Pointer])]) -> Vec<Option<TypeId>> {
        let mut rows = Rows::default();
        let row = |allocator| Row {
            call: CallId(0),
            stream: StreamIndex(0),
            allocator,
            allocated: Totals::default(),
        };
        let of_objects = row(Allocator::ObjMalloc);
        rows.extend([row(Allocator::Malloc), of_objects].into_iter());
        let mut heap = Heap::default();
        for (born, &address) in births.iter().enumerate() {
            let row = RowId(if address.is_multiple_of(100) { 2 } else { 1 });
            let born = Stamp(born as u64 + 1);
            heap.insert(
                Address(address),
                Block {
                    size: 64,
                    row,
                    born,
                },
            );
        }
        let mut census = Census::default();
        census.begin(Stamp(1000));
        for &(address, type_id, pointers) in objects {
            census.add(Address(address), type_id, false);
            for &(pointer, role) in pointers {
                census.add_owned(Address(pointer), role, type_id);
            }
        }
        let mut descriptions = Descriptions::default();
        census.end(&heap, &rows, &[], &mut descriptions);
        let described: Vec<_> = descriptions.since(0).collect();
        let buffers = births.iter().filter(|address| !address.is_multiple_of(100));
        buffers
            .map(|&address| {
                let known = census.knows(Address(address), Stamp(1))?;
                described.iter().find_map(|&(number, what)| match what {
                    Description::Part(_, owner) if number == known => Some(owner),
                    _ => None,
                })
            })
            .collect()
    }

    #[test]
    fn of_two_that_point_to_a_buffer_the_one_born_nearer_to_it_owns_it() {
        let births = [100, 200, 250];
        let forgotten: (u64, TypeId, &[Pointer]) = (100, OTHER, &[(250, Role::Buffer)]);
        let array: (u64, TypeId, &[Pointer]) = (200, ARRAY, &[(250, Role::Buffer)]);
        assert_eq!(owners(&births, &[forgotten, array]), [Some(ARRAY)]);
        assert_eq!(owners(&births, &[array, forgotten]), [Some(ARRAY)]);
        assert_eq!(owners(&births, &[forgotten]), [Some(OTHER)]);
    }

    #[test]
    fn a_pointer_whose_meaning_is_known_goes_before_one_that_is_guessed() {
        let births = [100, 250, 200];
        let list: (u64, TypeId, &[Pointer]) = (100, OTHER, &[(250, Role::Items)]);
        let array: (u64, TypeId, &[Pointer]) = (200, ARRAY, &[(250, Role::Buffer)]);
        assert_eq!(owners(&births, &[array, list]), [Some(OTHER)]);
    }

    #[test]
    fn the_dead_own_nothing() {
        let births = [200, 250];
        let dead: (u64, TypeId, &[Pointer]) = (100, OTHER, &[(250, Role::Items)]);
        assert_eq!(owners(&births, &[dead]), [None]);
    }
}
