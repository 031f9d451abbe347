//! What can go wrong in a replay.

use super::stream::StreamIndex;
use memprof_recorder::capture::CaptureError;
use memprof_wire::codec::DecodeError;

/// A replay that could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
}

/// What a stream could not be read on for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DamageKind {
    /// A chunk is not what was written; the capture says more.
    #[error("a chunk is damaged")]
    Chunk,
    /// Its bytes are no events, though its checksum is right.
    #[error("its bytes are no events ({0:?})")]
    Event(DecodeError),
}

/// A stream whose events could not be read to their end.
///
/// What came before is good; the stream takes no further part in the replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Whose events are missing from there on.
    pub stream: StreamIndex,
    /// The chunk, counted within the stream.
    pub chunk: usize,
    /// The place in the decoded chunk, in bytes.
    pub position: usize,
    /// What was found there.
    pub kind: DamageKind,
}
