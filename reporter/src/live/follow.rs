//! Reading a recording while it is written, each event once.

mod cut;

use super::tally::Tally;
use crate::recording::RecordingError;
use crate::replay::{
    Following, Replay, ReplayError, Series, Source, SpaceIndex, StreamIndex, StreamSource,
};
use cut::Cut;
use memprof_recorder::capture::{CaptureReader, ChunkKind, Completeness, ImageStart};
use memprof_wire::units::{Microseconds, Turn};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Steps of the chart.
const SAMPLES: usize = 600;

/// A recording that is followed, and the state of one image of it.
pub struct Follower {
    reader: CaptureReader,
    /// Chunks that were looked at.
    seen: usize,
    cut: Cut,
    image: Option<Image>,
    /// The process that was asked for.
    wanted: Option<u32>,
    /// Why the file cannot be read any more.
    failure: Option<String>,
}

/// The replay of one image.
pub struct Image {
    /// Its number in the recording.
    pub number: u32,
    /// Its state.
    pub replay: Replay<(Tally, Series)>,
    /// Its threads, by their numbers in the replay.
    pub streams: Vec<StreamSource>,
    order: Following,
    /// Turns at which a chunk ends that was not replayed yet: between two of them there is little
    /// to do, so that the screen can be drawn in between.
    steps: BTreeSet<Turn>,
    /// How many steps there ever were.
    all_steps: usize,
    /// There is no more to come.
    finished: bool,
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

struct Chunks<'a>(&'a CaptureReader);

impl Source for Chunks<'_> {
    fn read(&self, chunk: usize, bytes: &mut Vec<u8>) -> Result<(), ReplayError> {
        Ok(self.0.read(&self.0.chunks()[chunk], bytes)?)
    }
}

impl Follower {
    /// Opens a recording. `process` is the one to look at, else that which was started.
    ///
    /// # Errors
    ///
    /// When the file is no recording.
    pub fn open(path: &Path, process: Option<u32>) -> Result<Self, RecordingError> {
        Ok(Self {
            reader: CaptureReader::open(path)?,
            seen: 0,
            cut: Cut::default(),
            image: None,
            wanted: process,
            failure: None,
        })
    }

    /// The file.
    pub fn reader(&self) -> &CaptureReader {
        &self.reader
    }

    /// The image that is looked at, once it has written anything.
    pub fn image(&self) -> Option<&Image> {
        self.image.as_ref()
    }

    /// The start of that image.
    pub fn start(&self) -> Option<&ImageStart> {
        let number = self.image.as_ref()?.number;
        let mut images = self.reader.images().iter();
        images.find(|image| image.image == number)
    }

    /// Looks at another process from now on.
    pub fn choose(&mut self, process: u32) {
        self.wanted = Some(process);
    }

