//! Code objects and types are numbered by each program; here they are numbered by all together.

use super::space::SpaceIndex;
use crate::hashing::NumberMap;
use memprof_wire::units::{Address, CodeId, TypeId};

/// From here on code objects of all programs but the first are numbered: 31 bits are theirs.
const FIRST_CODE: u32 = 1 << 30;
/// From here on types of all programs but the first are numbered: 24 bits are theirs.
const FIRST_TYPE: u32 = 1 << 23;
/// Types beyond this have no number of their own.
const LAST_TYPE: u32 = (1 << 24) - 2;

/// The numbers of the programs but the first, which keeps its own.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    codes: NumberMap<(u32, u32), u32>,
    types: NumberMap<(u32, u32), u32>,
}

impl Numbers {
    /// Of a code object.
    pub(super) fn code(&mut self, space: SpaceIndex, code: CodeId) -> CodeId {
        if space == SpaceIndex::default() {
            return code;
        }
        let next = FIRST_CODE + self.codes.len() as u32;
        CodeId(*self.codes.entry((space.0, code.0)).or_insert(next))
    }

    /// Of a type; "unknown" stays so.
    pub(super) fn type_id(&mut self, space: SpaceIndex, type_id: TypeId) -> TypeId {
        if space == SpaceIndex::default() || type_id == TypeId::UNKNOWN {
            return type_id;
        }
        let next = (FIRST_TYPE + self.types.len() as u32).min(LAST_TYPE);
        TypeId(*self.types.entry((space.0, type_id.0)).or_insert(next))
    }
}

/// Addresses of programs have so many bits.
const ADDRESS_BITS: u32 = 47;
/// So many address spaces are told apart by the other bits but one.
const SPACES: u32 = 1 << 16;

impl SpaceIndex {
    /// An address of machine code in this address space as one that no other space has.
    #[must_use]
    pub fn distinguish(self, Address(address): Address) -> Address {
        let within = address & ((1 << ADDRESS_BITS) - 1);
        Address(within | u64::from(self.0.min(SPACES - 1)) << ADDRESS_BITS)
    }

    /// The address space of an address that was made so.
    #[must_use]
    pub fn of(Address(address): Address) -> Self {
        Self((address >> ADDRESS_BITS) as u32)
    }

    /// The address within its own space again.
    #[must_use]
    pub fn within(Address(address): Address) -> Address {
        Address(address & ((1 << ADDRESS_BITS) - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::{Numbers, SpaceIndex};
    use memprof_wire::units::{Address, CodeId, TypeId};

    #[test]
    fn programs_do_not_share_numbers() {
        let mut numbers = Numbers::default();
        let [first, second, third] = [0, 1, 2].map(SpaceIndex);
        assert_eq!(numbers.code(first, CodeId(7)), CodeId(7));
        let seven = numbers.code(second, CodeId(7));
        assert_ne!(seven, CodeId(7));
        assert_eq!(numbers.code(second, CodeId(7)), seven);
        assert_ne!(numbers.code(third, CodeId(7)), seven);
        assert_eq!(numbers.type_id(third, TypeId::UNKNOWN), TypeId::UNKNOWN);
        assert_ne!(
            numbers.type_id(third, TypeId(3)),
            numbers.type_id(second, TypeId(3))
        );
        let address = Address(0x7f12_3456_7890);
        assert_eq!(first.distinguish(address), address);
        assert_ne!(second.distinguish(address), third.distinguish(address));
        assert_eq!(SpaceIndex::of(third.distinguish(address)), third);
        assert_eq!(SpaceIndex::within(third.distinguish(address)), address);
    }
}
