//! A recording that was opened: which programs' events are to be replayed, and what else is known.

mod programs;

pub(crate) use programs::{add_up, ancestors, inheritance};

use crate::profile::Sources;
use crate::replay::{Outline, ReplayError, Source, SpaceIndex, SpacePlan, StreamSource};
use crate::symbols::{Mapped, NativeNames, Settings};
use memprof_recorder::capture::{
    CaptureError, CaptureReader, ChunkKind, Completeness, Facts, ImageStart, Observation,
};
use memprof_wire::units::{Address, Microseconds};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// What a recording cannot be opened for.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file is no capture, or cannot be read.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// There is nothing in it.
    #[error(
        "{path} holds no events: the program ended before it could be recorded, or nothing of it could be preloaded"
    )]
    Nothing {
        /// The file.
        path: String,
    },
    /// Another process was asked for.
    #[error("process {process} is not in this recording; it has {known}")]
    NoSuchProcess {
        /// Which.
        process: u32,
        /// Those that are.
        known: String,
    },
}

/// A capture, and the programs of it that reports are about.
#[derive(Debug)]
pub struct Recording {
    reader: CaptureReader,
    /// The program that stands for all.
    image: u32,
    /// The image of each address space.
    images: Vec<u32>,
    spaces: Vec<SpacePlan>,
    /// Those that reports are about, and then those of their forks' ancestors.
    streams: Vec<StreamSource>,
    /// How many of `streams` reports are about.
    own: usize,
    symbols: Settings,
    /// The modules of all images, once somebody asked for them.
    mapped: OnceLock<Arc<Mapped>>,
}

/// Whether a recording holds everything that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// It does.
    pub complete: bool,
    /// Why it does not.
    pub reason: Option<String>,
}

impl Recording {
    /// Opens a capture. Reports will be about all that `process` ran; without one, about all
    /// processes together.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, holds no events, or does not know the process.
    pub fn open(path: &Path, process: Option<u32>) -> Result<Self, RecordingError> {
        let reader = CaptureReader::open(path)?;
        let image = choose_image(&reader, process)?;
        let programs = programs::choose(&reader, process);
        let images: Vec<u32> = programs.iter().map(|program| program.image).collect();
        let spaces: Vec<SpacePlan> = programs.into_iter().map(|program| program.plan).collect();
        let mut streams = streams_of(&reader, &images);
        streams.sort_by_key(|stream| {
            let counts = spaces[stream.space.0 as usize].counts;
            (!counts, stream.number)
        });
        let counts = |stream: &&StreamSource| spaces[stream.space.0 as usize].counts;
        let own = streams.iter().take_while(counts).count();
        Ok(Self {
            reader,
            image,
            images,
            spaces,
            streams,
            own,
            symbols: Settings::default(),
            mapped: OnceLock::new(),
        })
    }

    /// Names machine code in this way.
    #[must_use]
    pub fn naming(mut self, symbols: Settings) -> Self {
        self.symbols = symbols;
        self
    }

    /// The threads of one image alone.
    pub fn streams_of(&self, image: u32) -> Vec<StreamSource> {
        streams_of(&self.reader, &[image])
    }

    /// The file.
    pub fn reader(&self) -> &CaptureReader {
        &self.reader
    }

    /// What is known since the recording began.
    pub fn facts(&self) -> &Facts {
        self.reader.facts()
    }

    /// The image that stands for all that reports are about, where its start is known: the last
    /// program of the process that was started, or was asked for.
    pub fn image(&self) -> Option<&ImageStart> {
        self.reader
            .images()
            .iter()
            .find(|image| image.image == self.image)
    }

    /// The threads whose events are to be replayed. Behind [`Self::own_streams`] are those of
    /// processes that the report is not about, but from which one of its processes was forked.
    pub fn streams(&self) -> &[StreamSource] {
        &self.streams
    }

    /// The threads that reports are about.
    pub fn own_streams(&self) -> &[StreamSource] {
        &self.streams[..self.own]
    }

    /// What is to be known of the address spaces of the streams.
    pub fn spaces(&self) -> &[SpacePlan] {
        &self.spaces
    }

