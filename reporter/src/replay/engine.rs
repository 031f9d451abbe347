//! The replay itself: every event is booked, in order, once.
//!
//! Allocations and frees are not booked one by one but a batch at a time: the slots of the whole
//! batch are touched first, so that the processor waits for memory many times at once and not
//! many times in a row. [`super::pipeline`] decodes the next batch meanwhile.

use super::batch::{Batch, Rare, Step};
use super::definitions::{Definitions, MarkSeen};
use super::descriptions::Descriptions;
use super::heap::Block;
use super::ledger::{Ledger, Share, Stamp};
use super::observer::{Context, Lost, Observer};
use super::order::Visitor;
use super::pages::{Change, Taken};
use super::reading::Reading;
use super::rows::{RowId, Rows};
use super::space::{Space, SpaceIndex, SpacePlan};
use super::stream::{StackTable, StreamIndex};
use crate::hashing::NumberMap;
use crate::profile::Totals;
use memprof_wire::codec::{Allocation, Free};
use memprof_wire::event::{Event, MappingKind, MarkKind};
use memprof_wire::units::{Address, Microseconds, Size, Turn, TypeId};
use std::ops::ControlFlow;

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
        }
    }

    /// There are no more events: tells the observer what is still alive.
    pub fn finish(&mut self) {
        self.catch_up();
        self.ledger.left = self.left.iter().map(|(share, _)| share.totals).sum();
        let context = Context {
            ledger: &self.ledger,
            rows: &self.rows,
        };
        self.observer.end(context);
        for (share, type_id) in self.left.drain(..) {
            self.observer.left(context, share, type_id);
        }
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

    fn book_if_full(&mut self) -> ControlFlow<()> {
        if self.reading.batch.steps.len() >= BATCH {
            self.book();
        }
        ControlFlow::Continue(())
    }

    /// Books what anybody has read.
    pub(super) fn apply(&mut self, batch: &mut Batch) {
        self.rows.extend(batch.rows.drain(..));
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
        let context = Context {
            ledger: &self.ledger,
            rows: &self.rows,
        };
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
        let context = Context {
            ledger: &self.ledger,
            rows: &self.rows,
        };
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
        let context = Context {
            ledger: &self.ledger,
            rows: &self.rows,
        };
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
            let context = Context {
                ledger: &self.ledger,
                rows: &self.rows,
            };
            self.observer.time(context, time);
            self.ledger.now = time;
        }
        if !self.spaces.is_empty() {
            self.enter(stream);
        }
    }

    /// Whatever does not come in millions.
    #[inline(never)]
    fn rare(&mut self, rare: &Rare) {
        match *rare {
            Rare::FreeCancelled => self.cancel_free(),
            Rare::UnmapCancelled => self.cancel_unmap(self.stream),
            Rare::Map {
                address,
                length,
                kind,
                row,
            } => self.map(address, length, kind, row),
            Rare::Unmap { address, length } => {
                let taken = self.unmap(address, length);
                let at = self.ledger.births;
                if let Some((older, _)) = self.unmapped.insert(self.stream.0, (taken, at)) {
                    self.space.pages.forget(older);
                }
                self.apply_changes();
            }
            Rare::Remap {
                old,
                old_length,
                new,
                new_length,
                row,
            } => {
                let kind = self
                    .space
                    .pages
                    .at(old)
                    .map_or(MappingKind::Anonymous, |(kind, _)| kind);
                let taken = self.unmap(old, old_length);
                self.space.pages.forget(taken);
                self.map(new, new_length, kind, row);
            }
            Rare::Protect {
                address,
                length,
                usable,
            } => {
                let born = self.ledger.birth();
                self.space
                    .pages
                    .protect(address, length, usable, born, &mut self.changes);
                self.apply_changes();
            }
            Rare::Fork { parent, child } => self.fork(parent, child),
            Rare::Mark { ref name, .. } if self.ignores_mark(name) => {}
            Rare::Mark { kind, ref name } => self.mark(kind, name.clone()),
            Rare::Exits => self.exited = Some(self.current),
            Rare::CensusBegin => self.space.census.begin(self.ledger.births),
            Rare::CensusObject {
                address,
                type_id,
                waiting,
            } => self.space.census.add(address, type_id, waiting),
            Rare::CensusOwned {
                pointer,
                role,
                owner,
            } => self.space.census.add_owned(pointer, role, owner),
            Rare::CensusEnd { ref dicts } => {
                let Space { census, heap, .. } = &mut self.space;
                census.end(heap, &self.rows, dicts, &mut self.descriptions);
                if O::WANTS_CENSUS && self.space.counts() {
                    self.tell_census();
                }
            }
        }
    }

    /// Tells what a census found in the current space.
    fn tell_census(&mut self) {
        let context = Context {
            ledger: &self.ledger,
            rows: &self.rows,
        };
        self.observer.census(context);
        for (share, type_id) in self.space.counted(&self.rows) {
            self.observer.living(share, type_id);
        }
    }

    fn mark(&mut self, kind: MarkKind, name: String) {
        let mark = MarkSeen {
            kind,
            name,
            time: self.ledger.now,
            stamp: self.ledger.births,
            stream: self.stream,
        };
        let context = Context {
            ledger: &self.ledger,
            rows: &self.rows,
        };
        self.observer.mark(context, &mark);
        self.marks.push(mark);
    }

    fn map(&mut self, address: Address, length: Size, kind: MappingKind, row: RowId) {
        let born = self.ledger.birth();
        self.space
            .pages
            .map(address, length, kind, row, born, &mut self.changes);
        self.apply_changes();
        if kind == MappingKind::Anonymous && born > self.space.silent_until {
            self.rows.count(row, length.0 as i64);
            let context = Context {
                ledger: &self.ledger,
                rows: &self.rows,
            };
            self.observer.allocated(context, row, length.0, born);
        }
    }

    /// Unmaps; the changes are still to be applied.
    fn unmap(&mut self, address: Address, length: Size) -> Taken {
        let taken = self.space.pages.unmap(address, length, &mut self.changes);
        self.ledger.frees += u64::from(!self.changes.is_empty() && self.space.counts());
        taken
    }

    /// Books what a call did to the mappings, in the order in which it did.
    fn apply_changes(&mut self) {
        self.count_files();
        for change in self.changes.drain(..) {
            let (Change::Lost(share) | Change::Gained(share)) = change;
            if share.born <= self.space.silent_until {
                continue;
            }
            match change {
                Change::Lost(share) => {
                    self.ledger.lose(share.totals);
                    let context = Context {
                        ledger: &self.ledger,
                        rows: &self.rows,
                    };
                    self.observer.lost(context, share, None);
                }
                Change::Gained(share) => {
                    self.ledger.gain(share.totals);
                    let context = Context {
                        ledger: &self.ledger,
                        rows: &self.rows,
                    };
                    self.observer.mapped(context, share);
                }
            }
        }
    }

    /// Notes what mapped files and addresses set aside have become.
    fn count_files(&mut self) {
        if !self.space.counts() {
            return;
        }
        let space = &mut self.space;
        let files = (space.pages.files() - space.silent_files).max(0);
        self.ledger.files += files - std::mem::replace(&mut space.counted_files, files);
        let reserved = (space.pages.reserved() - space.silent_reserved).max(0);
        self.ledger.reserved += reserved - std::mem::replace(&mut space.counted_reserved, reserved);
    }

    /// What this stream unmapped last is still mapped.
    fn cancel_unmap(&mut self, stream: StreamIndex) {
        let Some((taken, at)) = self.unmapped.remove(&stream.0) else {
            return;
        };
        let reborn = (self.ledger.births != at).then(|| self.ledger.birth());
        self.space.pages.restore(taken, reborn, &mut self.changes);
        self.ledger.frees -= u64::from(!self.changes.is_empty() && self.space.counts());
        for change in &self.changes {
            if let (Change::Gained(share), None) = (change, reborn)
                && share.born > self.space.silent_until
            {
                let context = Context {
                    ledger: &self.ledger,
                    rows: &self.rows,
                };
                self.observer.restored(
                    context,
                    Lost {
                        share: *share,
                        type_id: None,
                        at,
                    },
                );
            }
        }
        self.apply_changes();
    }

    /// The block that this stream freed last is alive after all.
    fn cancel_free(&mut self) {
        let Some(Freed {
            address,
            size,
            row,
            born,
            type_id,
            at,
        }) = self.freed.take()
        else {
            return;
        };
        let mut block = Block { size, row, born };
        self.ledger.frees -= u64::from(self.space.counts());
        if block.born <= self.space.silent_until {
            self.space.heap.insert(address, block);
            return;
        }
        let context = Context {
            ledger: &self.ledger,
            rows: &self.rows,
        };
        self.observer.restored(
            context,
            Lost {
                share: share(block),
                type_id,
                at,
            },
        );
        if self.ledger.births != at {
            block.born = self.ledger.birth();
        }
        if let Some(old) = self.space.heap.insert(address, block) {
            self.overwritten(old);
        }
        self.ledger.gain(share(block).totals);
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

impl<O: Observer> Visitor for Replay<O> {
    fn run(&mut self, stream: StreamIndex, turn: Turn, time: Microseconds) {
        self.definitions.calls.now = time;
        self.reading.run(stream, turn, time);
        let _ = self.book_if_full();
    }

    fn event(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        event: Event<'_>,
    ) -> ControlFlow<()> {
        self.reading
            .event(&mut self.definitions, stream, stacks, &event);
        self.book_if_full()
    }

    #[inline(always)]
    fn allocation(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        allocation: Allocation,
    ) -> ControlFlow<()> {
        self.reading.allocation(stream, stacks, allocation);
        self.book_if_full()
    }

    #[inline(always)]
    fn free(&mut self, _: StreamIndex, stacks: &mut StackTable, free: Free) -> ControlFlow<()> {
        self.reading.free(&mut self.definitions, stacks, free);
        self.book_if_full()
    }
}

mod spaces;

#[cfg(test)]
#[path = "engine_tests.rs"]
pub(super) mod tests;
