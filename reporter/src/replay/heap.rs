//! The live blocks, by address.
//!
//! Blocks that are next to one another in the program should be so here, too, or every event waits
//! for memory. So each block has a place in one array that its address alone determines, and most
//! are added and freed there without any search. Addresses that are far apart may share a place:
//! when a block comes to one that is taken, the older block moves out and settles in a hash
//! [`table`]. That is where long lives end up, and there they are not in the way.

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
    /// A power of two of places.
    recent: Vec<Slot>,
    settled: Table,
    /// Blocks in `recent`.
    recent_count: usize,
    /// How many blocks have settled, ever.
    settlements: u32,
}

/// 3 MiB of them: more than the second cache of most machines, and less than the third.
const FIRST_PLACES: usize = 1 << 17;
/// Bytes for each place: few blocks are smaller than this.
const GRAIN_BITS: u32 = 5;
/// How many settlements there are between two looks at whether more places would be better.
const LOOK_INTERVAL: u32 = 1 << 14;

impl Default for Heap {
    fn default() -> Self {
        Self {
            recent: vec![Slot::default(); FIRST_PLACES],
            settled: Table::default(),
            recent_count: 0,
            settlements: 0,
        }
    }
}

impl Heap {
    /// Neighbouring addresses have neighbouring places.
    #[inline(always)]
    fn place(&self, address: u64) -> usize {
        (address >> GRAIN_BITS) as usize & (self.recent.len() - 1)
    }

    /// Adds a block. Returns another one that turns out to be gone, if any: its address was
    /// handed out again.
    #[inline(always)]
    pub fn insert(&mut self, address: Address, block: Block) -> Option<Block> {
        let place = self.place(address.0);
        let new = Slot::new(address.0, block);
        let old = std::mem::replace(&mut self.recent[place], new);
        if old.address == 0 {
            self.recent_count += 1;
            None
        } else if old.address == address.0 {
            Some(old.block())
        } else {
            self.settlements = self.settlements.wrapping_add(1);
            let gone = self.settled.insert(old).map(Slot::block);
            if self.settlements.is_multiple_of(LOOK_INTERVAL) {
                self.consider_more_places();
            }
            gone
        }
    }

    /// Takes a block out.
    #[inline(always)]
    pub fn remove(&mut self, address: Address) -> Option<Block> {
        let place = self.place(address.0);
        let recent = &mut self.recent[place];
        if recent.address == address.0 {
            self.recent_count -= 1;
            return Some(std::mem::take(recent).block());
        }
        self.settled.remove(address.0).map(Slot::block)
    }

    /// The block at an address.
    pub fn get(&self, address: Address) -> Option<Block> {
        let recent = &self.recent[self.place(address.0)];
        if recent.address == address.0 {
            return (address.0 != 0).then(|| recent.block());
        }
        self.settled.get(address.0).map(Slot::block)
    }

    /// Doubles the places if all blocks together then still take less than 58 bytes each.
    #[cold]
    fn consider_more_places(&mut self) {
        const MOST: usize = 58;
        let doubled = 2 * self.recent.len();
        let bytes = doubled * size_of::<Slot>() + self.settled.count() * Table::MOST_BYTES;
        if bytes > MOST * self.count() {
            return;
        }
        let half = self.recent.len();
        self.recent.resize(doubled, Slot::default());
        // each block stays where it is, or goes to the same place of the new half
        let (old, new) = self.recent.split_at_mut(half);
        for (old, new) in old.iter_mut().zip(new) {
            if (old.address >> GRAIN_BITS) as usize & half != 0 {
                *new = std::mem::take(old);
            }
        }
    }

    /// Reads the place of an address, so that it is in the cache when it is needed. Doing so for
    /// many of them lets the processor wait for all at the same time.
    #[inline(always)]
    pub fn touch_place(&self, address: Address) -> u64 {
        self.recent[self.place(address.0)].address
    }

    /// The same for what else is needed to take a block out (`removed`) or to add one, once its
    /// place is in the cache. There is no branch, as nobody could foresee it: where nothing else is
    /// needed, the home of address 0 is read in vain, which is always in the cache.
    #[inline(always)]
    pub fn touch_settled(&self, address: Address, removed: bool) -> u64 {
        let recent = self.recent[self.place(address.0)].address;
        let sought = if recent == address.0 { 0 } else { address.0 };
        self.settled.touch(if removed { sought } else { recent })
    }

    /// How many blocks are alive.
    pub fn count(&self) -> usize {
        self.recent_count + self.settled.count()
    }

    /// Whether it has outgrown the nearer caches, so that touching ahead pays.
    pub fn is_large(&self) -> bool {
        self.settled.bytes() > 4 << 20
    }

    /// How many bytes it takes.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        self.recent.len() * size_of::<Slot>() + self.settled.bytes()
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
            shift in prop_oneof![Just(4), Just(5), Just(22), Just(40)],
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
        let (here, there) = (Address(1 << 22), Address(1 << 30));
        assert_eq!(heap.insert(here, block(1)), None);
        assert_eq!(heap.insert(here, block(2)), Some(block(1)));
        // block 2 settles, block 4 takes its address, and settles when there is another one
        assert_eq!(heap.insert(there, block(3)), None);
        assert_eq!(heap.insert(here, block(4)), None);
        assert_eq!(heap.insert(there, block(5)), Some(block(2)));
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

    /// Blocks of one size side by side, and then every third of them freed.
    fn regular(count: u64, stride: u64) -> Heap {
        let mut heap = Heap::default();
        for number in 1..=count {
            assert_eq!(heap.insert(Address(number * stride), block(number)), None);
            if number > 400_000 && number.is_multiple_of(1000) {
                let bytes = heap.bytes() as u64 / number;
                assert!(bytes <= 64, "{bytes} bytes a block at {number}");
            }
        }
        for number in (1..=count).step_by(3) {
            assert_eq!(heap.remove(Address(number * stride)), Some(block(number)));
        }
        heap
    }

    #[test]
    fn a_live_block_takes_at_most_64_bytes_however_large_it_is() {
        for stride in [32, 48, 256, 4096] {
            let count = 1_200_000;
            let heap = regular(count, stride);
            assert_eq!(heap.count() as u64, count - count.div_ceil(3));
            for (address, found) in heap.iter() {
                assert_eq!(found, block(address.0 / stride));
            }
        }
    }

    #[test]
    fn where_blocks_are_small_and_close_most_have_a_place_of_their_own() {
        let heap = regular(2_000_000, 48);
        assert!(heap.recent.len() > super::FIRST_PLACES);
        assert!(
            heap.recent_count > heap.settled.count(),
            "{}",
            heap.settled.count()
        );
    }
}
