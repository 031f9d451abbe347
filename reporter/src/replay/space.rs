//! Address spaces: one for each program of a recording, all replayed together.
//!
//! Turns order the events of all processes, so one pass goes through all of them. Each address
//! space keeps its own blocks and mappings; the sums, the rows and the peak are of all together.

use super::census::Census;
use super::heap::Heap;
use super::ledger::Stamp;
use super::pages::Pages;
use memprof_wire::units::{Microseconds, Turn};

/// An address space, counted within one replay from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceIndex(pub u32);

/// What is to be known of an address space before its events are replayed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpacePlan {
    /// The process that it belonged to.
    pub process: u32,
    /// Whether the report is about it. Others are replayed for what their children inherited.
    pub counts: bool,
    /// For the child of a fork: what was alive in another space when this turn was taken.
    pub inherits: Option<(SpaceIndex, Turn)>,
    /// When the recorder noticed that the process had ended.
    pub ended: Option<Microseconds>,
}

/// The state of an address space.
pub(super) struct Space {
    pub(super) heap: Heap,
    pub(super) pages: Pages,
    pub(super) census: Census,
    /// What was born no later is not counted: it is not what the report is about, or it was
    /// inherited and is counted where it was inherited from.
    pub(super) silent_until: Stamp,
    /// Bytes of mapped files that are not counted, because they were inherited.
    pub(super) silent_files: i64,
    /// The same of addresses set aside.
    pub(super) silent_reserved: i64,
    /// What of mapped files is in the sums.
    pub(super) counted_files: i64,
    /// The same of addresses set aside.
    pub(super) counted_reserved: i64,
    /// Its process has ended, and what it held was taken from the sums.
    pub(super) is_over: bool,
}

impl Space {
    /// Nothing, on a machine with pages of so many bytes.
    pub(super) fn new(page: u64) -> Self {
        Self {
            heap: Heap::default(),
            pages: Pages::new(page),
            census: Census::default(),
            silent_until: Stamp::START,
            silent_files: 0,
            silent_reserved: 0,
            counted_files: 0,
            counted_reserved: 0,
            is_over: false,
        }
    }

    /// One that is not counted.
    pub(super) fn silent(page: u64) -> Self {
        Self {
            silent_until: Stamp::FOREVER,
            ..Self::new(page)
        }
    }

    /// Whether the report is about it.
    pub(super) fn counts(&self) -> bool {
        self.silent_until != Stamp::FOREVER
    }

    /// Takes over the blocks and mappings of another space, as a fork does; all of them are born
    /// here at this stamp.
    pub(super) fn inherit(&mut self, from: &Self, born: Stamp) {
        self.heap = Heap::default();
        for (address, mut block) in from.heap.iter() {
            block.born = born;
            self.heap.insert(address, block);
        }
        self.pages = from.pages.inherited(born);
    }
}
