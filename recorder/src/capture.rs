//! The capture file: what a recording leaves behind, and how it is read again.
//!
//! `docs/format.md` gives every byte. A [`CaptureWriter`] appends chunks and, at the end, an index
//! and an [`Ending`]; a [`CaptureReader`] opens a file that is finished, cut short or still
//! growing, and hands its chunks out. Neither looks inside an event.
//!
//! While a recording runs its writer holds a lock on the file, so that a reader can tell a file
//! that is still growing from one whose recorder was killed.

mod append;
mod completeness;
mod error;
mod facts;
mod header;
mod layout;
mod lock;
mod open;
mod output;
mod packing;
mod read;
mod table;
mod write;

#[cfg(test)]
mod tests;

pub use append::write_symbols;
pub use completeness::Completeness;
pub use error::CaptureError;
pub use facts::{
    Ending, Facts, ImageEnd, ImageStart, Module, ModuleSymbols, Modules, NamedPlace, Observation,
    SourceHashes, StreamEnd, StreamStart,
};
pub use layout::{Chunk, ChunkHead, ChunkKind, MAX_EVENT_CHUNK};
pub use output::Output;
pub use read::CaptureReader;
pub use write::CaptureWriter;