    /// The images that recorded anything, with their processes.
    pub fn recorded_images(&self) -> HashMap<u32, u32> {
        programs::with_events(&self.reader)
    }

    /// The images that began as a fork of another one, with that other one.
    pub fn forks(&self) -> HashMap<u32, u32> {
        programs::forks(&self.reader)
    }

    /// The processes that reports are about, by the order of their programs.
    pub fn processes(&self) -> Vec<u32> {
        let mut processes = Vec::new();
        for plan in self.spaces.iter().filter(|plan| plan.counts) {
            if !processes.contains(&plan.process) {
                processes.push(plan.process);
            }
        }
        processes
    }

    /// What was observed of the processes that reports are about: where there are several, the
    /// sums of what was last seen of each that was alive.
    pub fn observations(&self) -> Vec<Observation> {
        let images = self.images.iter().zip(&self.spaces);
        let counted = images.filter(|(_, plan)| plan.counts);
        let seen = counted.map(|(&image, plan)| {
            // what the kernel said is an extra: a report without it is still right
            let observed = self.reader.observations(image).unwrap_or_default();
            (observed, plan.ended)
        });
        programs::add_up(seen.collect())
    }

    /// Decoded bytes of all events that are to be replayed.
    pub fn event_bytes(&self) -> u64 {
        let chunks = self.streams.iter().flat_map(|stream| &stream.chunks);
        chunks
            .map(|&chunk| u64::from(self.reader.chunks()[chunk].raw))
            .sum()
    }

    /// Decoded bytes of those chunks that may hold more than allocations and frees.
    pub fn defining_bytes(&self) -> u64 {
        let chunks = self.streams.iter().flat_map(|stream| &stream.chunks);
        chunks
            .map(|&chunk| &self.reader.chunks()[chunk])
            .filter(|chunk| !chunk.head.only_blocks)
            .map(|chunk| u64::from(chunk.raw))
            .sum()
    }

    /// Bytes of a page of the machine.
    pub fn page_size(&self) -> u64 {
        match self.facts().page_size {
            0 => 4096,
            bytes => bytes,
        }
    }

    /// Seconds from the start to the end, or as far as is known.
    pub fn duration(&self) -> f64 {
        let ending = self.reader.ending().map(|ending| ending.duration);
        let ends = self.reader.chunks().iter().map(|chunk| chunk.head.last.0);
        let last = || ends.max();
        ending.unwrap_or_else(|| last().unwrap_or(0) as f64 / 1e6)
    }

    /// The same in the units of a replay.
    pub fn lasted(&self) -> Microseconds {
        Microseconds((self.duration() * 1e6) as u64)
    }

    /// Events of those threads that were not recorded.
    pub fn lost(&self) -> u64 {
        let ends = self.reader.stream_ends().iter();
        ends.filter(|end| {
            self.own_streams()
                .binary_search_by_key(&end.stream, |stream| stream.number)
                .is_ok()
        })
        .map(|end| end.lost)
        .sum()
    }

    /// Whether all is there, as far as was read by now.
    pub fn condition(&self) -> Condition {
        match self.reader.completeness() {
            Completeness::Complete => Condition {
                complete: true,
                reason: None,
            },
            Completeness::Growing => Condition {
                complete: false,
                reason: Some("it is still being recorded".into()),
            },
            Completeness::CutShort { reason } => Condition {
                complete: false,
                reason: Some(reason),
            },
        }
    }

    /// What is known of machine code, at addresses as [`SpaceIndex::distinguish`] makes them.
    pub fn native_names(&self) -> NativeNames {
        self.names_of(Arc::clone(self.mapped()))
    }

    /// When machine code began to mean something else, by address space.
    pub fn unloads(&self) -> Vec<Vec<Microseconds>> {
        if !self.facts().native {
            return Vec::new();
        }
        self.mapped().unloads().to_vec()
    }

    fn mapped(&self) -> &Arc<Mapped> {
        let mapped = || Arc::new(mapped_in(&self.reader, &self.images));
        self.mapped.get_or_init(mapped)
    }

    /// What is known of machine code of one image alone, at its own addresses.
    pub fn native_names_of(&self, image: u32) -> NativeNames {
        self.names_of(Arc::new(mapped_in(&self.reader, &[image])))
    }

