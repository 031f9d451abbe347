//! The types of blocks that are still alive, as somebody looked at them.

use super::ledger::Stamp;
use crate::hashing::NumberMap;
use memprof_wire::units::{Address, TypeId};

/// The last census. An object counts only while the block that was seen lives on: one that was born
/// after the census has merely the same address.
#[derive(Debug, Default)]
pub(super) struct Census {
    taken: Stamp,
    types: NumberMap<u64, TypeId>,
}

impl Census {
    /// A new census begins; what an older one said is forgotten.
    pub(super) fn begin(&mut self, now: Stamp) {
        self.taken = now;
        self.types.clear();
    }

    /// An object lives at `address`.
    pub(super) fn add(&mut self, address: Address, type_id: TypeId) {
        self.types.insert(address.0, type_id);
    }

    /// The type of a block that is alive now.
    pub(super) fn type_of(&self, address: Address, born: Stamp) -> Option<TypeId> {
        if born > self.taken {
            return None;
        }
        self.types.get(&address.0).copied()
    }
}
