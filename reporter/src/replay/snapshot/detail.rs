//! How finely a [`Snapshot`](super::Snapshot) tells blocks apart.

use super::super::atoms::Answers;
use super::super::ledger::Share;
use super::super::rows::{RowId, Rows};
use crate::profile::Totals;
use memprof_wire::allocator::Domain;
use memprof_wire::units::TypeId;

/// What is told apart within a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// The type of the object.
    #[default]
    Type,
    /// The size of the block. Mappings have none: they are cut and grow.
    Size,
    /// Both.
    TypeAndSize,
    /// Nothing.
    Neither,
}

impl Detail {
    /// Whether types are told apart.
    pub fn has_types(self) -> bool {
        matches!(self, Self::Type | Self::TypeAndSize)
    }

    /// What is told apart as one word: the type plus one in the upper 24 bits, the size plus one
    /// in the lower 40, 0 where there is none.
    pub(in crate::replay) fn word(self, type_id: Option<TypeId>, size: Option<u64>) -> u64 {
        let type_id = type_id.filter(|_| self.has_types());
        let size = size.filter(|_| matches!(self, Self::Size | Self::TypeAndSize));
        let upper = type_id.map_or(0, |type_id| u64::from(type_id.0) + 1);
        let lower = size.map_or(0, |size| size.saturating_add(1).min(SIZE_MASK));
        upper << SIZE_BITS | lower
    }

    /// The word of a block: a mapping has no size of its own, as parts of it come and go.
    #[inline(always)]
    pub(in crate::replay) fn of(self, rows: &Rows, share: Share, type_id: Option<TypeId>) -> u64 {
        let domain = rows.get(share.row).allocator.domain();
        let size = (domain != Domain::Mapping).then_some(share.totals.bytes as u64);
        self.word(type_id, size)
    }
}

const SIZE_BITS: u32 = 40;
const SIZE_MASK: u64 = (1 << SIZE_BITS) - 1;

/// The opposite of [`Detail::word`].
fn split(word: u64) -> (Option<TypeId>, Option<u64>) {
    let type_id = (word >> SIZE_BITS)
        .checked_sub(1)
        .map(|type_id| TypeId(type_id as u32));
    (type_id, (word & SIZE_MASK).checked_sub(1))
}

/// What was alive in one row, of one type or size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetailedTotals {
    /// The row.
    pub row: RowId,
    /// The type, where it is known and was asked for.
    pub type_id: Option<TypeId>,
    /// The size in bytes, where it was asked for; mappings have none.
    pub size: Option<u64>,
    /// What was answered about each of these blocks.
    pub answers: Answers,
    /// How much.
    pub totals: Totals,
}

impl DetailedTotals {
    /// Of a whole row.
    pub fn of_row((row, totals): (RowId, Totals)) -> Self {
        Self::new(row.0, 0, Answers::default(), totals)
    }

    /// From a [`Detail::word`].
    pub(in crate::replay) fn new(row: u32, word: u64, answers: Answers, totals: Totals) -> Self {
        let (type_id, size) = split(word);
        Self {
            row: RowId(row),
            type_id,
            size,
            answers,
            totals,
        }
    }
}
