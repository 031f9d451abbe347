//! One row for each (stack, thread, allocator): the finest grouping that any report needs.

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
    /// Another row of the same stack and thread, or none.
    next: RowId,
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
            next: RowId(0),
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

    /// The row of an allocator. `last` is the row last used at this stack of this stream, none at
    /// first; it becomes the row that is returned.
    #[inline(always)]
    pub fn find(
        &mut self,
        last: &mut RowId,
        call: CallId,
        stream: StreamIndex,
        allocator: Allocator,
    ) -> RowId {
        let row = &self.rows[last.0 as usize];
        if *last != RowId(0) && row.allocator == allocator {
            return *last;
        }
        *last = self.search(*last, call, stream, allocator);
        *last
    }

    /// The rows of one stack are a ring, so that any of them leads to all.
    #[inline(never)]
    fn search(
        &mut self,
        last: RowId,
        call: CallId,
        stream: StreamIndex,
        allocator: Allocator,
    ) -> RowId {
        let mut row = self.rows[last.0 as usize].next;
        while row != last {
            if self.rows[row.0 as usize].allocator == allocator {
                return row;
            }
            row = self.rows[row.0 as usize].next;
        }
        if self.rows.len() >= Self::LIMIT {
            return RowId(Self::LIMIT as u32 - 1);
        }
        let new = RowId(self.rows.len() as u32);
        let next = if last == RowId(0) {
            new
        } else {
            std::mem::replace(&mut self.rows[last.0 as usize].next, new)
        };
        self.rows.push(Row {
            call,
            stream,
            next,
            allocator,
            allocated: Totals::default(),
        });
        new
    }

    /// Totals an allocation.
    #[inline(always)]
    pub fn count(&mut self, row: RowId, bytes: i64) {
        self.rows[row.0 as usize].allocated += Totals::block(bytes);
    }

    /// A row.
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

#[cfg(test)]
mod tests {
    use super::{RowId, Rows};
    use crate::replay::calls::CallId;
    use crate::replay::stream::StreamIndex;
    use memprof_wire::allocator::Allocator;

    #[test]
    fn each_allocator_at_a_stack_has_one_row() {
        let mut rows = Rows::default();
        let mut last = RowId(0);
        let mut other = RowId(0);
        let mut found = Vec::new();
        let allocators = [
            Allocator::Malloc,
            Allocator::MemMalloc,
            Allocator::ObjMalloc,
        ];
        for _ in 0..3 {
            for allocator in allocators {
                found.push(rows.find(&mut last, CallId(5), StreamIndex(1), allocator));
                rows.find(&mut other, CallId(6), StreamIndex(1), allocator);
            }
        }
        assert_eq!(found[..3], found[3..6]);
        assert_eq!(found[..3], found[6..]);
        assert_eq!(rows.iter().count(), 6);
        for (row, allocator) in found.into_iter().zip(allocators) {
            assert_eq!(rows.get(row).allocator, allocator);
            assert_eq!(rows.get(row).call, CallId(5));
        }
    }
}
