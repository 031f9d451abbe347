//! The sums of the live heap, and its peak.

use super::rows::RowId;
use crate::profile::Totals;
use memprof_wire::units::Microseconds;

/// How many blocks had been born at some moment: the replay's own clock. A block's stamp counts
/// itself, so a block was born before a moment exactly when its stamp is no greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub u64);

impl Stamp {
    /// Before the first birth.
    pub const START: Self = Self(0);
    /// After the last.
    pub const FOREVER: Self = Self(u64::MAX);
}

/// The moment when the heap was largest; the first of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peak {
    /// The heap at that moment.
    pub heap: Totals,
    /// Bytes of mapped files.
    pub files: i64,
    /// Bytes of addresses that were only set aside.
    pub reserved: i64,
    /// Its place in the order.
    pub stamp: Stamp,
    /// When, as exactly as the recorder told the time.
    pub time: Microseconds,
}

/// What is alive now, what was ever, and the largest it was.
///
/// The two sums of the live heap are kept apart from one another. Side by side they would now be
/// read as one word of 16 bytes and now written as two of 8, and a processor that has to read what
/// it wrote in halves waits until it is written: it took a quarter of the time of a whole replay.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub struct Ledger {
    /// Bytes of the live heap.
    bytes: i64,
    /// Bytes of mapped files.
    pub files: i64,
    /// Bytes of addresses that are only set aside.
    pub reserved: i64,
    /// The largest heap so far.
    pub peak: Peak,
    /// What processes held when they ended, but for those that ran to the end of the recording.
    pub left: Totals,
    /// How many blocks were born.
    pub births: Stamp,
    /// The time of the events that are being replayed.
    pub now: Microseconds,
    /// How many blocks and mappings were given back.
    pub frees: u64,
    /// Frees of addresses that nobody was seen to allocate.
    pub unknown_frees: u64,
    /// Allocations at addresses that were never given back.
    pub overwritten: u64,
    /// Blocks of the live heap.
    blocks: i64,
}

impl Ledger {
    /// A new stamp, for a block that is born now.
    #[inline(always)]
    pub fn birth(&mut self) -> Stamp {
        self.births.0 += 1;
        self.births
    }

    /// The live heap: blocks of allocators and anonymous memory.
    #[inline(always)]
    pub fn heap(&self) -> Totals {
        Totals {
            bytes: self.bytes,
            blocks: self.blocks,
        }
    }

    /// Adds to the live heap, and notes a new peak.
    #[inline(always)]
    pub fn gain(&mut self, gained: Totals) {
        self.bytes = self.bytes.wrapping_add(gained.bytes);
        self.blocks = self.blocks.wrapping_add(gained.blocks);
        if self.bytes > self.peak.heap.bytes {
            self.peak = Peak {
                heap: self.heap(),
                files: self.files,
                reserved: self.reserved,
                stamp: self.births,
                time: self.now,
            };
        }
    }

    /// Takes from the live heap.
    #[inline(always)]
    pub fn lose(&mut self, lost: Totals) {
        self.bytes = self.bytes.wrapping_sub(lost.bytes);
        self.blocks = self.blocks.wrapping_sub(lost.blocks);
    }
}

/// Part of the live heap: a block, or what is left of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Where it came from.
    pub row: RowId,
    /// When it was born.
    pub born: Stamp,
    /// How much it is.
    pub totals: Totals,
}