    /// What the lines of the program's own source files said.
    pub fn sources(&self) -> Sources {
        // they only make a comparison finer: without them it is still right
        Sources::new(self.reader.sources().unwrap_or_default())
    }

    fn names_of(&self, mapped: Arc<Mapped>) -> NativeNames {
        let symbols = self.reader.symbols().unwrap_or_default();
        NativeNames::of(mapped, symbols, self.symbols.clone())
    }
}

/// The modules of each address space, at addresses as [`SpaceIndex::distinguish`] makes them. The
/// place of an image is its address space.
pub(crate) fn mapped_in(reader: &CaptureReader, images: &[u32]) -> Mapped {
    let spaces = images.iter().enumerate().map(|(space, &image)| {
        let base = SpaceIndex(space as u32).distinguish(Address(0)).0;
        // modules name machine code only: without them the reports are still right
        let mut lists = reader.modules(image).unwrap_or_default();
        for module in lists.iter_mut().flat_map(|list| &mut list.modules) {
            module.start += base;
            module.end += base;
        }
        lists
    });
    Mapped::new(spaces.collect())
}

impl Source for Recording {
    fn read(&self, chunk: usize, bytes: &mut Vec<u8>) -> Result<(), ReplayError> {
        Ok(self.reader.read(&self.reader.chunks()[chunk], bytes)?)
    }

    fn distrust(&self, chunk: usize) {
        self.reader.distrust(&self.reader.chunks()[chunk]);
    }

    fn outline(&self, chunk: usize) -> Outline {
        let head = self.reader.chunks()[chunk].head;
        Outline {
            restarts: head.starts_with_restart,
            only_blocks: head.only_blocks,
            turn: head.turn,
            last: head.last,
        }
    }
}

/// The last image of a process that recorded anything. A shell script that executes Python is an
/// image before the one that is meant.
fn choose_image(reader: &CaptureReader, process: Option<u32>) -> Result<u32, RecordingError> {
    let with_events = programs::with_events(reader);
    let has_events = |image: u32| with_events.contains_key(&image);
    let wanted = process.unwrap_or(reader.facts().root);
    let of_process = reader
        .streams()
        .iter()
        .filter(|stream| stream.process == wanted);
    let last = of_process
        .map(|stream| stream.image)
        .filter(|&image| has_events(image))
        .max();
    match (last, process) {
        (Some(image), _) => Ok(image),
        (None, Some(process)) => {
            let mut known: Vec<u32> = reader
                .streams()
                .iter()
                .map(|stream| stream.process)
                .collect();
            known.sort_unstable();
            known.dedup();
            let known = match known.as_slice() {
                [] => "none".to_owned(),
                known => known
                    .iter()
                    .map(u32::to_string)
                    .collect::<Vec<_>>()
                    .join(", "),
            };
            Err(RecordingError::NoSuchProcess { process, known })
        }
        // what was started may have recorded nothing, and its children everything
        (None, None) => {
            let any = reader
                .streams()
                .iter()
                .map(|stream| stream.image)
                .find(|&image| has_events(image));
            any.ok_or_else(|| RecordingError::Nothing {
                path: reader.path().display().to_string(),
            })
        }
    }
}

/// The threads of these images, by their numbers; the place of an image is the address space.
fn streams_of(reader: &CaptureReader, images: &[u32]) -> Vec<StreamSource> {
    let spaces: HashMap<u32, u32> = images.iter().copied().zip(0..).collect();
    let mut streams: Vec<StreamSource> = reader
        .streams()
        .iter()
        .filter_map(|stream| {
            Some(StreamSource {
                number: stream.stream,
                process: stream.process,
                thread: stream.thread,
                space: SpaceIndex(*spaces.get(&stream.image)?),
                chunks: Vec::new(),
            })
        })
        .collect();
    streams.sort_by_key(|stream| stream.number);
    for (index, chunk) in reader.chunks().iter().enumerate() {
        let head = chunk.head;
        if head.kind == ChunkKind::Events
            && let Ok(place) = streams.binary_search_by_key(&head.stream, |stream| stream.number)
        {
            streams[place].chunks.push(index);
        }
    }
    streams.retain(|stream| !stream.chunks.is_empty());
    streams
}
