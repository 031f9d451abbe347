//! The replay itself: every event is booked, in order, once.
//!
//! Allocations and frees are not booked one by one but a batch at a time: the slots of the whole
//! batch are touched first, so that the processor waits for memory many times at once and not
//! many times in a row. [`super::pipeline`] decodes the next batch meanwhile.

use super::batch::{Batch, Step};
use super::definitions::{Definitions, MarkSeen};
use super::descriptions::Descriptions;
use super::heap::Block;
use super::ledger::{Ledger, Share, Stamp};
use super::observer::{Context, Observer};
use super::pages::{Change, Taken};
use super::reading::{Reader, Reading};
use super::rows::{RowId, Rows};
use super::space::{Space, SpaceIndex, SpacePlan};
use super::stream::StreamIndex;
use super::window::Watch;
use crate::hashing::NumberMap;
use crate::profile::Totals;
use memprof_wire::units::{Address, Microseconds, TypeId};

/// Events that wait to be booked together.
const BATCH: usize = 256;

/// A block that was freed last in its stream: the free may turn out not to have happened.
#[derive(Clone, Copy)]
struct Freed {
    address: Address,
    size: u64,
    row: RowId,
    born: Stamp,
    type_id: Option<TypeId>,
    at: Stamp,
}

/// Keeps the state of the memory while its events go by, and tells `O` about it.
pub struct Replay<O> {
    /// What the streams said about themselves.
    pub definitions: Definitions,
    /// Where blocks come from.
    pub rows: Rows,
    /// The sums, and the peak.
    pub ledger: Ledger,
    /// Who listens.
    pub observer: O,
    /// The marks, in order.
    pub marks: Vec<MarkSeen>,
    page: u64,
    /// The address space of the events that are being booked.
    space: Space,
    current: SpaceIndex,
    /// All others, each in its place; in that of the current one nothing.
    parked: Vec<Space>,
    plans: Vec<SpacePlan>,
    /// The space of each stream; empty where all are of the first.
    spaces: Vec<SpaceIndex>,
    /// Ends of processes, the last one first.
    ends: Vec<(Microseconds, SpaceIndex)>,
    /// The space whose process has just said that it ends.
    exited: Option<SpaceIndex>,
    /// What processes held that ended before the last.
    left: Vec<(Share, Option<TypeId>)>,
    /// What censuses found out.
    descriptions: Descriptions,
    reading: Reading,
    /// The stream of the events that are being booked.
    stream: StreamIndex,
    freed: Option<Freed>,
    freed_elsewhere: NumberMap<u32, Freed>,
    unmapped: NumberMap<u32, (Taken, Stamp)>,
    changes: Vec<Change>,
    /// Of a replay that does not see all blocks.
    watch: Option<Watch>,
}

impl<O: Observer> Replay<O> {
    /// An empty heap, of a machine with pages of so many bytes.
    pub fn new(page: u64, observer: O) -> Self {
        Self {
            definitions: Definitions::default(),
            rows: Rows::default(),
            ledger: Ledger::default(),
            observer,
            marks: Vec::new(),
            page,
            space: Space::new(page),
            current: SpaceIndex::default(),
            parked: Vec::new(),
            plans: Vec::new(),
            spaces: Vec::new(),
            ends: Vec::new(),
            exited: None,
            left: Vec::new(),
            descriptions: Descriptions::default(),
            reading: Reading::default(),
            stream: StreamIndex::default(),
            freed: None,
            freed_elsewhere: NumberMap::default(),
            unmapped: NumberMap::default(),
            changes: Vec::new(),
            watch: None,
        }
    }

    /// There are no more events: tells the observer what is still alive.
    pub fn finish(&mut self) {
        self.catch_up();
        if self.is_over() {
            return;
        }
        self.ledger.left = self.left.iter().map(|(share, _)| share.totals).sum();
        let context = Context::of(&self.ledger, &self.rows);
        self.observer.end(context);
        for (share, type_id) in self.left.drain(..) {
            self.observer.left(context, share, type_id);
        }
        self.tell_survivors();
    }

    /// Forgets all single blocks: nothing is asked about them when no more events come, and what a
    /// report needs next takes memory, too.
    pub fn forget_blocks(&mut self) {
        for space in std::iter::once(&mut self.space).chain(&mut self.parked) {
            *space = Space::new(self.page);
        }
    }

    /// Tells what is alive now.
    fn tell_survivors(&mut self) {
        let context = Context::of(&self.ledger, &self.rows);
        for space in std::iter::once(&self.space).chain(&self.parked) {
            for (share, type_id) in space.counted(&self.rows) {
                self.observer.survivor(context, share, type_id);
            }
        }
    }

    /// Books what was seen so far, for somebody who looks while more is to come.
    pub fn catch_up(&mut self) {
        self.book();
        self.definitions.adopt(&self.descriptions);
    }

