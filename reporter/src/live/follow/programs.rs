//! The replay of the programs that are looked at: of all processes together, or of one.

use crate::live::tally::{SpaceTotals, Tally};
use crate::recording::{inheritance, mapped_in};
use crate::replay::{
    Following, Replay, ReplayError, Series, Source, SpaceIndex, SpacePlan, StreamIndex,
    StreamSource,
};
use crate::symbols::Mapped;
use memprof_recorder::capture::{CaptureReader, Chunk};
use memprof_wire::units::{Microseconds, Turn};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Steps of the chart.
const SAMPLES: usize = 600;

/// Which programs are replayed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The only process that counts; without one all do.
    pub(super) process: Option<u32>,
    /// Images of other processes, from which that one was forked: what it inherited is theirs.
    pub(super) ancestors: HashSet<u32>,
}

impl Wanted {
    /// Whether an image counts, or `None` if it is of no interest.
    fn counts(&self, image: u32, process: u32) -> Option<bool> {
        if self.process.is_none_or(|wanted| wanted == process) {
            Some(true)
        } else {
            self.ancestors.contains(&image).then_some(false)
        }
    }
}

/// An image that another one was forked from is not being replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missing(pub(super) u32);

/// The replay of some programs, each in an address space of its own.
pub struct Programs {
    /// Their state.
    pub replay: Replay<(Tally, Series)>,
    /// Their threads, by their numbers in the replay.
    pub streams: Vec<StreamSource>,
    /// By address space: the image, its process and whether it counts.
    images: Vec<(u32, u32, bool)>,
    spaces: HashMap<u32, SpaceIndex>,
    /// By the number of a stream in the recording; nothing for those of no interest.
    known: HashMap<u32, Option<StreamIndex>>,
    wanted: Wanted,
    order: Following,
    /// Turns at which a chunk ends that was not replayed yet: between two of them there is little
    /// to do, so that the screen can be drawn in between.
    pub(super) steps: BTreeSet<Turn>,
    /// How many steps there ever were.
    pub(super) all_steps: usize,
    /// What is known of machine code, by address space.
    mapped: Arc<Mapped>,
    /// There is no more to come.
    finished: bool,
}

struct Chunks<'a>(&'a CaptureReader);

impl Source for Chunks<'_> {
    fn read(&self, chunk: usize, bytes: &mut Vec<u8>) -> Result<(), ReplayError> {
        Ok(self.0.read(&self.0.chunks()[chunk], bytes)?)
    }

    fn distrust(&self, chunk: usize) {
        self.0.distrust(&self.0.chunks()[chunk]);
    }
}

impl Programs {
    pub(super) fn new(page: u64, wanted: Wanted) -> Self {
        Self {
            replay: Replay::new(page, (Tally::default(), Series::new(SAMPLES))),
            streams: Vec::new(),
            images: Vec::new(),
            spaces: HashMap::new(),
            known: HashMap::new(),
            wanted,
            order: Following::default(),
            steps: BTreeSet::new(),
            all_steps: 0,
            mapped: Arc::default(),
            finished: false,
        }
    }

    /// Whether all was replayed, to the end of the recording.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// When the events that were replayed last happened.
    pub fn now(&self) -> Microseconds {
        self.replay.ledger.now
    }

    /// The images, by their address spaces, with their processes and whether they count.
    pub fn images(&self) -> &[(u32, u32, bool)] {
        &self.images
    }

    /// The address space of an image.
    pub fn space(&self, image: u32) -> Option<SpaceIndex> {
        self.spaces.get(&image).copied()
    }

    /// How much of its own an image has, if it counts. What it inherited and all processes are
    /// looked at, its parent has.
    pub fn totals(&self, image: u32) -> Option<SpaceTotals> {
        let space = self.space(image)?;
        let (_, _, counts) = self.images[space.0 as usize];
        counts.then(|| self.replay.observer.0.space(space))
    }

