//! Every place that occurs in any view gets one number (a *cell*), so that views and lifetimes can refer to it.

use super::data::{NodeId, Place};

/// A place whose node is told by its position in the packed order. Fields are shifted by one, 0 is "none"; cells are ordered by
/// node first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) node: u32,
    pub(super) thread: u32,
    pub(super) type_of: u32,
}

impl Cell {
    /// The cell of a place. What points outside of the tables becomes "none".
    pub(super) fn of(place: Place, limits: &Limits) -> Self {
        let shifted = |index: Option<u32>, length: usize| match index {
            Some(index) if (index as usize) < length => index + 1,
            _ => 0,
        };
        let node = place
            .node
            .and_then(|NodeId(node)| limits.places.get(node as usize).copied());
        Self {
            node: node.map_or(0, |position| position + 1),
            thread: shifted(place.thread.map(|thread| thread.0), limits.threads),
            type_of: shifted(place.type_of.map(|type_of| type_of.0), limits.types),
        }
    }
}

/// What a place may refer to.
pub(super) struct Limits<'a> {
    /// Position of each node in the packed order.
    pub(super) places: &'a [u32],
    pub(super) threads: usize,
    pub(super) types: usize,
}

/// Rows in the order of their cells, with rows of the same key added up.
pub(super) fn gathered<Key: Ord + Copy>(
    rows: impl Iterator<Item = (Key, u64, u64)>,
) -> Vec<(Key, u64, u64)> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable_by_key(|row| row.0);
    rows.dedup_by(|row, kept| {
        let same = row.0 == kept.0;
        if same {
            kept.1 += row.1;
            kept.2 += row.2;
        }
        same
    });
    rows
}

/// All cells, each once, in order.
#[derive(Debug, Default)]
pub(super) struct Cells(pub(super) Vec<Cell>);

impl Cells {
    pub(super) fn of(cells: impl Iterator<Item = Cell>) -> Self {
        let mut cells: Vec<Cell> = cells.collect();
        cells.sort_unstable();
        cells.dedup();
        Self(cells)
    }

    /// The numbers of cells that come in order. Cells that were not gathered have none.
    pub(super) fn numbers(&self, cells: impl Iterator<Item = Cell>) -> Vec<u64> {
        let mut number = 0;
        cells
            .map(|cell| {
                while self.0.get(number).is_some_and(|known| *known < cell) {
                    number += 1;
                }
                debug_assert_eq!(self.0.get(number), Some(&cell), "every cell was gathered");
                number as u64
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::{ThreadId, TypeId};
    use super::*;

    #[test]
    fn what_points_outside_is_none() {
        let limits = Limits {
            places: &[4, 2],
            threads: 1,
            types: 0,
        };
        let place = Place {
            node: Some(NodeId(1)),
            thread: Some(ThreadId(0)),
            type_of: Some(TypeId(0)),
        };
        let cell = Cell::of(place, &limits);
        assert_eq!((cell.node, cell.thread, cell.type_of), (3, 1, 0));
        let outside = Place {
            node: Some(NodeId(2)),
            thread: Some(ThreadId(1)),
            type_of: None,
        };
        assert_eq!(Cell::of(outside, &limits).node, 0);
        assert_eq!(Cell::of(outside, &limits).thread, 0);
    }

    #[test]
    fn rows_of_one_key_are_added_up() {
        let rows = [(2, 10, 1), (1, 5, 1), (2, 30, 2)];
        assert_eq!(gathered(rows.into_iter()), [(1, 5, 1), (2, 40, 3)]);
    }

    #[test]
    fn cells_are_numbered_in_order() {
        let cell = |node| Cell {
            node,
            thread: 0,
            type_of: 0,
        };
        let cells = Cells::of([cell(5), cell(1), cell(5), cell(3)].into_iter());
        assert_eq!(cells.0.len(), 3);
        assert_eq!(cells.numbers([cell(1), cell(5)].into_iter()), [0, 2]);
    }
}
