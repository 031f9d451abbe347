//! Where the chunks of a file are: by the index at its end, or by walking their headers.

use super::layout::{Chunk, ChunkKind, HEAD_BYTES, INDEX_ENTRY_BYTES, NoHeader};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The last eight bytes of a finished file.
pub(super) const TRAILER_MAGIC: [u8; 8] = *b"MEMPROFX";
const TRAILER_BYTES: u64 = 16;

/// Where walking the headers came to a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Behind the last whole chunk, with no byte left.
    AtEnd,
    /// At the index: nothing follows in a finished file.
    AtIndex,
    /// In front of a chunk that the file does not hold to its end.
    NotWhole,
    /// In front of something that is no chunk.
    Damaged(&'static str),
}

/// The chunks by the index, when the file has one and all of it fits together.
pub(super) fn by_index(file: &File, length: u64, first: u64) -> Option<Vec<Chunk>> {
    let mut trailer = [0; TRAILER_BYTES as usize];
    file.read_exact_at(&mut trailer, length.checked_sub(TRAILER_BYTES)?)
        .ok()?;
    let (offset, magic) = trailer.split_first_chunk::<8>()?;
    if *magic != TRAILER_MAGIC {
        return None;
    }
    let offset = u64::from_le_bytes(*offset);
    let index = header_at(file, length, offset).ok()?.ok()?;
    if index.head.kind != ChunkKind::Index || index.end() != length - TRAILER_BYTES {
        return None;
    }
    let mut entries = vec![0; index.stored as usize];
    file.read_exact_at(&mut entries, index.content()).ok()?;
    if crc32fast::hash(&entries) != index.checksum {
        return None;
    }
    let (entries, []) = entries.as_chunks::<INDEX_ENTRY_BYTES>() else {
        return None;
    };
    let mut chunks = Vec::with_capacity(entries.len());
    let mut next = first;
    for entry in entries {
        let (offset, head) = entry.split_first_chunk::<8>()?;
        let offset = u64::from_le_bytes(*offset);
        let chunk = Chunk::decode(head.first_chunk::<HEAD_BYTES>()?, offset).ok()?;
        if offset != next {
            return None;
        }
        next = chunk.end();
        chunks.push(chunk);
    }
    (next == offset).then_some(chunks)
}

/// Walks the headers from the offset `next` on, appends the whole chunks, and moves `next` behind
/// them.
pub(super) fn walk(
    file: &File,
    length: u64,
    next: &mut u64,
    chunks: &mut Vec<Chunk>,
) -> io::Result<Stop> {
    loop {
        if *next >= length {
            return Ok(Stop::AtEnd);
        }
        if length - *next < HEAD_BYTES as u64 {
            return Ok(Stop::NotWhole);
        }
        let chunk = match header_at(file, length, *next)? {
            Ok(chunk) => chunk,
            Err(NoHeader(what)) => return Ok(Stop::Damaged(what)),
        };
        if chunk.end() > length {
            return Ok(Stop::NotWhole);
        }
        if chunk.head.kind == ChunkKind::Index {
            return Ok(Stop::AtIndex);
        }
        *next = chunk.end();
        chunks.push(chunk);
    }
}

fn header_at(file: &File, length: u64, offset: u64) -> io::Result<Result<Chunk, NoHeader>> {
    if offset
        .checked_add(HEAD_BYTES as u64)
        .is_none_or(|end| end > length)
    {
        return Ok(Err(NoHeader("there is no room for a chunk")));
    }
    let mut head = [0; HEAD_BYTES];
    file.read_exact_at(&mut head, offset)?;
    Ok(Chunk::decode(&head, offset))
}
