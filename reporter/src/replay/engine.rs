//! The replay itself: every event is booked, in order, once.
//!
//! Allocations and frees are not booked one by one but a batch at a time: the slots of the whole
//! batch are touched first, so that the processor waits for memory many times at once and not
//! many times in a row.

use super::census::Census;
use super::definitions::{Definitions, MarkSeen};
use super::heap::{Block, Heap};
use super::ledger::{Ledger, Share, Stamp};
use super::observer::{Context, Lost, Observer};
use super::order::Visitor;
use super::pages::{Change, Pages, Taken};
use super::rows::{RowId, Rows};
use super::stream::{StackTable, StreamIndex};
use crate::hashing::NumberMap;
use crate::profile::Totals;
use memprof_wire::allocator::Allocator;
use memprof_wire::event::{Event, MappingKind};
use memprof_wire::units::{Address, Microseconds, Size, StackId, Turn, TypeId};
use std::ops::ControlFlow;

/// Events that wait to be booked together.
const BATCH: usize = 256;

/// An event of the kinds that come in millions.
#[derive(Clone, Copy)]
struct Step {
    /// The address; of [`Step::RUN`], the time.
    address: u64,
    /// The size; of [`Step::RUN`], the stream.
    size: u64,
    /// The row of an allocation, or [`Step::FREE`], or [`Step::RUN`].
    what: u32,
    /// The type of an object that dies, or [`Step::NO_TYPE`].
    type_id: u32,
}

impl Step {
    /// Row 0 is no row.
    const FREE: u32 = 0;
    /// More than any row.
    const RUN: u32 = u32::MAX;
    const NO_TYPE: u32 = u32::MAX;
}

/// A block that was freed last in its stream: the free may turn out not to have happened.
#[derive(Clone, Copy)]
struct Freed {
    address: Address,
    block: Block,
    type_id: Option<TypeId>,
    at: Stamp,
}

