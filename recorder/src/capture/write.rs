//! [`CaptureWriter`]: appends chunks, and survives a disk that is full.

use super::append;
use super::error::CaptureError;
use super::facts::{Ending, Facts};
use super::header;
use super::layout::{Chunk, ChunkHead, ChunkKind, Coding, HEAD_BYTES, INDEX_ENTRY_BYTES};
use super::output::Output;
use super::packing::Packer;
use super::table::TRAILER_MAGIC;
use memprof_wire::units::Microseconds;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes one capture.
///
/// Once writing has failed (a full disk, a limit) the file is cut back to its last whole chunk
/// and everything that follows is discarded: the program under test must not suffer.
pub struct CaptureWriter {
    file: File,
    path: PathBuf,
    end: u64,
    index: Vec<u8>,
    buffer: Vec<u8>,
    packer: Packer,
    failure: Option<io::Error>,
    chunks: u64,
    raw_bytes: u64,
    stored_bytes: u64,
}

impl std::fmt::Debug for CaptureWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CaptureWriter")
            .field("path", &self.path)
            .field("end", &self.end)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

impl CaptureWriter {
    /// Makes a capture and writes its facts: [`Output::reserve`] and [`CaptureWriter::begin`].
    ///
    /// # Errors
    ///
    /// As for those two.
    pub fn create(path: &Path, facts: &Facts, force: bool) -> Result<Self, CaptureError> {
        Self::begin(Output::reserve(path, force)?, facts)
    }

