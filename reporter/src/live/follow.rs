//! Reading a recording while it is written, each event once.

mod cut;
mod programs;

pub use programs::Programs;

use crate::recording::{RecordingError, ancestors};
use cut::Cut;
use memprof_recorder::capture::{CaptureReader, ChunkKind, Completeness, ImageStart};
use memprof_wire::units::{Microseconds, Turn};
use programs::{Missing, Wanted};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A recording that is followed, and the state of its programs.
pub struct Follower {
    reader: CaptureReader,
    /// What was looked at of the file.
    seen: Seen,
    cut: Cut,
    programs: Programs,
    wanted: Wanted,
    /// How often the replay was begun.
    generation: u32,
    /// Why the file cannot be read any more.
    failure: Option<String>,
}

/// How much of each list was looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    chunks: usize,
    images: usize,
    image_ends: usize,
    module_lists: usize,
}

/// How the recording is, as a person would ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It grows.
    Running,
    /// It is complete.
    Finished {
        /// How the program ended: `exit status 0`, `signal 9`.
        how: String,
    },
    /// It ended in a way that left something out.
    Broken {
        /// Why.
        reason: String,
    },
}

impl Follower {
    /// Opens a recording. `process` is the only one to look at, else it is all of them together.
    ///
    /// # Errors
    ///
    /// When the file is no recording.
    pub fn open(path: &Path, process: Option<u32>) -> Result<Self, RecordingError> {
        let reader = CaptureReader::open(path)?;
        let mut follower = Self {
            programs: Programs::new(page(&reader), Wanted::default()),
            reader,
            seen: Seen::default(),
            cut: Cut::default(),
            wanted: Wanted::default(),
            generation: 1,
            failure: None,
        };
        follower.choose(process);
        Ok(follower)
    }

    /// The file.
    pub fn reader(&self) -> &CaptureReader {
        &self.reader
    }

    /// The replay of the programs that are looked at.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Another number for each time that the replay was begun anew.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// How many lists of modules were seen.
    pub fn module_lists(&self) -> usize {
        self.seen.module_lists
    }

    /// The only process that is looked at, if it is only one of them.
    pub fn chosen(&self) -> Option<u32> {
        self.wanted.process
    }

    /// The start of the last program of a process.
    pub fn start(&self, process: u32) -> Option<&ImageStart> {
        let mut images = self.reader.images().iter();
        images.rfind(|image| image.process == process)
    }

    /// Looks at this process alone from now on, or at all together.
    pub fn choose(&mut self, process: Option<u32>) {
        if process != self.wanted.process {
            self.wanted = Wanted {
                process,
                ancestors: ancestors(&self.reader, process),
            };
            self.begin_again();
        }
    }

    fn begin_again(&mut self) {
        self.programs = Programs::new(page(&self.reader), self.wanted.clone());
        self.seen = Seen::default();
        self.cut = Cut::default();
        self.generation += 1;
    }

    /// Reads what is new, for about so long. Returns whether there is nothing left to read now.
    pub fn advance(&mut self, budget: Duration) -> bool {
        let begun = Instant::now();
        if self.failure.is_none()
            && let Err(error) = self.reader.refresh()
        {
            self.failure = Some(error.to_string());
        }
        while let Err(Missing(image)) = self.list() {
            self.wanted.ancestors.insert(image);
            self.begin_again();
        }
        let over = self.condition() != Condition::Running;
        let until = if over {
            (Turn(u64::MAX), Microseconds(0))
        } else {
            self.cut.last(Instant::now())
        };
        match self.programs.advance(&self.reader, until, begun, budget) {
            Ok(true) => {
                if over {
                    self.programs.finish();
                }
                true
            }
            Ok(false) => false,
            Err(error) => {
                self.failure = Some(error.to_string());
                true
            }
        }
    }

    /// How the recording is.
    pub fn condition(&self) -> Condition {
        if let Some(reason) = &self.failure {
            let reason = reason.clone();
            return Condition::Broken { reason };
        }
        match self.reader.completeness() {
            Completeness::Growing => Condition::Running,
            Completeness::CutShort { reason } => Condition::Broken { reason },
            Completeness::Complete => {
                let ending = self.reader.ending();
                let how = match ending.map(|ending| (ending.status, ending.signal)) {
                    Some((_, Some(signal))) => format!("signal {signal}"),
                    Some((Some(status), None)) => format!("exit status {status}"),
                    _ => "ended".to_owned(),
                };
                Condition::Finished { how }
            }
        }
    }

    /// Seconds since the recording began, or that it took.
    pub fn elapsed(&self) -> f64 {
        match self.reader.ending() {
            Some(ending) => ending.duration,
            None if self.condition() == Condition::Running => self.clock(),
            None => self.cut.latest().0 as f64 / 1e6,
        }
    }

    /// How far the replay is behind the program, in seconds; `None` when it is over.
    pub fn lag(&self) -> Option<f64> {
        if self.condition() != Condition::Running || self.programs.streams.is_empty() {
            return None;
        }
        // a program that does nothing writes nothing: then nobody is behind
        if self.programs.steps.is_empty() && self.cut.is_quiet(Instant::now()) {
            return Some(0.0);
        }
        Some((self.clock() - self.programs.now().0 as f64 / 1e6).max(0.0))
    }

    /// How much of what is in the file was replayed, from 0 to 1.
    pub fn progress(&self) -> f64 {
        let left = self.programs.steps.len() as f64;
        1.0 - left / self.programs.all_steps.max(1) as f64
    }

    fn clock(&self) -> f64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_nanos() as u64);
        now.saturating_sub(self.reader.started_nanoseconds()) as f64 / 1e9
    }

    /// Looks at what is new in the file.
    fn list(&mut self) -> Result<(), Missing> {
        let lists_before = self.seen.module_lists;
        let mut images: Vec<&ImageStart> =
            self.reader.images()[self.seen.images..].iter().collect();
        self.seen.images += images.len();
        // of two that attached at once, the older one has the smaller number
        images.sort_by_key(|image| image.image);
        for image in images {
            self.programs.begin_image(image.image, image.process);
        }
        let ends = &self.reader.image_ends()[self.seen.image_ends..];
        self.seen.image_ends += ends.len();
        for end in ends {
            self.programs.end_image(end.image, Microseconds(end.time));
        }
        let chunks = self.reader.chunks().iter().enumerate();
        for (index, chunk) in chunks.skip(self.seen.chunks) {
            self.cut.chunk(chunk, Instant::now());
            match chunk.head.kind {
                ChunkKind::Events => self.programs.chunk(&self.reader, index, chunk)?,
                ChunkKind::Modules => self.seen.module_lists += 1,
                _ => {}
            }
        }
        self.seen.chunks = self.reader.chunks().len();
        if self.reader.facts().native && self.seen.module_lists != lists_before {
            self.programs.learn_modules(&self.reader);
        }
        Ok(())
    }
}

/// Bytes of a page of the machine.
fn page(reader: &CaptureReader) -> u64 {
    match reader.facts().page_size {
        0 => 4096,
        bytes => bytes,
    }
}
