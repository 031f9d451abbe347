//! The live blocks, by address.
//!
//! An open-addressing table of 24 bytes a slot, in shards that grow one at a time: a table that
//! grew as a whole would for a moment be there twice. Shards grow by half, so at least 53 % of
//! the slots are used and a live block takes at most 45 bytes; and they are read by linear
//! probing, so a lookup touches one or two neighbouring cache lines. Removal shifts the blocks
//! behind it back, which leaves no tombstones however long a program runs.

use super::ledger::Stamp;
use super::rows::RowId;
use memprof_wire::units::Address;

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

/// A slot of the table; all zeros is a free one, since nothing is ever allocated at address 0.
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

/// One part of the table. Its number of slots need not be a power of two.
struct Shard {
    slots: Vec<Slot>,
    used: usize,
    /// How many slots may be used before it grows.
    limit: usize,
}

/// The live blocks.
pub struct Heap {
    shards: Vec<Shard>,
}

const SHARD_BITS: u32 = 6;
const FIRST_SLOTS: usize = 32;

impl Default for Heap {
    fn default() -> Self {
        Self {
            shards: (0..1 << SHARD_BITS)
                .map(|_| Shard::with_slots(FIRST_SLOTS))
                .collect(),
        }
    }
}

/// Blocks lie at multiples of 16, and those of one size at regular distances: a product spreads
/// both over its upper bits.
#[inline(always)]
fn hash(address: u64) -> u64 {
    address.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Heap {
    /// Adds a block. Returns the one that was thought to be there, if any.
    #[inline(always)]
    pub fn insert(&mut self, address: Address, block: Block) -> Option<Block> {
        let hash = hash(address.0);
        self.shard(hash).insert(hash, Slot::new(address.0, block))
    }

    /// Takes a block out.
    #[inline(always)]
    pub fn remove(&mut self, address: Address) -> Option<Block> {
        let hash = hash(address.0);
        self.shard(hash).remove(hash, address.0)
    }

    /// Looks a block up.
    pub fn get(&self, address: Address) -> Option<Block> {
        let hash = hash(address.0);
        let shard = &self.shards[(hash >> (64 - SHARD_BITS)) as usize];
        shard
            .place(hash, address.0)
            .ok()
            .map(|place| shard.slots[place].block())
    }

    /// Reads the word where a lookup of `address` will begin, and so brings it into the cache.
    /// Reading a batch of them first lets the processor wait for all at the same time.
    #[inline(always)]
    pub fn touch(&self, address: Address) -> u64 {
        let hash = hash(address.0);
        let shard = &self.shards[(hash >> (64 - SHARD_BITS)) as usize];
        shard.slots[shard.home(hash)].address
    }

    /// How many blocks are alive.
    pub fn count(&self) -> usize {
        self.shards.iter().map(|shard| shard.used).sum()
    }

    /// Whether the table has outgrown the nearer caches, so that touching ahead pays.
    pub fn is_large(&self) -> bool {
        (self.shards[0].slots.len() * size_of::<Slot>()) << SHARD_BITS > 512 << 10
    }

    /// All live blocks, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Address, Block)> {
        self.shards
            .iter()
            .flat_map(|shard| &shard.slots)
            .filter(|slot| slot.address != 0)
            .map(|slot| (Address(slot.address), slot.block()))
    }

    #[inline(always)]
    fn shard(&mut self, hash: u64) -> &mut Shard {
        &mut self.shards[(hash >> (64 - SHARD_BITS)) as usize]
    }
}

impl Shard {
    fn with_slots(slots: usize) -> Self {
        Self {
            slots: vec![Slot::default(); slots],
            used: 0,
            limit: slots * 4 / 5,
        }
    }

    /// Where the search for a hash begins: the bits below those of the shard, scaled.
    #[inline(always)]
    fn home(&self, hash: u64) -> usize {
        let bits = hash << SHARD_BITS >> 32;
        ((bits * self.slots.len() as u64) >> 32) as usize
    }

    /// Where an address is, or else the free slot where it would go.
    #[inline(always)]
    fn place(&self, hash: u64, address: u64) -> Result<usize, usize> {
        let mut place = self.home(hash);
        loop {
            let found = self.slots[place].address;
            if found == address {
                return Ok(place);
            }
            if found == 0 {
                return Err(place);
            }
            place += 1;
            if place == self.slots.len() {
                place = 0;
            }
        }
    }

    #[inline(always)]
    fn insert(&mut self, hash: u64, slot: Slot) -> Option<Block> {
        match self.place(hash, slot.address) {
            Ok(place) => Some(std::mem::replace(&mut self.slots[place], slot).block()),
            Err(place) => {
                self.slots[place] = slot;
                self.used += 1;
                if self.used > self.limit {
                    self.grow();
                }
                None
            }
        }
    }

    #[inline(always)]
    fn remove(&mut self, hash: u64, address: u64) -> Option<Block> {
        let place = self.place(hash, address).ok()?;
        let block = self.slots[place].block();
        self.used -= 1;
        self.close(place);
        Some(block)
    }

    /// Frees a slot and moves back what a search would no longer find behind it.
    #[inline(always)]
    fn close(&mut self, mut hole: usize) {
        let length = self.slots.len();
        let mut place = hole;
        loop {
            place += 1;
            if place == length {
                place = 0;
            }
            let slot = self.slots[place];
            if slot.address == 0 {
                break;
            }
            // how far the slot is from its home, and from the hole: it may move if that is nearer
            let home = self.home(hash(slot.address));
            if distance(home, place, length) >= distance(hole, place, length) {
                self.slots[hole] = slot;
                hole = place;
            }
        }
        self.slots[hole] = Slot::default();
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let mut grown = Self::with_slots(self.slots.len() + self.slots.len() / 2);
        for slot in self.slots.iter().filter(|slot| slot.address != 0) {
            let place = match grown.place(hash(slot.address), slot.address) {
                Ok(place) | Err(place) => place,
            };
            grown.slots[place] = *slot;
        }
        grown.used = self.used;
        *self = grown;
    }
}

/// Steps from one place forward to another, around the end.
#[inline(always)]
fn distance(from: usize, to: usize, length: usize) -> usize {
    if to >= from {
        to - from
    } else {
        to + length - from
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
        fn it_behaves_like_a_map(steps in proptest::collection::vec((1u64..400, any::<bool>()), 0..4000)) {
            let mut heap = Heap::default();
            let mut model = HashMap::new();
            for (number, (address, insert)) in steps.into_iter().enumerate() {
                // few addresses in few slots: long clusters, which wrap around
                let address = Address(address << 40);
                if insert {
                    let block = block(number as u64);
                    prop_assert_eq!(heap.insert(address, block), model.insert(address, block));
                } else {
                    prop_assert_eq!(heap.remove(address), model.remove(&address));
                }
                prop_assert_eq!(heap.count(), model.len());
            }
            for (address, block) in &model {
                prop_assert_eq!(heap.get(*address), Some(*block));
            }
            prop_assert_eq!(heap.iter().collect::<HashMap<_, _>>(), model);
        }
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
        assert_eq!(heap.get(Address(u64::MAX)), Some(extreme));
    }

    #[test]
    fn a_live_block_takes_at_most_48_bytes() {
        let mut heap = Heap::default();
        for number in 1..=500_000 {
            heap.insert(Address(number * 48), block(number));
            let slots: usize = heap.shards.iter().map(|shard| shard.slots.len()).sum();
            if number > 100_000 {
                let bytes = slots * 24 / number as usize;
                assert!(bytes <= 48, "{bytes} bytes a block at {number}");
            }
        }
    }
}
