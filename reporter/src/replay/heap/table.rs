//! The settled blocks: an open-addressing table of 24 bytes a slot.
//!
//! It is in shards that grow one at a time, as a table that grew as a whole would for a moment be
//! there twice. A shard grows by a quarter when two thirds of it are used, so that at least 53 %
//! are: a block takes at most 45 bytes, and a search is short. Removal shifts the blocks behind it
//! back, which leaves no tombstones however long a program runs.

use super::Slot;

/// One part of the table. Its number of slots need not be a power of two.
struct Shard {
    slots: Vec<Slot>,
    used: usize,
    /// How many slots may be used before it grows.
    limit: usize,
}

/// Blocks by address.
pub(super) struct Table {
    shards: Vec<Shard>,
}

const SHARD_BITS: u32 = 6;
const FIRST_SLOTS: usize = 32;

impl Default for Table {
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

impl Table {
    /// The most bytes that a block takes, on average over many.
    pub(super) const MOST_BYTES: usize = 45;

    /// Adds a block. Returns the one that was there, if any.
    #[inline(always)]
    pub(super) fn insert(&mut self, slot: Slot) -> Option<Slot> {
        let hash = hash(slot.address);
        self.shard(hash).insert(hash, slot)
    }

    /// Takes a block out.
    #[inline(always)]
    pub(super) fn remove(&mut self, address: u64) -> Option<Slot> {
        let hash = hash(address);
        self.shard(hash).remove(hash, address)
    }

    /// The block at an address.
    pub(super) fn get(&self, address: u64) -> Option<Slot> {
        let hash = hash(address);
        let shard = self.shard_of(hash);
        shard
            .place(hash, address)
            .ok()
            .map(|place| shard.slots[place])
    }

    /// Reads the word where a search for `address` will begin, and so brings it into the cache.
    #[inline(always)]
    pub(super) fn touch(&self, address: u64) -> u64 {
        let hash = hash(address);
        let shard = self.shard_of(hash);
        shard.slots[shard.home(hash)].address
    }

    /// How many blocks there are.
    pub(super) fn count(&self) -> usize {
        self.shards.iter().map(|shard| shard.used).sum()
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        let slots: usize = self.shards.iter().map(|shard| shard.slots.len()).sum();
        slots * size_of::<Slot>()
    }

    /// All blocks, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Slot> {
        self.shards
            .iter()
            .flat_map(|shard| &shard.slots)
            .filter(|slot| slot.address != 0)
            .copied()
    }

    #[inline(always)]
    fn shard_of(&self, hash: u64) -> &Shard {
        &self.shards[(hash >> (64 - SHARD_BITS)) as usize]
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
            limit: slots * 2 / 3,
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
    fn insert(&mut self, hash: u64, slot: Slot) -> Option<Slot> {
        match self.place(hash, slot.address) {
            Ok(place) => Some(std::mem::replace(&mut self.slots[place], slot)),
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
    fn remove(&mut self, hash: u64, address: u64) -> Option<Slot> {
        let place = self.place(hash, address).ok()?;
        let slot = self.slots[place];
        self.used -= 1;
        self.close(place);
        Some(slot)
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
        let mut grown = Self::with_slots(self.slots.len() + self.slots.len() / 4);
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
