//! Where the bytes of a recording come from.

use super::error::ReplayError;
use super::space::SpaceIndex;

/// A place that chunks of events can be read from, already decompressed.
pub trait Source {
    /// Replaces `bytes` by the content of a chunk.
    ///
    /// # Errors
    ///
    /// When the chunk cannot be read.
    fn read(&self, chunk: usize, bytes: &mut Vec<u8>) -> Result<(), ReplayError>;
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
