//! The mappings, as an interval map: what is mapped where, by whom, and what stands behind it.
//!
//! Only anonymous memory is heap. Mapped files and addresses that are merely set aside are counted
//! apart. A mapping is one block as long as any part of it is heap, however it was cut.

use super::ledger::{Share, Stamp};
use super::rows::RowId;
use crate::profile::Totals;
use memprof_wire::event::MappingKind;
use memprof_wire::units::{Address, Size};
use std::collections::BTreeMap;

/// What a call did to the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// This is heap now.
    Gained(Share),
    /// This is heap no more.
    Lost(Share),
}

/// The mappings of one address space.
#[derive(Debug)]
pub struct Pages {
    page: u64,
    pieces: BTreeMap<u64, Piece>,
    mappings: Vec<Mapping>,
    unused: Vec<MappingId>,
    /// Bytes of mapped files.
    files: i64,
    /// Bytes of addresses that are only set aside.
    reserved: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct MappingId(u32);

/// One call of `mmap` or `mremap`.
#[derive(Clone, Copy, Debug)]
struct Mapping {
    row: RowId,
    /// When it became heap.
    born: Stamp,
    /// Where it was asked to end: not necessarily where a page does.
    end: u64,
    /// How many pieces there are, those included that may be put back.
    pieces: u32,
    /// How many of them are heap.
    heap_pieces: u32,
}

/// A range of whole pages with one history.
#[derive(Clone, Copy, Debug)]
struct Piece {
    end: u64,
    mapping: MappingId,
    kind: MappingKind,
    born: Stamp,
}

/// Pieces that were unmapped, and may be put back.
#[derive(Debug, Default)]
pub struct Taken(Vec<(u64, Piece)>);

impl Pages {
    /// No mappings, of pages of so many bytes.
    pub fn new(page: u64) -> Self {
        Self {
            page: page.max(1),
            pieces: BTreeMap::new(),
            mappings: Vec::new(),
            unused: Vec::new(),
            files: 0,
            reserved: 0,
        }
    }

    /// Bytes of mapped files.
    pub fn files(&self) -> i64 {
        self.files
    }

    /// Bytes of addresses that are only set aside.
    pub fn reserved(&self) -> i64 {
        self.reserved
    }

    /// Maps a range. What was there before is unmapped.
    pub fn map(
        &mut self,
        address: Address,
        length: Size,
        kind: MappingKind,
        row: RowId,
        born: Stamp,
        changes: &mut Vec<Change>,
    ) {
        let Some((start, end)) = self.range(address, length) else {
            return;
        };
        let taken = self.unmap(address, length, changes);
        self.forget(taken);
        let asked = start.saturating_add(length.0);
        let mapping = Mapping {
            row,
            born,
            end: asked,
            pieces: 0,
            heap_pieces: 0,
        };
        let mapping = if let Some(id) = self.unused.pop() {
            self.mappings[id.0 as usize] = mapping;
            id
        } else {
            self.mappings.push(mapping);
            MappingId(self.mappings.len() as u32 - 1)
        };
        self.mappings[mapping.0 as usize].pieces = 1;
        self.put(
            start,
            Piece {
                end,
                mapping,
                kind,
                born,
            },
            changes,
        );
    }

    /// Unmaps a range, whatever is in it. What it took must be forgotten or put back.
    #[must_use = "mappings are only given back by `forget`"]
    pub fn unmap(&mut self, address: Address, length: Size, changes: &mut Vec<Change>) -> Taken {
        let Some((start, end)) = self.range(address, length) else {
            return Taken::default();
        };
        let taken = self.cut_out(start, end);
        for &(start, piece) in &taken {
            self.lose(start, piece, changes);
        }
        Taken(taken)
    }

    /// The unmapping did happen.
    pub fn forget(&mut self, taken: Taken) {
        for (_, piece) in taken.0 {
            self.release(piece.mapping);
        }
    }

    /// The unmapping did not happen. What was mapped over in the meantime stays so. With `reborn`
    /// everything that comes back is born then.
    pub fn restore(&mut self, taken: Taken, reborn: Option<Stamp>, changes: &mut Vec<Change>) {
        for (start, mut piece) in taken.0 {
            piece.born = reborn.unwrap_or(piece.born);
            let mut free = start;
            for (covered, end) in self.covered(start, piece.end) {
                self.put_again(free, covered, piece, changes);
                free = end;
            }
            self.put_again(free, piece.end, piece, changes);
            self.release(piece.mapping);
        }
    }

    /// What stands behind the page at an address, and whose it is.
    pub fn at(&self, address: Address) -> Option<(MappingKind, RowId)> {
        let (_, piece) = self.pieces.range(..=address.0).next_back()?;
        let row = self.mappings[piece.mapping.0 as usize].row;
        (address.0 < piece.end).then_some((piece.kind, row))
    }

    /// Makes set-aside addresses usable, or the other way round; what becomes heap is born now.
    pub fn protect(
        &mut self,
        address: Address,
        length: Size,
        usable: bool,
        born: Stamp,
        changes: &mut Vec<Change>,
    ) {
        let (from, to) = if usable {
            (MappingKind::Reserved, MappingKind::Anonymous)
        } else {
            (MappingKind::Anonymous, MappingKind::Reserved)
        };
        let Some((start, end)) = self.range(address, length) else {
            return;
        };
        for (start, piece) in self.cut_out(start, end) {
            if piece.kind == from {
                self.lose(start, piece, changes);
                self.put(
                    start,
                    Piece {
                        kind: to,
                        born,
                        ..piece
                    },
                    changes,
                );
            } else {
                self.pieces.insert(start, piece);
            }
        }
    }

