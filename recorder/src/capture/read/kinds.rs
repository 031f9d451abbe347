//! What chunks of some kinds hold, read when somebody asks for it.

use super::super::error::CaptureError;
use super::super::facts::{ModuleSymbols, Modules, Observation, SourceHashes};
use super::super::layout::{Chunk, ChunkKind};
use super::CaptureReader;

impl CaptureReader {
    /// What was observed of an image, in the order of time.
    ///
    /// # Errors
    ///
    /// When a chunk is damaged.
    pub fn observations(&self, image: u32) -> Result<Vec<Observation>, CaptureError> {
        let mut observations = Vec::new();
        let mut bytes = Vec::new();
        for chunk in self.chunks_of(ChunkKind::Observations, image) {
            self.read(chunk, &mut bytes)?;
            observations.extend(Observation::decode_all(&bytes));
        }
        Ok(observations)
    }

    /// The lists of an image's modules, in the order of time; each replaces the one before.
    ///
    /// # Errors
    ///
    /// When a chunk is damaged.
    pub fn modules(&self, image: u32) -> Result<Vec<Modules>, CaptureError> {
        let mut bytes = Vec::new();
        self.chunks_of(ChunkKind::Modules, image)
            .map(|chunk| {
                let modules = self.read_json(chunk, &mut bytes)?;
                Ok(Modules {
                    image,
                    time: chunk.head.first,
                    modules,
                })
            })
            .collect()
    }

    /// The names of places in modules that were written into the file, see
    /// [`write_symbols`](super::super::write_symbols).
    ///
    /// # Errors
    ///
    /// When a chunk is damaged.
    pub fn symbols(&self) -> Result<Vec<ModuleSymbols>, CaptureError> {
        let mut bytes = Vec::new();
        self.chunks_of(ChunkKind::Symbols, 0)
            .map(|chunk| self.read_json(chunk, &mut bytes))
            .collect()
    }

    /// What the lines of the program's own source files said, where that is known.
    ///
    /// # Errors
    ///
    /// When a chunk is damaged.
    pub fn sources(&self) -> Result<Vec<SourceHashes>, CaptureError> {
        let mut bytes = Vec::new();
        self.chunks_of(ChunkKind::Sources, 0)
            .map(|chunk| self.read_json(chunk, &mut bytes))
            .collect()
    }

    fn chunks_of(&self, kind: ChunkKind, image: u32) -> impl Iterator<Item = &Chunk> {
        self.chunks
            .iter()
            .filter(move |chunk| chunk.head.kind == kind && chunk.head.image == image)
    }
}
