//! A recording written by a test, event by event, in memory.

use super::error::ReplayError;
use super::source::{Outline, Source, StreamSource};
use super::space::SpaceIndex;
use memprof_wire::allocator::Allocator;
use memprof_wire::codec::{Encoder, MAX_EVENT};
use memprof_wire::event::{Event, LineTable};
use memprof_wire::predictor::SitePair;
use memprof_wire::units::{Address, CodeId, Microseconds, Size, StackId, Turn, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;

/// Streams that grow by one event at a time.
#[derive(Default)]
pub(crate) struct Recorded {
    chunks: Vec<Vec<u8>>,
    outlines: Vec<Outline>,
    /// Which chunks were read, in order.
    read: RefCell<Vec<usize>>,
    /// Which of them were no events.
    distrusted: RefCell<Vec<usize>>,
    streams: Vec<StreamSource>,
    writers: Vec<Writer>,
}

#[derive(Default)]
struct Writer {
    encoder: Encoder,
    sites: HashMap<u32, SitePair>,
    /// How many stacks were defined.
    stacks: u32,
    turn: Turn,
    time: Microseconds,
    /// The chunk that is being written, unless it was cut.
    chunk: Option<usize>,
}

impl Recorded {
    /// Writes an event into a stream, which comes to be when it is first named.
    pub(crate) fn event(&mut self, stream: u32, event: Event<'_>) -> &mut Self {
        let mut buffer = [0; MAX_EVENT];
        let writer = self.writer(stream);
        let mut unused = SitePair::EMPTY;
        let site = match event {
            Event::Allocation { stack, .. } => writer.sites.entry(stack.0).or_default(),
            _ => &mut unused,
        };
        let bytes = writer.encoder.write_to(&mut buffer, &event, site).to_vec();
        match event {
            Event::Turn { turn, time } => (writer.turn, writer.time) = (turn, time),
            Event::PythonFrame { .. } => writer.stacks += 1,
            _ => {}
        }
        let (turn, time) = (writer.turn, writer.time);
        self.bytes(stream, &bytes);
        if let Some(chunk) = self.writer(stream).chunk {
            let outline = &mut self.outlines[chunk];
            outline.restarts |= matches!(event, Event::Restart { .. });
            outline.only_blocks &= matches!(
                event,
                Event::Turn { .. }
                    | Event::Restart { .. }
                    | Event::Allocation { .. }
                    | Event::Free { .. }
            );
            (outline.turn, outline.last) = (Turn(turn.0 + 1), time);
        }
        self
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, stream: u32, bytes: &[u8]) -> &mut Self {
        let next = self.chunks.len();
        let writer = self.writer(stream);
        let chunk = *writer.chunk.get_or_insert(next);
        if chunk == next {
            self.chunks.push(Vec::new());
            self.outlines.push(Outline {
                only_blocks: true,
                ..Outline::UNKNOWN
            });
            self.streams[stream as usize].chunks.push(chunk);
        }
        self.chunks[chunk].extend_from_slice(bytes);
        self
    }

    /// The next event of a stream begins a new chunk.
    pub(crate) fn cut(&mut self, stream: u32) -> &mut Self {
        self.writer(stream).chunk = None;
        self
    }

    /// The next event of a stream begins a new chunk, from which decoding can begin.
    pub(crate) fn restart(&mut self, stream: u32) -> &mut Self {
        let writer = self.writer(stream);
        let restart = Event::Restart {
            turn: writer.turn,
            time: writer.time,
            stacks: writer.stacks,
            epoch: writer.encoder.next_epoch(),
        };
        self.cut(stream).event(stream, restart)
    }

    /// Which chunks were read since this was last asked.
    pub(crate) fn take_read(&self) -> Vec<usize> {
        self.read.take()
    }

    /// Which chunks held what is no event.
    pub(crate) fn distrusted(&self) -> Vec<usize> {
        self.distrusted.borrow().clone()
    }

    /// Begins a run; its time is its turn in milliseconds.
    pub(crate) fn turn(&mut self, stream: u32, turn: u64) -> &mut Self {
        self.event(
            stream,
            Event::Turn {
                turn: Turn(turn),
                time: Microseconds(turn * 1000),
            },
        )
    }

    /// Defines a code object; its line table says that every instruction is on its first line.
    pub(crate) fn code(
        &mut self,
        stream: u32,
        code: u32,
        name: &str,
        file: &str,
        first_line: u32,
    ) -> &mut Self {
        for event in code_object(code, name, file, first_line) {
            self.event(stream, event);
        }
        self
    }

    /// Defines a stack.
    pub(crate) fn stack(&mut self, stream: u32, stack: u32, parent: u32, code: u32) -> &mut Self {
        self.event(
            stream,
            Event::PythonFrame {
                stack: StackId(stack),
                parent: StackId(parent),
                code: CodeId(code),
                instruction: 0,
            },
        )
    }

    /// Overwrites bytes, wherever they are.
    pub(crate) fn damage(&mut self, changes: &[(proptest::sample::Index, u8)]) {
        for (place, byte) in changes {
            let number = place.index(self.chunks.len());
            let chunk = &mut self.chunks[number];
            let place = place.index(chunk.len());
            chunk[place] = *byte;
        }
    }

    /// What was written so far.
    pub(crate) fn streams(&self) -> &[StreamSource] {
        &self.streams
    }

    fn writer(&mut self, stream: u32) -> &mut Writer {
        while self.streams.len() <= stream as usize {
            let number = self.streams.len() as u32;
            self.streams.push(StreamSource {
                number,
                process: 1,
                thread: 100 + number,
                space: SpaceIndex::default(),
                chunks: Vec::new(),
            });
            self.writers.push(Writer::default());
        }
        &mut self.writers[stream as usize]
    }
}

impl Source for Recorded {
    fn distrust(&self, chunk: usize) {
        self.distrusted.borrow_mut().push(chunk);
    }

    fn read(&self, chunk: usize, bytes: &mut Vec<u8>) -> Result<(), ReplayError> {
        self.read.borrow_mut().push(chunk);
        bytes.clone_from(&self.chunks[chunk]);
        Ok(())
    }

    fn outline(&self, chunk: usize) -> Outline {
        self.outlines[chunk]
    }
}

/// What defines a code object whose line table says that every instruction is on its first line.
pub(crate) fn code_object<'a>(
    code: u32,
    name: &'a str,
    file: &'a str,
    first_line: u32,
) -> [Event<'a>; 3] {
    let event = Event::Code {
        code: CodeId(code),
        first_line,
        table: LineTable::Lnotab,
        file: file.len() as u32,
        name: name.len() as u32,
        lines: 0,
    };
    let texts = [file, name].map(|text| Event::Bytes(text.as_bytes()));
    [event, texts[0], texts[1]]
}

/// `malloc`, without a stack.
pub(crate) fn allocation(address: u64, size: u64) -> Event<'static> {
    allocation_at(address, size, 0)
}

/// `malloc` at a stack.
pub(crate) fn allocation_at(address: u64, size: u64, stack: u32) -> Event<'static> {
    Event::Allocation {
        address: Address(address),
        size: Size(size),
        allocator: Allocator::Malloc,
        stack: StackId(stack),
    }
}

/// `free` of a block whose type nobody looked at.
pub(crate) fn free(address: u64) -> Event<'static> {
    Event::Free {
        address: Address(address),
        type_id: None,
    }
}

/// `free` of an object.
pub(crate) fn free_object(address: u64, type_id: u32) -> Event<'static> {
    Event::Free {
        address: Address(address),
        type_id: Some(TypeId(type_id)),
    }
}