    /// The same mappings in the child of a fork, all born there at this stamp.
    #[must_use]
    pub fn inherited(&self, born: Stamp) -> Self {
        let mut pieces = self.pieces.clone();
        for piece in pieces.values_mut() {
            piece.born = born;
        }
        let mappings = self.mappings.iter();
        Self {
            pieces,
            mappings: mappings
                .map(|mapping| Mapping { born, ..*mapping })
                .collect(),
            unused: self.unused.clone(),
            ..*self
        }
    }

    /// Everything that is heap now.
    pub fn iter(&self) -> impl Iterator<Item = Share> {
        let bytes = self
            .pieces
            .iter()
            .filter(|(_, piece)| piece.kind == MappingKind::Anonymous)
            .map(|(&start, &piece)| {
                let row = self.mappings[piece.mapping.0 as usize].row;
                let totals = Totals {
                    bytes: self.bytes(start, piece),
                    blocks: 0,
                };
                Share {
                    row,
                    born: piece.born,
                    totals,
                }
            });
        let blocks = self
            .mappings
            .iter()
            .filter(|mapping| mapping.heap_pieces > 0)
            .map(|mapping| Share {
                row: mapping.row,
                born: mapping.born,
                totals: Totals::block(0),
            });
        bytes.chain(blocks)
    }

    /// The whole pages that a range touches.
    fn range(&self, address: Address, length: Size) -> Option<(u64, u64)> {
        let start = address.0 - address.0 % self.page;
        let end = address
            .0
            .checked_add(length.0)?
            .checked_next_multiple_of(self.page)?;
        (start < end).then_some((start, end))
    }

    /// Takes the pieces of a range out of the map, cut at its borders, and nothing else.
    fn cut_out(&mut self, start: u64, end: u64) -> Vec<(u64, Piece)> {
        self.split(start);
        self.split(end);
        let taken: Vec<_> = self
            .pieces
            .range(start..end)
            .map(|(&at, &piece)| (at, piece))
            .collect();
        for (at, _) in &taken {
            self.pieces.remove(at);
        }
        taken
    }

    /// Makes `address` a border between pieces.
    fn split(&mut self, address: u64) {
        let Some((_, piece)) = self.pieces.range_mut(..address).next_back() else {
            return;
        };
        if piece.end > address {
            let rest = *piece;
            piece.end = address;
            let mapping = &mut self.mappings[rest.mapping.0 as usize];
            mapping.pieces += 1;
            mapping.heap_pieces += u32::from(rest.kind == MappingKind::Anonymous);
            self.pieces.insert(address, rest);
        }
    }

    /// The parts of a range that are mapped, in order.
    fn covered(&self, start: u64, end: u64) -> Vec<(u64, u64)> {
        let before = self.pieces.range(..start).next_back();
        let inside = self.pieces.range(start..end);
        before
            .into_iter()
            .chain(inside)
            .map(|(&at, piece)| (at.max(start), piece.end.min(end)))
            .filter(|(at, end)| at < end)
            .collect()
    }

    fn put_again(&mut self, start: u64, end: u64, piece: Piece, changes: &mut Vec<Change>) {
        if start < end {
            self.mappings[piece.mapping.0 as usize].pieces += 1;
            self.put(start, Piece { end, ..piece }, changes);
        }
    }

    fn put(&mut self, start: u64, piece: Piece, changes: &mut Vec<Change>) {
        let bytes = self.bytes(start, piece);
        match piece.kind {
            MappingKind::File => self.files = self.files.wrapping_add(bytes),
            MappingKind::Reserved => self.reserved = self.reserved.wrapping_add(bytes),
            MappingKind::Anonymous => {
                let mapping = &mut self.mappings[piece.mapping.0 as usize];
                let first = mapping.heap_pieces == 0;
                mapping.heap_pieces += 1;
                if first {
                    mapping.born = piece.born;
                }
                let totals = Totals {
                    bytes,
                    blocks: i64::from(first),
                };
                changes.push(Change::Gained(Share {
                    row: mapping.row,
                    born: piece.born,
                    totals,
                }));
            }
        }
        self.pieces.insert(start, piece);
    }

    fn lose(&mut self, start: u64, piece: Piece, changes: &mut Vec<Change>) {
        let bytes = self.bytes(start, piece);
        match piece.kind {
            MappingKind::File => self.files = self.files.wrapping_sub(bytes),
            MappingKind::Reserved => self.reserved = self.reserved.wrapping_sub(bytes),
            MappingKind::Anonymous => {
                let mapping = &mut self.mappings[piece.mapping.0 as usize];
                mapping.heap_pieces -= 1;
                let Mapping {
                    row,
                    born,
                    heap_pieces,
                    ..
                } = *mapping;
                let totals = Totals { bytes, blocks: 0 };
                changes.push(Change::Lost(Share {
                    row,
                    born: piece.born,
                    totals,
                }));
                if heap_pieces == 0 {
                    changes.push(Change::Lost(Share {
                        row,
                        born,
                        totals: Totals::block(0),
                    }));
                }
            }
        }
    }

    /// What a piece counts: the last page only as far as it was asked for.
    fn bytes(&self, start: u64, piece: Piece) -> i64 {
        let asked = self.mappings[piece.mapping.0 as usize].end;
        piece.end.min(asked).saturating_sub(start) as i64
    }

    fn release(&mut self, id: MappingId) {
        let mapping = &mut self.mappings[id.0 as usize];
        mapping.pieces -= 1;
        if mapping.pieces == 0 {
            self.unused.push(id);
        }
    }
}

#[cfg(test)]
#[path = "pages_tests.rs"]
mod tests;
