//! Chunks: their kinds, and their headers as 56 bytes.

use memprof_wire::units::{Microseconds, Turn};

/// The most bytes of events that one chunk holds when decoded.
pub const MAX_EVENT_CHUNK: usize = 1 << 20;

/// The most bytes that a chunk of another kind may hold when it is compressed; a reader has to
/// bound what it allocates for a damaged file.
pub(super) const MAX_OTHER_CHUNK: usize = 64 << 20;

/// Bytes of a chunk's header.
pub(super) const HEAD_BYTES: usize = 56;

/// Bytes of an entry of the index: an offset and a header.
pub(super) const INDEX_ENTRY_BYTES: usize = 8 + HEAD_BYTES;

const MAGIC: [u8; 4] = *b"CHNK";
const RESTART_FLAG: u16 = 1;
const ONLY_BLOCKS_FLAG: u16 = 2;

/// What a chunk holds; the numbers are those of `docs/format.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkKind {
    /// One [`super::Facts`].
    Facts,
    /// Events of one stream.
    Events,
    /// One [`super::StreamStart`].
    Stream,
    /// One [`super::ImageStart`].
    Image,
    /// [`super::Observation`]s of one image.
    Observations,
    /// [`super::Module`]s of one image.
    Modules,
    /// One [`super::StreamEnd`].
    StreamEnd,
    /// The headers of all chunks.
    Index,
    /// One [`super::ImageEnd`].
    ImageEnd,
    /// One [`super::ModuleSymbols`].
    Symbols,
    /// One [`super::SourceHashes`].
    Sources,
    /// Something a later version writes; to be skipped.
    Other(u8),
}

impl ChunkKind {
    /// The kind of a number.
    pub const fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Facts,
            2 => Self::Events,
            3 => Self::Stream,
            4 => Self::Image,
            5 => Self::Observations,
            6 => Self::Modules,
            7 => Self::StreamEnd,
            8 => Self::Index,
            9 => Self::ImageEnd,
            10 => Self::Symbols,
            11 => Self::Sources,
            other => Self::Other(other),
        }
    }

    /// The number of the kind.
    pub const fn number(self) -> u8 {
        match self {
            Self::Facts => 1,
            Self::Events => 2,
            Self::Stream => 3,
            Self::Image => 4,
            Self::Observations => 5,
            Self::Modules => 6,
            Self::StreamEnd => 7,
            Self::Index => 8,
            Self::ImageEnd => 9,
            Self::Symbols => 10,
            Self::Sources => 11,
            Self::Other(number) => number,
        }
    }
}

/// How the bytes of a chunk are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// As they are.
    Plain,
    /// As one LZ4 block.
    Lz4,
    /// As an LZ4 block of an LZ4 block, whose length (4 bytes) comes first.
    Lz4Twice,
}

/// What a writer says about a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkHead {
    /// What the chunk holds.
    pub kind: ChunkKind,
    /// The stream it belongs to, 0 for none.
    pub stream: u32,
    /// The image it belongs to, 0 for none.
    pub image: u32,
    /// Whether its first event is a restart, so that decoding can begin here.
    pub starts_with_restart: bool,
    /// Whether it holds nothing but allocations, frees and turns, and perhaps that restart. Files of
    /// earlier versions never say so.
    pub only_blocks: bool,
    /// Every event in this chunk and in all earlier ones of its stream has a smaller turn.
    pub turn: Turn,
    /// When the first byte was drained.
    pub first: Microseconds,
    /// When the last byte was drained.
    pub last: Microseconds,
}

impl ChunkHead {
    /// The head of a chunk that says something at one moment.
    pub const fn at(kind: ChunkKind, time: Microseconds) -> Self {
        Self {
            kind,
            stream: 0,
            image: 0,
            starts_with_restart: false,
            only_blocks: false,
            turn: Turn(0),
            first: time,
            last: time,
        }
    }

    /// The same for a stream.
    #[must_use]
    pub const fn of_stream(self, stream: u32, image: u32) -> Self {
        Self {
            stream,
            image,
            ..self
        }
    }

    /// The same for an image.
    #[must_use]
    pub const fn of_image(self, image: u32) -> Self {
        Self { image, ..self }
    }
}

/// A chunk in a file: what its header says, and where its bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What the writer said about it.
    pub head: ChunkHead,
    /// Where the header begins in the file.
    pub offset: u64,
    /// Bytes in the file, without the header.
    pub stored: u32,
    /// Bytes when decoded.
    pub raw: u32,
    pub(super) coding: Coding,
    pub(super) checksum: u32,
}

/// Why bytes are no header of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoHeader(pub &'static str);

impl Chunk {
    /// Where the stored bytes begin in the file.
    pub(super) const fn content(&self) -> u64 {
        self.offset + HEAD_BYTES as u64
    }

