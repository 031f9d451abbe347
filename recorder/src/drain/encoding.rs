//! Words of a ring become events of a capture.

use super::source_names::SourceNames;
use memprof_wire::allocator::Allocator;
use memprof_wire::codec::{Encoder, MAX_EVENT};
use memprof_wire::event::Event;
use memprof_wire::predictor::SitePair;
use memprof_wire::transport::{self, Receiver};
use memprof_wire::units::{Address, Microseconds, Size, StackId, Turn, TypeId};

/// How far apart [`Event::Restart`]s are at least, in bytes of one stream's chunks.
const RESTART_INTERVAL: usize = 4 << 20;

/// What both the file and this side know of a stream so far.
#[derive(Debug)]
pub(super) struct Encoding {
    encoder: Encoder,
    sites: Sites,
    turn: Turn,
    time: Microseconds,
    since_restart: usize,
    /// Whether the chunk holds nothing yet but allocations, frees and turns.
    only_blocks: bool,
    sources: SourceNames,
}

impl Encoding {
    /// Of a stream that has no event yet.
    pub(super) fn new() -> Self {
        Self {
            encoder: Encoder::new(),
            sites: Sites::new(),
            turn: Turn(0),
            time: Microseconds(0),
            since_restart: 0,
            only_blocks: true,
            sources: SourceNames::default(),
        }
    }

    /// Makes a chunk one at which decoding can begin, if it is time for one; tells whether.
    pub(super) fn begin_chunk(&mut self, chunk: &mut Vec<u8>) -> bool {
        self.only_blocks = true;
        if self.since_restart < RESTART_INTERVAL {
            return false;
        }
        self.since_restart = 0;
        let restart = Event::Restart {
            turn: self.turn,
            time: self.time,
            stacks: self.sites.defined.len() as u32 - 1,
            epoch: self.encoder.next_epoch(),
        };
        let mut room = [0; MAX_EVENT];
        let mut unused = SitePair::EMPTY;
        chunk.extend_from_slice(self.encoder.write_to(&mut room, &restart, &mut unused));
        true
    }

    /// Appends the events that `words` hold to a chunk. Returns how many bytes of them were whole
    /// events; what is behind them is the beginning of one, or nothing that was ever an event.
    pub(super) fn append(&mut self, words: &[u8], chunk: &mut Vec<u8>) -> usize {
        let before = chunk.len();
        let mut rest = words;
        let mut appending = Appending {
            encoding: self,
            chunk,
        };
        while transport::read(&mut rest, &mut appending).is_ok() {}
        self.since_restart += chunk.len() - before;
        words.len() - rest.len()
    }

    /// Whether there was nothing but allocations, frees and turns since the chunk was begun.
    pub(super) fn only_blocks(&self) -> bool {
        self.only_blocks
    }

    /// The source files that the stream has named so far.
    pub(super) fn take_sources(&mut self) -> SourceNames {
        std::mem::take(&mut self.sources)
    }

    /// Keeps what a restart and a chunk have to tell, and the names of source files.
    #[cold]
    fn note(&mut self, event: &Event<'_>) {
        self.only_blocks &= matches!(
            event,
            Event::Turn { .. } | Event::Allocation { .. } | Event::Free { .. }
        );
        match *event {
            Event::Turn { turn, time } => {
                self.turn = turn;
                self.time = time;
            }
            Event::PythonFrame { stack, .. } | Event::NativeFrame { stack, .. } => {
                self.sites.define(stack);
            }
            Event::Code { file, .. } => self.sources.announce(file),
            Event::Bytes(bytes) => self.sources.piece(bytes),
            _ => {}
        }
    }
}

/// A chunk that grows by what it is told.
struct Appending<'a> {
    encoding: &'a mut Encoding,
    chunk: &'a mut Vec<u8>,
}

impl Appending<'_> {
    /// Lets `write` write one event.
    #[inline(always)]
    fn append(&mut self, write: impl FnOnce(&mut Encoding, *mut u8) -> *mut u8) {
        self.chunk.reserve(MAX_EVENT);
        // SAFETY: the room for one event was just reserved, and what was written is a part of it.
        unsafe {
            let out = self.chunk.as_mut_ptr().add(self.chunk.len());
            let end = write(self.encoding, out);
            self.chunk
                .set_len(self.chunk.len() + (end.addr() - out.addr()));
        }
    }
}

impl<'a> Receiver<'a> for Appending<'_> {
    #[inline(always)]
    fn allocation(&mut self, address: Address, size: Size, allocator: Allocator, stack: StackId) {
        self.append(|encoding, out| {
            let site = encoding.sites.of(stack);
            let encoder = &mut encoding.encoder;
            // SAFETY: `append` has made room for one event.
            unsafe { encoder.allocation(out, address, size, allocator, stack, site) }
        });
    }

    #[inline(always)]
    fn free(&mut self, address: Address, type_id: Option<TypeId>) {
        self.append(|encoding, out| {
            // SAFETY: as above.
            unsafe { encoding.encoder.free(out, address, type_id) }
        });
    }

    #[inline(always)]
    fn turn_again(&mut self, turn: Turn) {
        self.append(|encoding, out| {
            encoding.turn = turn;
            // SAFETY: as above.
            unsafe { encoding.encoder.turn_again(out, turn) }
        });
    }

    #[inline(never)]
    fn other(&mut self, event: Event<'a>) {
        self.append(|encoding, out| {
            encoding.note(&event);
            let mut unused = SitePair::EMPTY;
            let site = match event {
                Event::Allocation { stack, .. } => encoding.sites.of(stack),
                _ => &mut unused,
            };
            // SAFETY: as above.
            unsafe { encoding.encoder.any(out, &event, site) }
        });
    }
}

/// What was last allocated at each stack, as readers keep it too.
#[derive(Debug)]
struct Sites {
    defined: Vec<SitePair>,
    /// Shared by all stacks that were never defined, as no sound program has them.
    stray: SitePair,
}

impl Sites {
    fn new() -> Self {
        Self {
            defined: vec![SitePair::EMPTY],
            stray: SitePair::EMPTY,
        }
    }

    /// Stacks come in the order of their numbers.
    fn define(&mut self, stack: StackId) {
        if stack.0 as usize == self.defined.len() {
            self.defined.push(SitePair::EMPTY);
        }
    }

    #[inline(always)]
    fn of(&mut self, stack: StackId) -> &mut SitePair {
        let known = self.defined.get_mut(stack.0 as usize);
        known.unwrap_or(&mut self.stray)
    }
}