/// Keeps the state of one image's memory while its events go by, and tells `O` about it.
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
    heap: Heap,
    pages: Pages,
    census: Census,
    batch: Vec<Step>,
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
            heap: Heap::default(),
            pages: Pages::new(page),
            census: Census::default(),
            batch: Vec::with_capacity(BATCH),
            stream: StreamIndex::default(),
            freed: None,
            freed_elsewhere: NumberMap::default(),
            unmapped: NumberMap::default(),
            changes: Vec::new(),
        }
    }

    /// There are no more events: tells the observer what is still alive.
    pub fn finish(&mut self) {
        self.book();
        let context = Context {
            ledger: &self.ledger,
            rows: &self.rows,
        };
        self.observer.end(context);
        for (address, block) in self.heap.iter() {
            let type_id = self.census.type_of(address, block.born);
            self.observer.survivor(context, share(block), type_id);
        }
        for share in self.pages.iter() {
            self.observer.survivor(context, share, None);
        }
    }

    /// Books what was seen so far, for somebody who looks while more is to come.
    pub fn catch_up(&mut self) {
        self.book();
    }

    /// Books the batch.
    fn book(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        if self.heap.is_large() {
            self.touch(&batch);
        }
        for step in &batch {
            match step.what {
                Step::FREE => self.free(step),
                Step::RUN => self.begin_run(step),
                _ => self.allocate(step),
            }
        }
        self.batch = batch;
        self.batch.clear();
    }

    /// Brings what the batch will need into the cache.
    fn touch(&self, batch: &[Step]) {
        let touched = batch.iter().fold(0, |word, step| {
            word ^ match step.what {
                Step::RUN => 0,
                Step::FREE => self.heap.touch_for_remove(Address(step.address)),
                _ => self.heap.touch_for_insert(Address(step.address)),
            }
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
        self.rows.count(row, step.size as i64);
        if let Some(old) = self.heap.insert(Address(step.address), block) {
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
        let Some(block) = self.heap.remove(address) else {
            self.ledger.unknown_frees += 1;
            self.freed = None;
            return;
        };
        let type_id = (step.type_id != Step::NO_TYPE).then_some(TypeId(step.type_id));
        self.freed = Some(Freed {
            address,
            block,
            type_id,
            at: self.ledger.births,
        });
        self.ledger.frees += 1;
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
    }

    /// Whatever does not come in millions.
    #[inline(never)]
    fn rare(&mut self, stream: StreamIndex, stacks: &mut StackTable, event: &Event<'_>) {
        match *event {
            Event::FreeCancelled => {
                self.book();
                self.cancel_free();
            }
            Event::UnmapCancelled => {
                self.book();
                self.cancel_unmap(stream);
            }
            Event::Map {
                address,
                length,
                kind,
                stack,
            } => {
                self.book();
                let row = self.mapping_row(stream, stacks, stack, Allocator::Mmap);
                self.map(address, length, kind, row);
            }
            Event::Unmap { address, length } => {
                self.book();
                let taken = self.unmap(address, length);
                let at = self.ledger.births;
                if let Some((older, _)) = self.unmapped.insert(stream.0, (taken, at)) {
                    self.pages.forget(older);
                }
                self.apply_changes();
            }
            Event::Remap {
                old,
                old_length,
                new,
                new_length,
                stack,
            } => {
                self.book();
                let kind = self
                    .pages
                    .at(old)
                    .map_or(MappingKind::Anonymous, |(kind, _)| kind);
                let taken = self.unmap(old, old_length);
                self.pages.forget(taken);
                let row = self.mapping_row(stream, stacks, stack, Allocator::Mremap);
                self.map(new, new_length, kind, row);
            }
            Event::Protect {
                address,
                length,
                usable,
            } => {
                self.book();
                let born = self.ledger.birth();
                self.pages
                    .protect(address, length, usable, born, &mut self.changes);
                self.apply_changes();
            }
            Event::Mark { kind, name } => {
                self.book();
                let mark = MarkSeen {
                    kind,
                    name: String::from_utf8_lossy(name).into_owned(),
                    time: self.ledger.now,
                    stamp: self.ledger.births,
                    stream,
                };
                let context = Context {
                    ledger: &self.ledger,
                    rows: &self.rows,
                };
                self.observer.mark(context, &mark);
                self.marks.push(mark);
            }
            Event::CensusBegin => {
                self.book();
                self.census.begin(self.ledger.births);
            }
            Event::CensusObject {
                address, type_id, ..
            } => self.census.add(address, type_id),
            _ => self.definitions.take(stream, stacks, event),
        }
    }

    fn mapping_row(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        stack: StackId,
        allocator: Allocator,
    ) -> RowId {
        let call = stacks.call(stack);
        self.rows.find(stacks.row(stack), call, stream, allocator)
    }

    fn map(&mut self, address: Address, length: Size, kind: MappingKind, row: RowId) {
        let born = self.ledger.birth();
        self.pages
            .map(address, length, kind, row, born, &mut self.changes);
        self.apply_changes();
        if kind == MappingKind::Anonymous {
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
        let taken = self.pages.unmap(address, length, &mut self.changes);
        self.ledger.frees += u64::from(!self.changes.is_empty());
        taken
    }

    /// Books what a call did to the mappings, in the order in which it did.
    fn apply_changes(&mut self) {
        self.ledger.files = self.pages.files();
        self.ledger.reserved = self.pages.reserved();
        for change in self.changes.drain(..) {
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

    /// What this stream unmapped last is still mapped.
    fn cancel_unmap(&mut self, stream: StreamIndex) {
        let Some((taken, at)) = self.unmapped.remove(&stream.0) else {
            return;
        };
        let reborn = (self.ledger.births != at).then(|| self.ledger.birth());
        self.pages.restore(taken, reborn, &mut self.changes);
        self.ledger.frees -= u64::from(!self.changes.is_empty());
        for change in &self.changes {
            if let (Change::Gained(share), None) = (change, reborn) {
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
            mut block,
            type_id,
            at,
        }) = self.freed.take()
        else {
            return;
        };
        self.ledger.frees -= 1;
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
        if let Some(old) = self.heap.insert(address, block) {
            self.overwritten(old);
        }
        self.ledger.gain(share(block).totals);
    }
}

fn share(block: Block) -> Share {
    Share {
        row: block.row,
        born: block.born,
        totals: Totals::block(block.size as i64),
    }
}

impl<O: Observer> Visitor for Replay<O> {
    fn run(&mut self, stream: StreamIndex, _: Turn, time: Microseconds) {
        let step = Step {
            address: time.0,
            size: u64::from(stream.0),
            what: Step::RUN,
            type_id: Step::NO_TYPE,
        };
        self.batch.push(step);
        if self.batch.len() >= BATCH {
            self.book();
        }
    }

    #[inline(always)]
    fn event(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        event: Event<'_>,
    ) -> ControlFlow<()> {
        let step = match event {
            Event::Allocation {
                address,
                size,
                allocator,
                stack,
            } => {
                let call = stacks.call(stack);
                let row = self.rows.find(stacks.row(stack), call, stream, allocator);
                Step {
                    address: address.0,
                    size: size.0,
                    what: row.0,
                    type_id: Step::NO_TYPE,
                }
            }
            Event::Free { address, type_id } => Step {
                address: address.0,
                size: 0,
                what: Step::FREE,
                type_id: type_id.map_or(Step::NO_TYPE, |type_id| type_id.0),
            },
            _ => {
                self.rare(stream, stacks, &event);
                return ControlFlow::Continue(());
            }
        };
        if step.address != 0 {
            self.batch.push(step);
            if self.batch.len() >= BATCH {
                self.book();
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
#[path = "engine_tests.rs"]
mod tests;