    /// Whether threads of several processes are among the streams.
    pub fn are_several(&self) -> bool {
        let mut processes = self.streams.iter().map(|stream| stream.process);
        let first = processes.next();
        processes.any(|process| Some(process) != first)
    }

    /// A program has attached.
    pub(super) fn begin_image(&mut self, image: u32, process: u32) {
        if let Some(counts) = self.wanted.counts(image, process)
            && !self.spaces.contains_key(&image)
        {
            let plan = SpacePlan {
                process,
                counts,
                ..SpacePlan::default()
            };
            self.spaces.insert(image, self.replay.begin_space(plan));
            self.images.push((image, process, counts));
        }
    }

    /// A program has ended.
    pub(super) fn end_image(&mut self, image: u32, time: Microseconds) {
        if let Some(&space) = self.spaces.get(&image) {
            self.replay.ends(space, time);
        }
    }

    /// What is known of the modules of each address space.
    pub fn mapped(&self) -> Arc<Mapped> {
        Arc::clone(&self.mapped)
    }

    /// There are new lists of modules.
    pub(super) fn learn_modules(&mut self, reader: &CaptureReader) {
        let images: Vec<u32> = self.images.iter().map(|image| image.0).collect();
        self.mapped = Arc::new(mapped_in(reader, &images));
        let unloads = self.mapped.unloads().to_vec();
        self.replay.definitions.calls.set_unloads(unloads);
    }

    /// There is a new chunk of events.
    pub(super) fn chunk(
        &mut self,
        reader: &CaptureReader,
        index: usize,
        chunk: &Chunk,
    ) -> Result<(), Missing> {
        let place = match self.known.get(&chunk.head.stream) {
            Some(place) => *place,
            None => self.begin_stream(reader, chunk)?,
        };
        if let Some(place) = place {
            self.order.extend(place, index);
            self.all_steps += usize::from(self.steps.insert(chunk.head.turn));
        }
        Ok(())
    }

    fn begin_stream(
        &mut self,
        reader: &CaptureReader,
        chunk: &Chunk,
    ) -> Result<Option<StreamIndex>, Missing> {
        let mut starts = reader.streams().iter();
        let start = starts.find(|start| start.stream == chunk.head.stream);
        let (process, thread) = start.map_or((0, 0), |start| (start.process, start.thread));
        self.begin_image(chunk.head.image, process);
        let Some(&space) = self.spaces.get(&chunk.head.image) else {
            self.known.insert(chunk.head.stream, None);
            return Ok(None);
        };
        if process == thread {
            self.inherit(reader, chunk.head.image, space)?;
        }
        self.streams.push(StreamSource {
            space,
            number: chunk.head.stream,
            process,
            thread,
            chunks: Vec::new(),
        });
        self.replay.begin_stream(space);
        let place = self.order.begin_stream(space);
        self.known.insert(chunk.head.stream, Some(place));
        Ok(Some(place))
    }

    /// The first thread of a process says from whom it was forked.
    fn inherit(
        &mut self,
        reader: &CaptureReader,
        image: u32,
        space: SpaceIndex,
    ) -> Result<(), Missing> {
        let Some((parent, turn)) = inheritance(reader, image) else {
            return Ok(());
        };
        // only an older program can have been forked from
        match self.spaces.get(&parent) {
            Some(&from) if parent < image => self.replay.forks(from, space, turn),
            None if parent < image && !self.wanted.ancestors.contains(&parent) => {
                return Err(Missing(parent));
            }
            _ => {}
        }
        Ok(())
    }

    /// Replays up to a turn, or until the time is over. Returns whether it got there. Before `time`
    /// nothing is missing.
    pub(super) fn advance(
        &mut self,
        reader: &CaptureReader,
        (last, time): (Turn, Microseconds),
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
        self.replay.end_before(time);
        Ok(true)
    }

    /// There is no more to come.
    pub(super) fn finish(&mut self) {
        if !std::mem::replace(&mut self.finished, true) {
            self.replay.finish();
        }
    }
}
