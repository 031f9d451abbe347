//! Which row an event belongs to.

use super::{Row, RowId, Rows};
use crate::profile::Totals;
use crate::replay::calls::CallId;
use crate::replay::stream::StreamIndex;
use memprof_wire::allocator::Allocator;

/// What it takes to find a row: the side of the [`Rows`] that the reader of a recording needs,
/// while somebody else does the sums.
#[derive(Debug)]
pub(in crate::replay) struct RowIndex {
    entries: Vec<Entry>,
    /// Rows that came to be since somebody took them.
    pub fresh: Vec<Row>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Another row of the same stack and thread: they are a ring, so that any leads to all.
    next: RowId,
    allocator: Allocator,
}

impl Default for RowIndex {
    fn default() -> Self {
        let none = Entry {
            next: RowId(0),
            allocator: Allocator::Malloc,
        };
        Self {
            entries: vec![none],
            fresh: Vec::new(),
        }
    }
}

impl RowIndex {
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
        let entry = self.entries[last.0 as usize];
        if *last != RowId(0) && entry.allocator == allocator {
            return *last;
        }
        *last = self.search(*last, call, stream, allocator);
        *last
    }

    #[inline(never)]
    fn search(
        &mut self,
        last: RowId,
        call: CallId,
        stream: StreamIndex,
        allocator: Allocator,
    ) -> RowId {
        let mut row = self.entries[last.0 as usize].next;
        while row != last {
            let entry = self.entries[row.0 as usize];
            if entry.allocator == allocator {
                return row;
            }
            row = entry.next;
        }
        if self.entries.len() >= Rows::LIMIT {
            return RowId(Rows::LIMIT as u32 - 1);
        }
        let new = RowId(self.entries.len() as u32);
        let next = if last == RowId(0) {
            new
        } else {
            std::mem::replace(&mut self.entries[last.0 as usize].next, new)
        };
        self.entries.push(Entry { next, allocator });
        self.fresh.push(Row {
            call,
            stream,
            allocator,
            allocated: Totals::default(),
        });
        new
    }
}

#[cfg(test)]
mod tests {
    use super::{RowId, RowIndex, Rows};
    use crate::replay::calls::CallId;
    use crate::replay::stream::StreamIndex;
    use memprof_wire::allocator::Allocator;

    #[test]
    fn each_allocator_at_a_stack_has_one_row() {
        let mut index = RowIndex::default();
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
                found.push(index.find(&mut last, CallId(5), StreamIndex(1), allocator));
                index.find(&mut other, CallId(6), StreamIndex(1), allocator);
            }
        }
        assert_eq!(found[..3], found[3..6]);
        assert_eq!(found[..3], found[6..]);
        let mut rows = Rows::default();
        rows.extend(index.fresh.drain(..));
        assert_eq!(rows.iter().count(), 6);
        for (row, allocator) in found.into_iter().zip(allocators) {
            assert_eq!(rows.get(row).allocator, allocator);
            assert_eq!(rows.get(row).call, CallId(5));
        }
    }
}
