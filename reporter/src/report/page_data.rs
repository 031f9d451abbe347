//! Everything the flame graph page shows, from one replay of a recording.

use super::flamegraph::{
    FlamegraphData, Frame, FrameId, FrameKind, Lifetime, Lifetimes as PageLifetimes, Node, NodeId,
    Place, Process, ProcessId, Recording as Head, Row, Thread, ThreadId, TypeId, View,
};
use super::info::python_version;
use super::timeline::{Mark, Point, Quantity, Series as Curve, Span as NamedSpan, Timeline};
use super::{measure, notes};
use crate::profile::{self, Language, NameId, Resolver, StackId, Stacks, Totals};
use crate::recording::Recording;
use crate::replay::{
    DetailedTotals, Lifetimes, MarkSeen, Replay, Row as ReplayRow, RowId, Series, Snapshot,
    Temporary,
};
use crate::symbols::{NativeNames, Origin, origin};
use memprof_wire::event::MarkKind;
use memprof_wire::units::{Microseconds, TypeId as WireType};
use std::collections::HashMap;

/// What has to be gathered for a page: the moment, the end, short lives, the heap over time, and
/// what lived when.
pub type PageObserver = ((Snapshot, Snapshot), (Temporary, (Series, Lifetimes)));

/// How many samples of the heap, and how many steps of lifetimes, a page has.
pub const SAMPLES: usize = 1000;
/// Steps of lifetimes.
pub const STEPS: u16 = 300;
/// A page is to open at once: with more rows than this, steps are joined.
const MOST_LIVES: usize = 400_000;

/// The page of a recording that was replayed. `moment` says what the first view is; `wanted` tells
/// for each stream whether its thread is to be in it.
pub fn gather(
    recording: &Recording,
    replay: &Replay<PageObserver>,
    moment: &profile::Moment,
    wanted: &[bool],
) -> FlamegraphData {
    let ((first, end), (temporary, (series, lifetimes))) = &replay.observer;
    let native = NativeNames::new(recording.modules());
    let mut places = Places {
        replay,
        wanted,
        resolver: Resolver::new(&replay.definitions, &native),
        types: Types::default(),
    };
    let mut views = vec![places.snapshot(first, moment)];
    if *moment != profile::Moment::End {
        views.push(places.snapshot(end, &profile::Moment::End));
    }
    views.push(places.temporary(temporary));
    views.push(places.allocated());
    let lifetimes = places.lifetimes(lifetimes);
    let Places {
        resolver, types, ..
    } = places;
    let stacks = resolver.finish();
    let folder = &recording.facts().folder;
    FlamegraphData {
        recording: head(recording, replay),
        frames: stacks
            .frames()
            .iter()
            .map(|&frame| page_frame(&stacks, frame, folder))
            .collect(),
        nodes: (1..stacks.count() as u32)
            .map(|stack| page_node(&stacks, StackId(stack)))
            .collect(),
        processes: processes(recording),
        threads: threads(recording, replay),
        types: types.names,
        views,
        timelines: vec![timeline(recording, replay, series)],
        lifetimes: Some(lifetimes),
    }
}

/// Gives rows of the replay their places on the page.
struct Places<'a> {
    replay: &'a Replay<PageObserver>,
    wanted: &'a [bool],
    resolver: Resolver<'a>,
    types: Types,
}

/// The types that occur, each once.
#[derive(Default)]
struct Types {
    names: Vec<String>,
    known: HashMap<String, TypeId>,
}

impl Types {
    fn id(&mut self, name: &str) -> TypeId {
        if let Some(id) = self.known.get(name) {
            return *id;
        }
        let id = TypeId(self.names.len() as u32);
        self.names.push(name.to_owned());
        self.known.insert(name.to_owned(), id);
        id
    }
}

