//! Where the bytes of a recording come from.

use super::error::ReplayError;
use super::space::SpaceIndex;
use memprof_wire::units::{Microseconds, Turn};

/// A place that chunks of events can be read from, already decompressed.
pub trait Source {
    /// Replaces `bytes` by the content of a chunk.
    ///
    /// # Errors
    ///
    /// When the chunk cannot be read.
    fn read(&self, chunk: usize, bytes: &mut Vec<u8>) -> Result<(), ReplayError>;

    /// A chunk that was read holds what is no event, and nothing more is read of its stream: who
    /// reports on the source is to say so.
    fn distrust(&self, chunk: usize);

    /// What is known of a chunk without reading it.
    fn outline(&self, _chunk: usize) -> Outline {
        Outline::UNKNOWN
    }
}

/// What is known of a chunk without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Whether decoding can begin here.
    pub restarts: bool,
    /// Whether it holds nothing but allocations, frees, turns and a restart.
    pub only_blocks: bool,
    /// All events up to its end have smaller turns.
    pub turn: Turn,
    /// When the recorder saw the last of them.
    pub last: Microseconds,
}

impl Outline {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self {
        restarts: false,
        only_blocks: false,
        turn: Turn(u64::MAX),
        last: Microseconds(u64::MAX),
    };
}

/// One thread's events: which chunks hold them, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamSource {
    /// The number of the stream in the recording.
    pub number: u32,
    /// The process it belongs to.
    pub process: u32,
    /// The kernel's number of its thread.
    pub thread: u32,
    /// The address space that its addresses are of.
    pub space: SpaceIndex,
    /// What [`Source::read`] takes, in the order of the stream.
    pub chunks: Vec<usize>,
}