    /// Reads what is new, for about so long. Returns whether there is nothing left to read now.
    pub fn advance(&mut self, budget: Duration) -> bool {
        let begun = Instant::now();
        if self.failure.is_none()
            && let Err(error) = self.reader.refresh()
        {
            self.failure = Some(error.to_string());
        }
        self.choose_image();
        self.list();
        let over = self.condition() != Condition::Running;
        let last = if over {
            Turn(u64::MAX)
        } else {
            self.cut.last(Instant::now())
        };
        let Some(image) = &mut self.image else {
            return true;
        };
        match image.advance(&self.reader, last, begun, budget) {
            Ok(true) => {
                if over && !image.finished {
                    image.replay.finish();
                    image.finished = true;
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
        let running = self.condition() == Condition::Running;
        let image = self.image.as_ref().filter(|_| running)?;
        // a program that does nothing writes nothing: then nobody is behind
        if image.steps.is_empty() && self.cut.is_quiet(Instant::now()) {
            return Some(0.0);
        }
        Some((self.clock() - image.replay.ledger.now.0 as f64 / 1e6).max(0.0))
    }

    /// How much of what is in the file was replayed, from 0 to 1.
    pub fn progress(&self) -> f64 {
        self.image.as_ref().map_or(1.0, |image| {
            let left = image.steps.len() as f64;
            1.0 - left / image.all_steps.max(1) as f64
        })
    }

    fn clock(&self) -> f64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| since.as_nanos() as u64);
        now.saturating_sub(self.reader.started_nanoseconds()) as f64 / 1e9
    }

    /// The last image of the process that has written any events.
    fn choose_image(&mut self) {
        let process = self.wanted.unwrap_or(self.reader.facts().root);
        let streams = self.reader.streams().iter();
        let mut images: Vec<u32> = streams
            .filter(|stream| stream.process == process)
            .map(|stream| stream.image)
            .collect();
        images.sort_unstable();
        images.dedup();
        let has_events = |number: &u32| {
            let mut chunks = self.reader.chunks().iter();
            chunks.any(|chunk| chunk.kind == ChunkKind::Events && chunk.image == *number)
        };
        let found = images.into_iter().rev().find(has_events).or_else(|| {
            // what was started may record nothing, and its children everything
            let mut chunks = self.reader.chunks().iter();
            let events = chunks.find(|chunk| chunk.kind == ChunkKind::Events);
            events
                .map(|chunk| chunk.image)
                .filter(|_| self.wanted.is_none())
        });
        let current = self.image.as_ref().map(|image| image.number);
        if let Some(number) = found.filter(|&number| Some(number) != current) {
            let page = match self.reader.facts().page_size {
                0 => 4096,
                bytes => bytes,
            };
            self.image = Some(Image::new(number, page));
            self.seen = 0;
            self.cut = Cut::default();
        }
    }

    /// Looks at the chunks that are new.
    fn list(&mut self) {
        let chunks = self.reader.chunks();
        for (index, chunk) in chunks.iter().enumerate().skip(self.seen) {
            self.cut.chunk(chunk, Instant::now());
            if let Some(image) = &mut self.image
                && chunk.kind == ChunkKind::Events
                && chunk.image == image.number
            {
                let start = self
                    .reader
                    .streams()
                    .iter()
                    .find(|start| start.stream == chunk.stream);
                image.chunk(
                    index,
                    chunk.stream,
                    chunk.turn,
                    start.map_or((0, 0), |start| (start.process, start.thread)),
                );
            }
        }
        self.seen = chunks.len();
    }
}

impl Image {
    fn new(number: u32, page: u64) -> Self {
        Self {
            number,
            replay: Replay::new(page, (Tally::default(), Series::new(SAMPLES))),
            streams: Vec::new(),
            order: Following::default(),
            steps: BTreeSet::new(),
            all_steps: 0,
            finished: false,
        }
    }

    /// Whether all of it was replayed, to the end of the recording.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// When the events that were replayed last happened.
    pub fn now(&self) -> Microseconds {
        self.replay.ledger.now
    }

    fn chunk(&mut self, index: usize, stream: u32, turn: Turn, (process, thread): (u32, u32)) {
        let known = self.streams.iter().position(|known| known.number == stream);
        let place = if let Some(place) = known {
            StreamIndex(place as u32)
        } else {
            self.streams.push(StreamSource {
                space: SpaceIndex::default(),
                number: stream,
                process,
                thread,
                chunks: Vec::new(),
            });
            self.order.begin_stream()
        };
        self.order.extend(place, index);
        self.all_steps += usize::from(self.steps.insert(turn));
    }

    /// Replays up to a turn, or until the time is over. Returns whether it got there.
    fn advance(
        &mut self,
        reader: &CaptureReader,
        last: Turn,
        begun: Instant,
        budget: Duration,
    ) -> Result<bool, ReplayError> {
        let source = Chunks(reader);
        while let Some(&step) = self.steps.first() {
            // a chunk's own turn is above all that it holds
            let turn = Turn(step.0.saturating_sub(1));
            if turn > last {
                break;
            }
            if begun.elapsed() > budget {
                return Ok(false);
            }
            self.order.drive(&source, turn, &mut self.replay)?;
            self.steps.pop_first();
        }
        self.order.drive(&source, last, &mut self.replay)?;
        self.replay.catch_up();
        Ok(true)
    }
}
