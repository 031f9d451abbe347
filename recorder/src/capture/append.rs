//! Names that are added to a recording afterwards.

use super::error::CaptureError;
use super::facts::ModuleSymbols;
use super::layout::{Chunk, ChunkHead, ChunkKind};
use super::read::CaptureReader;
use super::write::CaptureWriter;
use memprof_wire::units::Microseconds;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// Replaces the symbols in a capture that has ended. A copy is made beside it and takes its place
/// when it is whole, so that nothing is lost whatever happens meanwhile. All other chunks stay.
///
/// # Errors
///
/// When the copy cannot be made.
pub fn write_symbols(
    reader: &CaptureReader,
    symbols: &[ModuleSymbols],
) -> Result<(), CaptureError> {
    let path = reader.path();
    let copy = beside(path);
    let wrong = |source: io::Error| CaptureError::Io {
        action: "write",
        path: copy.clone(),
        source,
    };
    let result = fill(reader, symbols, path, &copy)
        .and_then(|()| fs::rename(&copy, path))
        .map_err(wrong);
    if result.is_err() {
        // Nothing is left to do about a copy that cannot be removed.
        let _ = fs::remove_file(&copy);
    }
    result
}

fn fill(
    reader: &CaptureReader,
    symbols: &[ModuleSymbols],
    path: &Path,
    copy: &Path,
) -> io::Result<()> {
    fs::copy(path, copy)?;
    let file = OpenOptions::new().read(true).write(true).open(copy)?;
    // older symbols are the last chunks, if there are any
    let chunks = reader.chunks();
    let others = chunks
        .iter()
        .rposition(|chunk| chunk.head.kind != ChunkKind::Symbols)
        .map_or(0, |last| last + 1);
    let mut writer = CaptureWriter::resume(file, copy, &chunks[..others])?;
    for module in symbols {
        let text = serde_json::to_vec(module)?;
        writer.write_chunk(&ChunkHead::at(ChunkKind::Symbols, Microseconds(0)), &text);
    }
    writer.finish_again(reader.ending())
}

/// A name in the same folder that nobody else has.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

/// Where the last of these chunks ends.
pub(super) fn end_of(chunks: &[Chunk]) -> u64 {
    chunks.last().map_or(super::header::PAGE as u64, Chunk::end)
}
