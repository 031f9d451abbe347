//! [`CaptureReader`]: opens a capture that is finished, cut short or still growing.

mod kinds;

use super::completeness::Completeness;
use super::error::CaptureError;
use super::facts::{Ending, Facts, ImageEnd, ImageStart, StreamEnd, StreamStart};
use super::header::Header;
use super::layout::{Chunk, ChunkKind, Coding};
use super::open::{open_file, read_header};
use super::table::{self, Stop};
use super::{lock, packing};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Reads a capture. It can be shared by threads; each reads into a buffer of its own.
#[derive(Debug)]
pub struct CaptureReader {
    file: File,
    path: PathBuf,
    header: Header,
    facts: Facts,
    chunks: Vec<Chunk>,
    streams: Vec<StreamStart>,
    stream_ends: Vec<StreamEnd>,
    images: Vec<ImageStart>,
    image_ends: Vec<ImageEnd>,
    /// Behind the last chunk that is known.
    next: u64,
    stop: Stop,
    /// How many of `chunks` were looked at for the lists above.
    listed: usize,
    growing: bool,
    /// Where the first damaged chunk was met, [`u64::MAX`] while there is none.
    damaged_at: AtomicU64,
    /// Where a chunk is whose content is nothing: the chunks behind it can be read all the same.
    distrusted_at: AtomicU64,
}