impl Places<'_> {
    fn place(&mut self, row: &ReplayRow, type_id: Option<WireType>) -> Option<Place> {
        let thread = row.stream.0;
        if !self.wanted[thread as usize] {
            return None;
        }
        let stack = self.resolver.stack(row.call);
        let name = type_id.and_then(|type_id| self.replay.definitions.type_name(type_id));
        Some(Place {
            node: stack.0.checked_sub(1).map(NodeId),
            thread: Some(ThreadId(thread)),
            type_of: name.map(|name| self.types.id(name)),
        })
    }

    fn rows(&mut self, found: impl Iterator<Item = (RowId, Option<WireType>, Totals)>) -> Vec<Row> {
        found
            .filter_map(|(row, type_id, totals)| {
                let place = self.place(self.replay.rows.get(row), type_id)?;
                // sums of sizes are negative only in a damaged recording
                let bytes = u64::try_from(totals.bytes).unwrap_or(0);
                let blocks = u64::try_from(totals.blocks).unwrap_or(0);
                Some(Row {
                    place,
                    bytes,
                    blocks,
                })
            })
            .collect()
    }

    fn snapshot(&mut self, snapshot: &Snapshot, moment: &profile::Moment) -> View {
        let time = snapshot.until().map_or(0.0, |state| seconds(state.time));
        let shown = measure::Seconds(time);
        let (id, label, note) = match moment {
            profile::Moment::Peak => (
                "peak",
                "Peak".into(),
                format!("Alive when the heap was largest, at {shown}."),
            ),
            profile::Moment::End => (
                "leaks",
                "Never freed".into(),
                "Allocated and never freed.".into(),
            ),
            other => ("moment", other.to_string(), format!("Alive at {shown}.")),
        };
        let found = snapshot
            .totals()
            .map(|found: DetailedTotals| (found.row, found.type_id, found.totals));
        View {
            id: id.to_owned(),
            label,
            note,
            moment: Some(time),
            rows: self.rows(found),
            before: None,
        }
    }

    fn temporary(&mut self, temporary: &Temporary) -> View {
        View {
            id: "temporary".into(),
            label: "Temporary".into(),
            note: "Freed again before the thread had made two further allocations.".into(),
            moment: None,
            rows: self.rows(temporary.totals().map(|(row, totals)| (row, None, totals))),
            before: None,
        }
    }

    fn allocated(&mut self) -> View {
        let replay = self.replay;
        View {
            id: "allocated".into(),
            label: "Allocated".into(),
            note: "Everything that was ever allocated, freed or not.".into(),
            moment: None,
            rows: self.rows(
                replay
                    .rows
                    .iter()
                    .map(|(row, found)| (row, None, found.allocated)),
            ),
            before: None,
        }
    }

    /// Lifetimes by place, in steps so coarse that there are not too many rows.
    fn lifetimes(&mut self, lifetimes: &Lifetimes) -> PageLifetimes {
        let mut lives: HashMap<(Place, u32, Option<u32>), Totals> = HashMap::new();
        for lived in lifetimes.lived() {
            if let Some(place) = self.place(self.replay.rows.get(lived.row), lived.type_id) {
                let key = (place, u32::from(lived.born), lived.died.map(u32::from));
                *lives.entry(key).or_default() += lived.totals;
            }
        }
        let mut joined = 0;
        while lives.len() > MOST_LIVES && joined < 4 {
            joined += 1;
            let mut coarser: HashMap<_, Totals> = HashMap::new();
            for ((place, born, died), totals) in lives {
                let (born, died) = (born / 2, died.map(|died| died / 2));
                if died != Some(born) {
                    *coarser.entry((place, born, died)).or_default() += totals;
                }
            }
            lives = coarser;
        }
        PageLifetimes {
            bucket_seconds: seconds(lifetimes.step()) * f64::from(1 << joined),
            buckets: (u32::from(STEPS) >> joined).max(1) + 1,
            rows: lives
                .into_iter()
                .map(|((place, born, died), totals)| Lifetime {
                    place,
                    born,
                    died,
                    bytes: u64::try_from(totals.bytes).unwrap_or(0),
                    blocks: u64::try_from(totals.blocks).unwrap_or(0),
                })
                .collect(),
        }
    }
}

fn page_frame(stacks: &Stacks, frame: profile::Frame, folder: &str) -> Frame {
    let name = |name: NameId| stacks.name(name).to_owned();
    let file = stacks.name(frame.file);
    let kind = match (frame.language, Origin::of(file)) {
        (Language::Native, _) => FrameKind::Native,
        (_, Origin::Own | Origin::Generated) => FrameKind::Own,
        (_, Origin::StandardLibrary) => FrameKind::Standard,
        (_, Origin::Package) => FrameKind::Library,
        (_, Origin::Frozen) if file.contains("importlib") => FrameKind::Import,
        (_, Origin::Frozen) => FrameKind::Standard,
    };
    let module = match frame.language {
        Language::Python => origin::module(file, folder),
        Language::Native => file.rsplit('/').next().unwrap_or(file).to_owned(),
    };
    Frame {
        function: name(frame.function),
        module,
        file: file.to_owned(),
        line: frame.line,
        column: 0,
        kind,
        source: None,
    }
}

