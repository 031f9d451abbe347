//! From events to steps: definitions are kept, and every block gets its row.

use super::batch::{Batch, Rare, Step};
use super::definitions::Definitions;
use super::order::Visitor;
use super::rows::{RowId, RowIndex};
use super::space::SpaceIndex;
use super::stream::{StackTable, StreamIndex};
use memprof_wire::allocator::Allocator;
use memprof_wire::codec::{Allocation, Free};
use memprof_wire::event::Event;
use memprof_wire::units::{Microseconds, StackId, Turn};
use std::ops::ControlFlow;

/// A visitor that reads events into batches, and hands on those that are full.
pub(super) trait Reader {
    /// What is known by now, and what fills the batch.
    fn parts(&mut self) -> (&mut Definitions, &mut Reading);

    /// How many steps fill a batch.
    fn steps_at_once(&self) -> usize;

    /// Does with the batch whatever is to be done with it, and leaves an empty one.
    fn hand_on(&mut self);

    #[inline(always)]
    fn hand_on_if_full(&mut self) -> ControlFlow<()> {
        if self.parts().1.batch.steps.len() >= self.steps_at_once() {
            self.hand_on();
        }
        ControlFlow::Continue(())
    }
}

impl<R: Reader> Visitor for R {
    fn run(&mut self, stream: StreamIndex, turn: Turn, time: Microseconds) {
        let (definitions, reading) = self.parts();
        definitions.calls.now = time;
        reading.run(stream, turn, time);
        let _ = self.hand_on_if_full();
    }

    fn event(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        event: Event<'_>,
    ) -> ControlFlow<()> {
        let (definitions, reading) = self.parts();
        reading.event(definitions, stream, stacks, &event);
        self.hand_on_if_full()
    }

    #[inline(always)]
    fn allocation(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        allocation: Allocation,
    ) -> ControlFlow<()> {
        self.parts().1.allocation(stream, stacks, allocation);
        self.hand_on_if_full()
    }

    #[inline(always)]
    fn free(&mut self, _: StreamIndex, stacks: &mut StackTable, free: Free) -> ControlFlow<()> {
        let (definitions, reading) = self.parts();
        reading.free(definitions, stacks, free);
        self.hand_on_if_full()
    }
}

/// Fills a [`Batch`].
#[derive(Debug, Default)]
pub(super) struct Reading {
    index: RowIndex,
    /// Forks that are still to come, the last one first: the turn, the parent and the child.
    pub forks: Vec<(Turn, SpaceIndex, SpaceIndex)>,
    /// What was read and not taken yet.
    pub batch: Batch,
}

impl Reading {
    /// Takes the batch away and leaves `empty` in its place.
    pub fn take(&mut self, empty: Batch) -> Batch {
        let mut batch = std::mem::replace(&mut self.batch, empty);
        batch.rows.append(&mut self.index.fresh);
        batch
    }

    /// The events that follow are of this stream and time.
    pub fn run(&mut self, stream: StreamIndex, turn: Turn, time: Microseconds) {
        while let Some(&(due, parent, child)) = self.forks.last()
            && due <= turn
        {
            self.forks.pop();
            self.rare(Rare::Fork { parent, child });
        }
        self.batch.steps.push(Step {
            address: time.0,
            size: u64::from(stream.0),
            what: Step::RUN,
            type_id: Step::NO_TYPE,
        });
    }

    /// A block was handed out. Nothing is ever allocated at address 0.
    #[inline(always)]
    pub fn allocation(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        allocation: Allocation,
    ) {
        let Allocation {
            address,
            size,
            allocator,
            stack,
        } = allocation;
        let row = self.row(stream, stacks, stack, allocator);
        if address.0 != 0 {
            self.batch.steps.push(Step {
                address: address.0,
                size: size.0,
                what: row.0,
                type_id: Step::NO_TYPE,
            });
        }
    }

    /// A block was given back.
    #[inline(always)]
    pub fn free(
        &mut self,
        definitions: &mut Definitions,
        stacks: &StackTable,
        Free { address, type_id }: Free,
    ) {
        if address.0 != 0 {
            self.batch.steps.push(Step {
                address: address.0,
                size: 0,
                what: Step::FREE,
                type_id: type_id.map_or(Step::NO_TYPE, |type_id| {
                    definitions.type_number(stacks.space(), type_id).0
                }),
            });
        }
    }

    /// Any event.
    pub fn event(
        &mut self,
        definitions: &mut Definitions,
        stream: StreamIndex,
        stacks: &mut StackTable,
        event: &Event<'_>,
    ) {
        let rare = match *event {
            Event::Allocation {
                address,
                size,
                allocator,
                stack,
            } => {
                let allocation = Allocation {
                    address,
                    size,
                    allocator,
                    stack,
                };
                return self.allocation(stream, stacks, allocation);
            }
            Event::Free { address, type_id } => {
                return self.free(definitions, stacks, Free { address, type_id });
            }
            Event::FreeCancelled => Rare::FreeCancelled,
            Event::UnmapCancelled => Rare::UnmapCancelled,
            Event::Map {
                address,
                length,
                kind,
                stack,
            } => Rare::Map {
                address,
                length,
                kind,
                row: self.row(stream, stacks, stack, Allocator::Mmap),
            },
            Event::Unmap { address, length } => Rare::Unmap { address, length },
            Event::Remap {
                old,
                old_length,
                new,
                new_length,
                stack,
            } => Rare::Remap {
                old,
                old_length,
                new,
                new_length,
                row: self.row(stream, stacks, stack, Allocator::Mremap),
            },
            Event::Protect {
                address,
                length,
                usable,
            } => Rare::Protect {
                address,
                length,
                usable,
            },
            Event::Mark { kind, name } => Rare::Mark {
                kind,
                name: String::from_utf8_lossy(name).into_owned(),
            },
            Event::Exits => Rare::Exits,
            Event::CensusBegin => Rare::CensusBegin,
            Event::CensusObject {
                address,
                type_id,
                waiting,
            } => Rare::CensusObject {
                address,
                type_id: definitions.type_number(stacks.space(), type_id),
                waiting,
            },
            Event::CensusOwned {
                address: pointer,
                role,
                owner,
            } => Rare::CensusOwned {
                pointer,
                role,
                owner: definitions.type_number(stacks.space(), owner),
            },
            Event::CensusEnd => Rare::CensusEnd {
                dicts: definitions.types_called("dict"),
            },
            _ => return definitions.take(stream, stacks, event),
        };
        self.rare(rare);
    }

    fn rare(&mut self, rare: Rare) {
        self.batch.steps.push(Step {
            address: 0,
            size: self.batch.rare.len() as u64,
            what: Step::RARE,
            type_id: Step::NO_TYPE,
        });
        self.batch.rare.push(rare);
    }

    #[inline(always)]
    fn row(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        stack: StackId,
        allocator: Allocator,
    ) -> RowId {
        let call = stacks.call(stack);
        self.index.find(stacks.row(stack), call, stream, allocator)
    }
}
