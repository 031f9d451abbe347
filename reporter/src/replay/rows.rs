//! One row for each (stack, thread, allocator): the finest grouping that any report needs.

mod index;

pub(super) use index::RowIndex;

use super::calls::CallId;
use super::stream::StreamIndex;
use crate::profile::Totals;
use memprof_wire::allocator::Allocator;

/// A row. 0 is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub u32);

/// Where blocks come from, and how much ever came from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where the program was.
    pub call: CallId,
    /// The thread that it was.
    pub stream: StreamIndex,
    /// Who handed the blocks out.
    pub allocator: Allocator,
    /// All that was ever allocated here.
    pub allocated: Totals,
}

/// The rows, in the order of their first allocation.
#[derive(Debug)]
pub struct Rows {
    rows: Vec<Row>,
}

impl Default for Rows {
    fn default() -> Self {
        let none = Row {
            call: CallId(0),
            stream: StreamIndex(0),
            allocator: Allocator::Malloc,
            allocated: Totals::default(),
        };
        Self { rows: vec![none] }
    }
}

impl Rows {
    /// More rows than this are not told apart: what is beyond is counted in the last one. So many
    /// fit into the bits that a live block has for its row.
    pub const LIMIT: usize = 1 << 26;

    /// Adds rows, in the order of their numbers.
    pub(super) fn extend(&mut self, rows: impl Iterator<Item = Row>) {
        self.rows.extend(rows);
    }

    /// Totals an allocation.
    #[inline(always)]
    pub fn count(&mut self, row: RowId, bytes: i64) {
        self.rows[row.0 as usize].allocated += Totals::block(bytes);
    }

    /// A row.
    #[inline(always)]
    pub fn get(&self, row: RowId) -> &Row {
        &self.rows[row.0 as usize]
    }

    /// All rows but the none at the front.
    pub fn iter(&self) -> impl Iterator<Item = (RowId, &Row)> {
        self.rows
            .iter()
            .enumerate()
            .skip(1)
            .map(|(number, row)| (RowId(number as u32), row))
    }

    /// How many numbers of rows are in use.
    pub fn count_of_numbers(&self) -> usize {
        self.rows.len()
    }
}