fn page_node(stacks: &Stacks, stack: StackId) -> Node {
    let (parent, frame) = stacks
        .split(stack)
        .expect("only the empty stack has no frame");
    Node {
        parent: parent.0.checked_sub(1).map(NodeId),
        frame: FrameId(frame.0),
    }
}

fn processes(recording: &Recording) -> Vec<Process> {
    let process = recording
        .streams()
        .first()
        .map_or(0, |stream| stream.process);
    vec![Process {
        name: recording.facts().name.clone(),
        pid: process,
    }]
}

fn threads(recording: &Recording, replay: &Replay<PageObserver>) -> Vec<Thread> {
    profile::threads(&replay.definitions, recording.streams())
        .into_iter()
        .map(|thread| Thread {
            name: thread.name,
            tid: thread.id,
            process: Some(ProcessId(0)),
        })
        .collect()
}

fn head(recording: &Recording, replay: &Replay<PageObserver>) -> Head {
    let facts = recording.facts();
    let allocated: Totals = replay.rows.iter().map(|(_, row)| row.allocated).sum();
    let interpreter = replay.definitions.interpreter.as_ref();
    Head {
        title: facts.name.clone(),
        command: facts.command.join(" "),
        file: recording.reader().path().display().to_string(),
        started: facts.started.clone(),
        runtime: interpreter
            .map(|interpreter| format!("CPython {}", python_version(interpreter.version)))
            .unwrap_or_default(),
        tool: concat!("memprof ", env!("CARGO_PKG_VERSION")).to_owned(),
        duration: recording.duration(),
        peak_bytes: u64::try_from(replay.ledger.peak.heap.bytes).unwrap_or(0),
        peak_time: Some(seconds(replay.ledger.peak.time)),
        allocations: u64::try_from(allocated.blocks).unwrap_or(0),
        cut_short: recording.condition().reason,
        notes: notes::sentences(&replay.definitions.notes),
    }
}

fn timeline(recording: &Recording, replay: &Replay<PageObserver>, series: &Series) -> Timeline {
    let samples = series.samples();
    let curve = |quantity, points| Curve { quantity, points };
    let point = |time: Microseconds, bytes: i64| Point {
        time: seconds(time),
        bytes: u64::try_from(bytes).unwrap_or(0),
    };
    let heap = samples
        .iter()
        .map(|sample| point(sample.time, sample.heap))
        .collect();
    let mut curves = vec![curve(Quantity::Heap, heap)];
    // what the kernel said is an extra: a page without it is still right
    let observed = recording
        .reader()
        .observations(recording.image_number())
        .unwrap_or_default();
    if !observed.is_empty() {
        let every = observed.len().div_ceil(SAMPLES);
        let resident = observed.iter().step_by(every);
        let resident = resident
            .map(|seen| point(seen.time, seen.resident as i64))
            .collect();
        curves.push(curve(Quantity::Resident, resident));
    }
    if samples.iter().any(|sample| sample.files != 0) {
        let files = samples
            .iter()
            .map(|sample| point(sample.time, sample.files))
            .collect();
        curves.push(curve(Quantity::Mapped, files));
    }
    let (marks, spans) = marks_and_spans(&replay.marks);
    Timeline {
        label: recording.facts().name.clone(),
        duration: recording.duration(),
        series: curves,
        marks,
        spans,
    }
}

/// Points, and spans: each end belongs to the last begin of its name that is still open.
fn marks_and_spans(seen: &[MarkSeen]) -> (Vec<Mark>, Vec<NamedSpan>) {
    let mut marks = Vec::new();
    let mut spans: Vec<NamedSpan> = Vec::new();
    let mut open: HashMap<&str, Vec<usize>> = HashMap::new();
    for mark in seen {
        let time = seconds(mark.time);
        match mark.kind {
            MarkKind::Point => marks.push(Mark {
                time,
                name: mark.name.clone(),
            }),
            MarkKind::Begin => {
                open.entry(&mark.name).or_default().push(spans.len());
                spans.push(NamedSpan {
                    start: time,
                    end: None,
                    name: mark.name.clone(),
                });
            }
            MarkKind::End => {
                if let Some(span) = open.get_mut(mark.name.as_str()).and_then(Vec::pop) {
                    spans[span].end = Some(time);
                }
            }
        }
    }
    (marks, spans)
}

fn seconds(Microseconds(time): Microseconds) -> f64 {
    time as f64 / 1e6
}