    /// Where the next chunk begins.
    pub(super) const fn end(&self) -> u64 {
        self.content() + self.stored as u64
    }

    pub(super) fn new(
        head: &ChunkHead,
        offset: u64,
        coding: Coding,
        raw: u32,
        stored: &[u8],
    ) -> Self {
        Self {
            head: *head,
            offset,
            stored: stored.len() as u32,
            raw,
            coding,
            checksum: crc32fast::hash(stored),
        }
    }

    pub(super) fn encode(&self) -> [u8; HEAD_BYTES] {
        let head = &self.head;
        let mut bytes = [0; HEAD_BYTES];
        let restart = RESTART_FLAG * u16::from(head.starts_with_restart);
        let flags = restart | (ONLY_BLOCKS_FLAG * u16::from(head.only_blocks));
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[4] = head.kind.number();
        bytes[5] = match self.coding {
            Coding::Plain => 0,
            Coding::Lz4 => 1,
            Coding::Lz4Twice => 2,
        };
        bytes[6..8].copy_from_slice(&flags.to_le_bytes());
        bytes[8..12].copy_from_slice(&head.stream.to_le_bytes());
        bytes[12..16].copy_from_slice(&head.image.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.stored.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.raw.to_le_bytes());
        bytes[24..32].copy_from_slice(&head.turn.0.to_le_bytes());
        bytes[32..40].copy_from_slice(&head.first.0.to_le_bytes());
        bytes[40..48].copy_from_slice(&head.last.0.to_le_bytes());
        bytes[48..52].copy_from_slice(&self.checksum.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..52]);
        bytes[52..56].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a header; every length in it is within the bounds of the format afterwards, but not
    /// yet within those of the file.
    pub(super) fn decode(bytes: &[u8; HEAD_BYTES], offset: u64) -> Result<Self, NoHeader> {
        if bytes[0..4] != MAGIC {
            return Err(NoHeader("there is no chunk here"));
        }
        if crc32fast::hash(&bytes[..52]) != four(bytes, 52) {
            return Err(NoHeader("the checksum of a chunk's header is wrong"));
        }
        let coding = match bytes[5] {
            0 => Coding::Plain,
            1 => Coding::Lz4,
            2 => Coding::Lz4Twice,
            _ => return Err(NoHeader("a chunk is coded in an unknown way")),
        };
        let kind = ChunkKind::from_number(bytes[4]);
        let stored = four(bytes, 16);
        let raw = four(bytes, 20);
        let limit = if kind == ChunkKind::Events {
            MAX_EVENT_CHUNK
        } else {
            MAX_OTHER_CHUNK
        };
        if coding == Coding::Plain && stored != raw {
            return Err(NoHeader("the lengths of a chunk disagree"));
        }
        if coding != Coding::Plain && raw as usize > limit {
            return Err(NoHeader("a chunk is larger than the format allows"));
        }
        let flags = u16::from_le_bytes([bytes[6], bytes[7]]);
        let head = ChunkHead {
            kind,
            stream: four(bytes, 8),
            image: four(bytes, 12),
            starts_with_restart: flags & RESTART_FLAG != 0,
            only_blocks: flags & ONLY_BLOCKS_FLAG != 0,
            turn: Turn(eight(bytes, 24)),
            first: Microseconds(eight(bytes, 32)),
            last: Microseconds(eight(bytes, 40)),
        };
        Ok(Self {
            head,
            offset,
            stored,
            raw,
            coding,
            checksum: four(bytes, 48),
        })
    }
}

fn four(bytes: &[u8; HEAD_BYTES], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn eight(bytes: &[u8; HEAD_BYTES], at: usize) -> u64 {
    u64::from(four(bytes, at)) | u64::from(four(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::{Chunk, ChunkHead, ChunkKind, Coding};
    use memprof_wire::units::{Microseconds, Turn};

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let chunk = |starts_with_restart, only_blocks| {
            let head = ChunkHead {
                starts_with_restart,
                only_blocks,
                turn: Turn(7 << 40),
                last: Microseconds(9),
                ..ChunkHead::at(ChunkKind::Events, Microseconds(3)).of_stream(5, 6)
            };
            Chunk::new(&head, 4096, Coding::Plain, 3, b"abc")
        };
        for flags in [(false, false), (false, true), (true, false), (true, true)] {
            let chunk = chunk(flags.0, flags.1);
            assert_eq!(Chunk::decode(&chunk.encode(), 4096), Ok(chunk));
        }
        let chunk = chunk(true, false);
        let mut damaged = chunk.encode();
        damaged[30] ^= 1;
        assert!(Chunk::decode(&damaged, 4096).is_err());
    }

    #[test]
    fn kinds_and_numbers_agree() {
        for number in 0..=255 {
            assert_eq!(ChunkKind::from_number(number).number(), number);
        }
    }
}