    /// Books what was read.
    fn book(&mut self) {
        let mut batch = self.reading.take(Batch::default());
        self.apply(&mut batch);
        batch.clear();
        self.reading.batch = batch;
    }

    /// Books what anybody has read.
    pub(super) fn apply(&mut self, batch: &mut Batch) {
        self.rows.extend(batch.rows.drain(..));
        if self.watch.is_some() {
            return self.apply_watched(batch);
        }
        for steps in batch.steps.chunks(BATCH) {
            if self.space.heap.is_large() {
                self.touch(steps);
            }
            for step in steps {
                match step.what {
                    Step::FREE => self.free(step),
                    Step::RUN => self.begin_run(step),
                    Step::RARE => self.rare(&batch.rare[step.size as usize]),
                    _ => self.allocate(step),
                }
            }
        }
    }

    /// Brings what the steps will need into the cache.
    fn touch(&self, steps: &[Step]) {
        // places first, and without a look at what is there: that would wait for each of them
        let touched = steps.iter().fold(0, |word, step| {
            word ^ self.space.heap.touch_place(Address(step.address))
        });
        std::hint::black_box(touched);
        let touched = steps.iter().fold(0, |word, step| {
            let removed = step.what == Step::FREE;
            word ^ self
                .space
                .heap
                .touch_settled(Address(step.address), removed)
        });
        std::hint::black_box(touched);
    }

    #[inline(always)]
    fn allocate(&mut self, step: &Step) {
        let born = self.ledger.birth();
        let row = RowId(step.what);
        let block = Block {
            size: step.size,
            row,
            born,
        };
        if born <= self.space.silent_until {
            self.space.heap.insert(Address(step.address), block);
            return;
        }
        self.rows.count(row, step.size as i64);
        if let Some(old) = self.space.heap.insert(Address(step.address), block) {
            self.overwritten(old);
        }
        self.ledger.gain(Totals::block(step.size as i64));
        let context = Context::of(&self.ledger, &self.rows);
        self.observer.allocated(context, row, step.size, born);
    }

    /// An address was handed out again though nobody saw it given back.
    #[cold]
    fn overwritten(&mut self, old: Block) {
        if old.born <= self.space.silent_until {
            return;
        }
        self.ledger.overwritten += 1;
        self.ledger.lose(share(old).totals);
        let context = Context::of(&self.ledger, &self.rows);
        self.observer.lost(context, share(old), None);
    }

    #[inline(always)]
    fn free(&mut self, step: &Step) {
        let address = Address(step.address);
        let Some(block) = self.space.heap.remove(address) else {
            self.ledger.unknown_frees += u64::from(self.space.counts());
            self.freed = None;
            return;
        };
        let type_id = (step.type_id != Step::NO_TYPE).then_some(TypeId(step.type_id));
        let type_id = self.space.census.knows(address, block.born).or(type_id);
        // field by field: to copy the block as a whole would wait for its parts
        self.freed = Some(Freed {
            address,
            size: block.size,
            row: block.row,
            born: block.born,
            type_id,
            at: self.ledger.births,
        });
        self.ledger.frees += u64::from(self.space.counts());
        if block.born <= self.space.silent_until {
            return;
        }
        let share = share(block);
        self.ledger.lose(share.totals);
        let context = Context::of(&self.ledger, &self.rows);
        self.observer.lost(context, share, type_id);
    }

    fn begin_run(&mut self, step: &Step) {
        let stream = StreamIndex(step.size as u32);
        if stream != self.stream {
            match self.freed.take() {
                Some(freed) => self.freed_elsewhere.insert(self.stream.0, freed),
                None => self.freed_elsewhere.remove(&self.stream.0),
            };
            self.freed = self.freed_elsewhere.remove(&stream.0);
            self.stream = stream;
        }
        let time = Microseconds(step.address);
        if time > self.ledger.now {
            let context = Context::of(&self.ledger, &self.rows);
            self.observer.time(context, time);
            self.ledger.now = time;
        }
        if !self.spaces.is_empty() {
            self.enter(stream);
        }
    }
}

#[inline(always)]
fn share(block: Block) -> Share {
    Share {
        row: block.row,
        born: block.born,
        totals: Totals::block(block.size as i64),
    }
}

impl<O: Observer> Reader for Replay<O> {
    #[inline(always)]
    fn parts(&mut self) -> (&mut Definitions, &mut Reading) {
        (&mut self.definitions, &mut self.reading)
    }

    #[inline(always)]
    fn steps_at_once(&self) -> usize {
        BATCH
    }

    fn hand_on(&mut self) {
        self.book();
    }
}

mod mappings;
mod rare;
mod spaces;
mod watched;

#[cfg(test)]
#[path = "engine_tests.rs"]
pub(super) mod tests;
