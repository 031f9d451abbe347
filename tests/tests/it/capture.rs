//! What a recording holds, event by event, in the merged order.

use memprof_reporter::profile::Resolver;
use memprof_reporter::recording::Recording;
use memprof_reporter::replay::{CallId, Definitions, Order, StackTable, StreamIndex, Visitor};
use memprof_reporter::symbols::NativeNames;
use memprof_wire::event::{Event, MappingKind, Note};
use memprof_wire::units::{Microseconds, StackId, Turn};
use std::ops::ControlFlow;
use std::path::Path;

/// A recording.
pub struct Capture {
    /// What happened, without definitions.
    pub events: Vec<Happening>,
    /// The threads, by [`Happening::thread`].
    pub threads: Vec<Thread>,
    /// What it has to say about itself.
    pub notes: Vec<Note>,
    /// Whether all is there.
    pub complete: bool,
    /// Events that were not recorded.
    pub lost: u64,
    definitions: Definitions,
}

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    /// The kernel's number.
    pub id: u32,
    /// The process.
    pub process: u32,
    /// All names it went by.
    pub names: Vec<String>,
}

/// Something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Whose: an index into [`Capture::threads`].
    pub thread: usize,
    /// What.
    pub what: What,
}

/// What happened. The units are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Allocation {
        address: u64,
        size: u64,
        by: &'static str,
        at: CallId,
    },
    Free {
        address: u64,
    },
    FreeCancelled,
    Map {
        address: u64,
        length: u64,
        kind: MappingKind,
        at: CallId,
    },
    Unmap {
        address: u64,
        length: u64,
    },
    UnmapCancelled,
    Remap {
        old: u64,
        old_length: u64,
        new: u64,
        new_length: u64,
    },
    Protect {
        address: u64,
        length: u64,
        usable: bool,
    },
    Renamed,
}

/// An allocation that somebody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Its place in [`Capture::events`].
    pub place: usize,
    /// The block.
    pub address: u64,
    /// Bytes that were asked for.
    pub size: u64,
    /// The allocator's name.
    pub by: &'static str,
    /// Where the program was.
    pub at: CallId,
    /// Whose, as in [`Happening`].
    pub thread: usize,
}

/// A function at work.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame {
    /// Its name.
    pub function: String,
    /// Its file.
    pub file: String,
    /// The line.
    pub line: u32,
}

impl Capture {
    /// Reads what the program did.
    pub fn read(file: &Path) -> Self {
        Self::of(&Recording::open(file, None).unwrap_or_else(|error| panic!("{error}")))
    }

    /// Reads what one process did.
    pub fn of_process(file: &Path, process: u32) -> Self {
        Self::of(&Recording::open(file, Some(process)).unwrap_or_else(|error| panic!("{error}")))
    }

    fn of(recording: &Recording) -> Self {
        let mut collected = Collector::default();
        let mut order = Order::new(recording, recording.own_streams()).unwrap();
        order.drive(&mut collected).unwrap();
        assert_eq!(order.damage(), []);
        let Collector {
            definitions,
            events,
        } = collected;
        let threads = recording.own_streams().iter().enumerate();
        let threads = threads.map(|(index, stream)| Thread {
            id: stream.thread,
            process: stream.process,
            names: definitions.thread_names(StreamIndex(index as u32)).to_vec(),
        });
        Self {
            events,
            threads: threads.collect(),
            notes: definitions.notes.clone(),
            complete: recording.condition().complete,
            lost: recording.lost(),
            definitions,
        }
    }

    /// All allocations, in order.
    pub fn allocations(&self) -> impl Iterator<Item = Allocation> + '_ {
        let numbered = self.events.iter().enumerate();
        numbered.filter_map(|(place, &Happening { thread, what })| match what {
            What::Allocation {
                address,
                size,
                by,
                at,
            } => Some(Allocation {
                place,
                address,
                size,
                by,
                at,
                thread,
            }),
            _ => None,
        })
    }

    /// All allocations of a size.
    pub fn of_size(&self, size: u64) -> Vec<Allocation> {
        self.allocations().filter(|it| it.size == size).collect()
    }

    /// The only allocation of a size.
    pub fn only(&self, size: u64) -> Allocation {
        let found = self.of_size(size);
        assert_eq!(found.len(), 1, "allocations of {size} bytes: {found:?}");
        found[0]
    }

    /// How often a block is freed after its allocation and before its address is used again.
    pub fn frees_of(&self, block: &Allocation) -> usize {
        let mut frees = 0;
        for happening in &self.events[block.place + 1..] {
            match happening.what {
                What::Free { address } if address == block.address => frees += 1,
                What::Allocation { address, .. } if address == block.address => break,
                _ => {}
            }
        }
        frees
    }

    /// The frames of each of these places, innermost first.
    pub fn stacks(&self, calls: impl IntoIterator<Item = CallId>) -> Vec<Vec<Frame>> {
        let names = NativeNames::default();
        let mut resolver = Resolver::new(&self.definitions, &names);
        let calls: Vec<_> = calls.into_iter().map(|call| resolver.stack(call)).collect();
        let stacks = resolver.finish();
        let frames = |stack| {
            let inward = stacks.inward(stack).map(|frame| stacks.frame(frame));
            let inward = inward.map(|frame| Frame {
                function: stacks.name(frame.function).to_owned(),
                file: stacks.name(frame.file).to_owned(),
                line: frame.line,
            });
            inward.collect()
        };
        calls.into_iter().map(frames).collect()
    }
}

#[derive(Default)]
struct Collector {
    definitions: Definitions,
    events: Vec<Happening>,
}

impl Visitor for Collector {
    fn run(&mut self, _: StreamIndex, _: Turn, _: Microseconds) {}

    fn event(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        event: Event<'_>,
    ) -> ControlFlow<()> {
        let at = |stack: StackId| stacks.call(stack);
        let what = match event {
            Event::Allocation {
                address,
                size,
                allocator,
                stack,
            } => What::Allocation {
                address: address.0,
                size: size.0,
                by: allocator.name(),
                at: at(stack),
            },
            Event::Free { address, .. } => What::Free { address: address.0 },
            Event::FreeCancelled => What::FreeCancelled,
            Event::Map {
                address,
                length,
                kind,
                stack,
            } => What::Map {
                address: address.0,
                length: length.0,
                kind,
                at: at(stack),
            },
            Event::Unmap { address, length } => What::Unmap {
                address: address.0,
                length: length.0,
            },
            Event::UnmapCancelled => What::UnmapCancelled,
            Event::Remap {
                old,
                old_length,
                new,
                new_length,
                ..
            } => What::Remap {
                old: old.0,
                old_length: old_length.0,
                new: new.0,
                new_length: new_length.0,
            },
            Event::Protect {
                address,
                length,
                usable,
            } => What::Protect {
                address: address.0,
                length: length.0,
                usable,
            },
            other => {
                self.definitions.take(stream, stacks, &other);
                if !matches!(other, Event::ThreadName(_)) {
                    return ControlFlow::Continue(());
                }
                What::Renamed
            }
        };
        self.events.push(Happening {
            thread: stream.0 as usize,
            what,
        });
        ControlFlow::Continue(())
    }
}