impl CaptureReader {
    /// Opens a capture and finds its chunks; no event is read.
    ///
    /// # Errors
    ///
    /// When the file is not there, is no capture, is of a later format, or ends before its facts.
    /// Damage behind that is no error here: [`Self::completeness`] tells of it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CaptureError> {
        let path = path.as_ref();
        let file = open_file(path)?;
        let growing = lock::is_held(&file);
        let header = read_header(&file, path)?;
        let next = header.first_chunk;
        let mut reader = Self {
            file,
            path: path.to_owned(),
            header,
            facts: Facts::default(),
            chunks: Vec::new(),
            streams: Vec::new(),
            stream_ends: Vec::new(),
            images: Vec::new(),
            image_ends: Vec::new(),
            next,
            stop: Stop::AtEnd,
            listed: 0,
            growing,
            damaged_at: AtomicU64::new(u64::MAX),
            distrusted_at: AtomicU64::new(u64::MAX),
        };
        let length = reader.length()?;
        match table::by_index(&reader.file, length, next) {
            Some(chunks) => {
                reader.next = chunks.last().map_or(next, Chunk::end);
                reader.chunks = chunks;
                reader.stop = Stop::AtIndex;
            }
            None => reader.walk(length)?,
        }
        match reader.chunks.first() {
            Some(chunk) if chunk.head.kind == ChunkKind::Facts => {
                reader.facts = reader.read_json(&chunk.clone(), &mut Vec::new())?;
                reader.list();
                Ok(reader)
            }
            Some(chunk) => Err(reader.damaged(chunk.offset, "it does not begin with its facts")),
            None => match reader.stop {
                Stop::Damaged(what) if !growing => Err(reader.damaged(next, what)),
                _ => Err(CaptureError::CutInHeader {
                    path: reader.path,
                    bytes: length,
                }),
            },
        }
    }

    /// Looks for what was appended since, and whether the recording has ended. Returns whether
    /// anything is new.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn refresh(&mut self) -> Result<bool, CaptureError> {
        // The lock first: a recorder that ends after this has an ending to show next time.
        let growing = lock::is_held(&self.file);
        let header = read_header(&self.file, &self.path)?;
        let (before, ended) = (self.chunks.len(), header.ending.is_some());
        let new_state = growing != self.growing || ended != self.header.ending.is_some();
        self.growing = growing;
        self.header = header;
        let length = self.length()?;
        self.walk(length)?;
        self.list();
        Ok(new_state || self.chunks.len() > before)
    }

    /// Reads the bytes of a chunk into `out`, in place of what was there.
    ///
    /// # Errors
    ///
    /// When the chunk is damaged; [`Self::completeness`] says so from then on.
    pub fn read(&self, chunk: &Chunk, out: &mut Vec<u8>) -> Result<(), CaptureError> {
        let (raw, stored) = (chunk.raw as usize, chunk.stored as usize);
        // The stored bytes go behind the place of the decoded ones, so one buffer does.
        let front = match chunk.coding {
            Coding::Plain => 0,
            Coding::Lz4 | Coding::Lz4Twice => raw,
        };
        // A reader of the file's headers checked both lengths against the file and the format.
        out.resize(front + stored, 0);
        self.file
            .read_exact_at(&mut out[front..], chunk.content())
            .map_err(|source| match source.kind() {
                ErrorKind::UnexpectedEof => self.damaged(chunk.offset, "a chunk is cut off"),
                _ => self.wrong("read", source),
            })?;
        let (decoded, packed) = out.split_at_mut(front);
        if crc32fast::hash(packed) != chunk.checksum {
            return Err(self.damaged(chunk.offset, "the checksum of a chunk is wrong"));
        }
        let whole = match chunk.coding {
            Coding::Plain => return Ok(()),
            Coding::Lz4 => packing::unpack(packed, decoded),
            Coding::Lz4Twice => packing::unpack_twice(packed, decoded),
        };
        if !whole {
            return Err(self.damaged(chunk.offset, "a chunk cannot be decompressed"));
        }
        out.truncate(raw);
        Ok(())
    }

    /// Takes note that a chunk holds what is nothing, though its checksum is right: it was damaged
    /// before it was written. [`Self::completeness`] says so from then on.
    pub fn distrust(&self, chunk: &Chunk) {
        self.distrusted_at
            .fetch_min(chunk.offset, Ordering::Relaxed);
    }

    /// What is known since the recording began.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// How the recording ended; `None` while it runs, and when its recorder was killed.
    pub fn ending(&self) -> Option<&Ending> {
        self.header.ending.as_ref()
    }

    /// When the recording began, nanoseconds of the Unix clock.
    pub fn started_nanoseconds(&self) -> u64 {
        self.header.started
    }

    /// Where the capture is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether everything that happened is in the file, as far as is known by now.
    pub fn completeness(&self) -> Completeness {
        let damaged_at = self.damaged_at.load(Ordering::Relaxed);
        let damaged_at = damaged_at.min(self.distrusted_at.load(Ordering::Relaxed));
        if damaged_at != u64::MAX {
            let reason = format!("the file is damaged at byte {damaged_at}");
            return Completeness::CutShort { reason };
        }
        Completeness::of(
            &self.header,
            self.stop,
            self.growing,
            self.next,
            self.chunks.len(),
        )
    }

    /// All chunks that can be read, in the order of the file.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// The streams: one for each thread of each image.
    pub fn streams(&self) -> &[StreamStart] {
        &self.streams
    }

    /// The streams that have ended.
    pub fn stream_ends(&self) -> &[StreamEnd] {
        &self.stream_ends
    }

    /// The programs that attached.
    pub fn images(&self) -> &[ImageStart] {
        &self.images
    }

    /// The programs that have ended.
    pub fn image_ends(&self) -> &[ImageEnd] {
        &self.image_ends
    }

    fn read_json<T: DeserializeOwned>(
        &self,
        chunk: &Chunk,
        bytes: &mut Vec<u8>,
    ) -> Result<T, CaptureError> {
        self.read(chunk, bytes)?;
        serde_json::from_slice(bytes)
            .map_err(|error| self.damaged(chunk.offset, &format!("its JSON is wrong: {error}")))
    }

    /// Reads the small chunks that the lists are made of, up to the first damaged one.
    fn list(&mut self) {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunks.get(self.listed).copied() {
            let bytes = &mut bytes;
            let result = match chunk.head.kind {
                ChunkKind::Stream => self
                    .read_json(&chunk, bytes)
                    .map(|item| self.streams.push(item)),
                ChunkKind::StreamEnd => self
                    .read_json(&chunk, bytes)
                    .map(|item| self.stream_ends.push(item)),
                ChunkKind::Image => self
                    .read_json(&chunk, bytes)
                    .map(|item| self.images.push(item)),
                ChunkKind::ImageEnd => self
                    .read_json(&chunk, bytes)
                    .map(|item| self.image_ends.push(item)),
                _ => Ok(()),
            };
            if result.is_err() {
                self.chunks.truncate(self.listed);
                self.next = chunk.offset;
                self.stop = Stop::Damaged("a chunk cannot be read");
                return;
            }
            self.listed += 1;
        }
    }

    fn walk(&mut self, length: u64) -> Result<(), CaptureError> {
        if self.damaged_at.load(Ordering::Relaxed) != u64::MAX {
            return Ok(());
        }
        self.stop = table::walk(&self.file, length, &mut self.next, &mut self.chunks)
            .map_err(|source| self.wrong("read", source))?;
        Ok(())
    }

    fn length(&self) -> Result<u64, CaptureError> {
        let metadata = self
            .file
            .metadata()
            .map_err(|source| self.wrong("read", source))?;
        Ok(metadata.len())
    }

    fn damaged(&self, offset: u64, what: &str) -> CaptureError {
        self.damaged_at.fetch_min(offset, Ordering::Relaxed);
        CaptureError::Damaged {
            path: self.path.clone(),
            offset,
            what: what.to_owned(),
        }
    }

    fn wrong(&self, action: &'static str, source: io::Error) -> CaptureError {
        CaptureError::Io {
            action,
            path: self.path.clone(),
            source,
        }
    }
}