    /// Writes the header page and the facts over whatever was there.
    ///
    /// # Errors
    ///
    /// When they cannot be written.
    pub fn begin(output: Output, facts: &Facts) -> Result<Self, CaptureError> {
        let Output { file, path, .. } = output;
        let started = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| {
                u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
            });
        // A device such as /dev/null cannot be cut, and need not be. What is cut to nothing is written
        // to the disk by ext4 when it is closed (`auto_da_alloc`), and the user would wait for it: so
        // the page that is written next is kept.
        let _ = file.set_len(header::PAGE as u64);
        let written = file.write_all_at(&header::page(started), 0);
        let mut writer = Self {
            file,
            path,
            end: header::PAGE as u64,
            index: Vec::new(),
            buffer: Vec::new(),
            packer: Packer::new(),
            failure: written.err(),
            chunks: 0,
            raw_bytes: 0,
            stored_bytes: 0,
        };
        let facts = serde_json::to_vec(facts).expect("facts have only keys that are text");
        writer.write_chunk(&ChunkHead::at(ChunkKind::Facts, Microseconds(0)), &facts);
        match writer.failure.take() {
            None => Ok(writer),
            Some(source) => Err(CaptureError::Io {
                action: "write",
                path: writer.path,
                source,
            }),
        }
    }

    /// Goes on in a file that holds these chunks, and cuts off what follows them.
    pub(super) fn resume(file: File, path: &Path, chunks: &[Chunk]) -> io::Result<Self> {
        let end = append::end_of(chunks);
        file.set_len(end)?;
        let mut index = Vec::with_capacity(chunks.len() * INDEX_ENTRY_BYTES);
        for chunk in chunks {
            index.extend_from_slice(&chunk.offset.to_le_bytes());
            index.extend_from_slice(&chunk.encode());
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            end,
            index,
            buffer: Vec::new(),
            packer: Packer::new(),
            failure: None,
            chunks: chunks.len() as u64,
            raw_bytes: 0,
            stored_bytes: 0,
        })
    }

    /// Writes the index, and into the ending the number of chunks that there are now; what else an
    /// ending says is about what was recorded. Without an ending there still is none.
    pub(super) fn finish_again(mut self, ending: Option<&Ending>) -> io::Result<()> {
        if self.failure.is_none() {
            self.write_index();
        }
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        if let Some(ending) = ending {
            let ending = Ending {
                chunks: self.chunks,
                ..ending.clone()
            };
            self.file
                .write_all_at(&header::ending(&ending), header::ENDING as u64)?;
        }
        self.file.sync_all()
    }

    /// Appends a chunk, compressed where that makes it smaller.
    pub fn write_chunk(&mut self, head: &ChunkHead, bytes: &[u8]) {
        self.raw_bytes += bytes.len() as u64;
        if self.failure.is_some() {
            return;
        }
        self.buffer.resize(HEAD_BYTES, 0);
        // JSON stays readable to the eye, and the index has to be found without its length.
        let coding = match head.kind {
            ChunkKind::Events
            | ChunkKind::Observations
            | ChunkKind::Modules
            | ChunkKind::Symbols
            | ChunkKind::Sources => self.packer.pack(bytes, &mut self.buffer),
            _ => {
                self.buffer.extend_from_slice(bytes);
                Coding::Plain
            }
        };
        let length = self.buffer.len() - HEAD_BYTES;
        let stored = &self.buffer[HEAD_BYTES..];
        let chunk = Chunk::new(head, self.end, coding, bytes.len() as u32, stored);
        let encoded = chunk.encode();
        self.buffer[..HEAD_BYTES].copy_from_slice(&encoded);
        match self.file.write_all_at(&self.buffer, self.end) {
            Ok(()) => {
                self.index.extend_from_slice(&self.end.to_le_bytes());
                self.index.extend_from_slice(&encoded);
                self.end = chunk.end();
                self.chunks += 1;
                self.stored_bytes += length as u64;
            }
            Err(error) => self.fail(error),
        }
    }

    /// Gives the capture up and removes its file: what it was for did not begin.
    pub fn abandon(self) {
        // A device stays what it is, and nothing is left to do about a file that cannot go.
        if self
            .file
            .metadata()
            .is_ok_and(|metadata| metadata.is_file())
        {
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Where the capture is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of the chunks so far, before they were compressed.
    pub fn raw_bytes(&self) -> u64 {
        self.raw_bytes
    }

    /// Bytes of the chunks in the file so far.
    pub fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    /// Why nothing is written any more, if so.
    pub fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    /// Writes the index and the ending, and returns the ending as it stands in the file: its byte
    /// counts are filled in, and a recording that could not be written is said to be incomplete.
    pub fn finish(mut self, ending: &Ending) -> Ending {
        if self.failure.is_none() {
            self.write_index();
        }
        let mut ending = Ending {
            chunks: self.chunks,
            raw_bytes: self.raw_bytes,
            stored_bytes: self.stored_bytes,
            ..ending.clone()
        };
        if let Some(failure) = &self.failure {
            ending.complete = false;
            reason(failure).clone_into(&mut ending.how);
            ending.note = Some(format!(
                "writing failed after {} bytes ({failure}); what came later is not in the file",
                self.end
            ));
        }
        // These bytes were allocated at the start; if even they fail, the file reads as one
        // whose recorder was killed.
        let _ = self
            .file
            .write_all_at(&header::ending(&ending), header::ENDING as u64);
        ending
    }

    fn write_index(&mut self) {
        let index = std::mem::take(&mut self.index);
        debug_assert_eq!(index.len() % INDEX_ENTRY_BYTES, 0);
        let (offset, counts) = (self.end, (self.chunks, self.raw_bytes, self.stored_bytes));
        self.write_chunk(&ChunkHead::at(ChunkKind::Index, Microseconds(0)), &index);
        // The counts are those of what was recorded.
        (self.chunks, self.raw_bytes, self.stored_bytes) = counts;
        if self.failure.is_some() {
            return;
        }
        let mut trailer = [0; 16];
        trailer[..8].copy_from_slice(&offset.to_le_bytes());
        trailer[8..].copy_from_slice(&TRAILER_MAGIC);
        if self.file.write_all_at(&trailer, self.end).is_err() {
            // Every event is in the file, and a reader can do without the index.
            let _ = self.file.set_len(offset);
        }
    }

    /// Behaves from now on as if a write had failed like this.
    #[cfg(test)]
    pub(super) fn fail_with(&mut self, error: i32) {
        self.fail(io::Error::from_raw_os_error(error));
    }

    fn fail(&mut self, error: io::Error) {
        let _ = self.file.set_len(self.end);
        self.failure = Some(error);
        self.index = Vec::new();
    }
}

/// The word of [`Ending::how`] for a failed write.
fn reason(failure: &io::Error) -> &'static str {
    match failure.raw_os_error() {
        Some(libc::ENOSPC | libc::EDQUOT) => "disk full",
        Some(libc::EFBIG) => "file size limit",
        _ => "write error",
    }
}
