//! The live blocks, by address.
//!
//! Most blocks live only for a moment. A new one is put into a small array, at a place that its
//! address alone determines, and most are freed right there, without any search. Only when
//! another block comes to the same place does the older one settle in the [`table`].

mod table;

use super::ledger::Stamp;
use super::rows::RowId;
use memprof_wire::units::Address;
use table::Table;

/// A block that is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Bytes that were asked for.
    pub size: u64,
    /// Where it came from.
    pub row: RowId,
    /// When it was born.
    pub born: Stamp,
}

/// A block in its place; all zeros is a free one, since nothing is ever allocated at address 0.
#[derive(Clone, Copy, Default)]
struct Slot {
    address: u64,
    size: u64,
    /// The row in the upper 26 bits ([`super::Rows::LIMIT`]), the stamp in the lower 38: enough
    /// for 270 thousand million births.
    tag: u64,
}

const STAMP_BITS: u32 = 38;

impl Slot {
    #[inline(always)]
    fn new(address: u64, block: Block) -> Self {
        let stamp = block.born.0 & ((1 << STAMP_BITS) - 1);
        Self {
            address,
            size: block.size,
            tag: u64::from(block.row.0) << STAMP_BITS | stamp,
        }
    }

    #[inline(always)]
    fn block(self) -> Block {
        Block {
            size: self.size,
            row: RowId((self.tag >> STAMP_BITS) as u32),
            born: Stamp(self.tag & ((1 << STAMP_BITS) - 1)),
        }
    }
}

/// The live blocks.
///
/// An address that is handed out twice, which only happens where a free was not recorded, counts
/// twice until the younger block settles.
pub struct Heap {
    recent: Vec<Slot>,
    settled: Table,
    /// Blocks in `recent`.
    recent_count: usize,
}

/// 96 KiB of them: they stay in the processor's second cache.
const RECENT: usize = 65536;

impl Default for Heap {
    fn default() -> Self {
        Self {
            recent: vec![Slot::default(); RECENT],
            settled: Table::default(),
            recent_count: 0,
        }
    }
}

/// Neighbouring addresses have neighbouring places.
#[inline(always)]
fn place(address: u64) -> usize {
    (address >> 4) as usize % RECENT
}

impl Heap {
    /// Adds a block. Returns another one that turns out to be gone, if any: its address was
    /// handed out again.
    #[inline(always)]
    pub fn insert(&mut self, address: Address, block: Block) -> Option<Block> {
        let new = Slot::new(address.0, block);
        let old = std::mem::replace(&mut self.recent[place(address.0)], new);
        if old.address == 0 {
            self.recent_count += 1;
            None
        } else if old.address == address.0 {
            Some(old.block())
        } else {
            self.settled.insert(old).map(Slot::block)
        }
    }

    /// Takes a block out.
    #[inline(always)]
    pub fn remove(&mut self, address: Address) -> Option<Block> {
        let recent = &mut self.recent[place(address.0)];
        if recent.address == address.0 {
            self.recent_count -= 1;
            return Some(std::mem::take(recent).block());
        }
        self.settled.remove(address.0).map(Slot::block)
    }

    /// Reads a word that will be needed when a block is added at `address`, so that it is in the
    /// cache then. Doing so for a batch lets the processor wait for all of them at the same time.
    #[inline(always)]
    pub fn touch_for_insert(&self, address: Address) -> u64 {
        match self.recent[place(address.0)].address {
            0 => 0,
            settling => self.settled.touch(settling),
        }
    }

    /// The same for a block that is to be taken out.
    #[inline(always)]
    pub fn touch_for_remove(&self, address: Address) -> u64 {
        match self.recent[place(address.0)].address {
            recent if recent == address.0 => 0,
            _ => self.settled.touch(address.0),
        }
    }

    /// Settles all blocks, and returns those that turn out to be gone.
    pub fn settle(&mut self) -> Vec<Block> {
        let mut gone = Vec::new();
        for slot in self.recent.iter_mut().filter(|slot| slot.address != 0) {
            gone.extend(self.settled.insert(std::mem::take(slot)).map(Slot::block));
        }
        self.recent_count = 0;
        gone
    }

    /// How many blocks are alive.
    pub fn count(&self) -> usize {
        self.recent_count + self.settled.count()
    }

    /// Whether the table has outgrown the nearer caches, so that touching ahead pays.
    pub fn is_large(&self) -> bool {
        self.settled.bytes() > 512 << 10
    }

    /// All live blocks, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Address, Block)> {
        let recent = self.recent.iter().filter(|slot| slot.address != 0).copied();
        recent
            .chain(self.settled.iter())
            .map(|slot| (Address(slot.address), slot.block()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Heap};
    use crate::replay::ledger::Stamp;
    use crate::replay::rows::{RowId, Rows};
    use memprof_wire::units::Address;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn block(number: u64) -> Block {
        Block {
            size: number * 7,
            row: RowId(number as u32),
            born: Stamp(number),
        }
    }

    proptest! {
        #[test]
        fn it_behaves_like_a_map(
            steps in proptest::collection::vec((1u64..400, any::<bool>()), 0..4000),
            shift in prop_oneof![Just(4), Just(16), Just(40)],
        ) {
            let mut heap = Heap::default();
            let mut model = HashMap::new();
            for (number, (address, insert)) in steps.into_iter().enumerate() {
                // from neighbours, each with a place of its own, to addresses that share one place
                let address = Address(address << shift);
                if insert && !model.contains_key(&address) {
                    let block = block(number as u64);
                    prop_assert_eq!(heap.insert(address, block), model.insert(address, block));
                } else {
                    prop_assert_eq!(heap.remove(address), model.remove(&address));
                }
                prop_assert_eq!(heap.count(), model.len());
            }
            prop_assert_eq!(heap.iter().collect::<HashMap<_, _>>(), model);
        }
    }

    #[test]
    fn an_address_that_is_handed_out_again_frees_the_older_block_in_the_end() {
        let mut heap = Heap::default();
        let (here, there) = (Address(1 << 20), Address(1 << 30));
        assert_eq!(heap.insert(here, block(1)), None);
        assert_eq!(heap.insert(here, block(2)), Some(block(1)));
        // block 2 settles, block 4 takes its address, and settles when there is another one
        assert_eq!(heap.insert(there, block(3)), None);
        assert_eq!(heap.insert(here, block(4)), None);
        assert_eq!(heap.insert(there, block(5)), Some(block(2)));
        assert_eq!(heap.settle(), [block(3)]);
        assert_eq!(heap.count(), 2);
    }

    #[test]
    fn the_largest_row_and_stamp_fit() {
        let mut heap = Heap::default();
        let extreme = Block {
            size: u64::MAX,
            row: RowId(Rows::LIMIT as u32 - 1),
            born: Stamp((1 << 38) - 1),
        };
        heap.insert(Address(u64::MAX), extreme);
        assert_eq!(heap.remove(Address(u64::MAX)), Some(extreme));
    }

    #[test]
    fn a_live_block_takes_at_most_48_bytes() {
        let mut heap = Heap::default();
        for number in 1..=500_000 {
            heap.insert(Address(number * 48), block(number));
            if number > 100_000 {
                let bytes = heap.settled.bytes() / number as usize;
                assert!(bytes <= 48, "{bytes} bytes a block at {number}");
            }
        }
    }
}
