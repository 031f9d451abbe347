//! Everything the flame graph page shows, from one replay of a recording.

use super::flamegraph::{
    FlamegraphData, Frame, FrameId, FrameKind, Lifetime, Lifetimes as PageLifetimes, Node, NodeId,
    Place, Process, ProcessId, Recording as Head, Row, Thread, ThreadId, TypeId, View,
};
use super::info::python_version;
use super::timeline_data::timeline;
use super::{measure, notes};
use crate::hashing::NumberMap;
use crate::profile::{self, Asking, Language, Passing, Resolver, StackId, Stacks, Totals};
use crate::recording::Recording;
use crate::replay::{
    Allocated, Answers, DetailedTotals, Lifetimes, Replay, RowId, Series, ShortLived, Snapshot,
    Temporary,
};
use crate::symbols::{Origin, SourceLines, SourcePolicy, origin};
use memprof_wire::units::{Microseconds, TypeId as WireType};
use std::collections::HashMap;
use std::time::{Duration, UNIX_EPOCH};

/// What has to be gathered for a page: two moments, short lives, the heap over time, and what lived
/// when.
pub type PageObserver = (
    ((Snapshot, Snapshot), (Temporary, (Series, Lifetimes))),
    Option<Finely>,
);

/// Short lives and all that was allocated, told apart as finely as a filter asks.
pub type Finely = (ShortLived, Allocated);

/// How many steps of lifetimes a page has.
pub const STEPS: u16 = 300;
/// A page is to open at once: with more rows than this, steps are joined.
const MOST_LIVES: usize = 400_000;

/// What of a recording is to be on its page.
pub struct PageRequest<'a> {
    /// What the first two views are; one when both are the same.
    pub moments: [&'a profile::Moment; 2],
    /// Which threads are to be there, and what passes the filter.
    pub passing: &'a Passing<'a>,
    /// What has to be known of the page beyond what the recording says of itself.
    pub note: Option<String>,
    /// Which source lines may be shown.
    pub source: SourcePolicy,
}

/// The page of a recording that was replayed, whose functions begin there.
pub fn gather(
    recording: &Recording,
    replay: &Replay<PageObserver>,
    starts: &profile::Starts,
    request: &PageRequest,
) -> FlamegraphData {
    let (((first, second), (temporary, (series, lifetimes))), finely) = &replay.observer;
    let native = recording.native_names();
    let mut places = Places {
        replay,
        asking: request.passing.ask(),
        resolver: Resolver::new(&replay.definitions, &native),
        types: Types::default(),
    };
    let [moment, other] = request.moments;
    let mut views = vec![places.snapshot(first, moment)];
    if moment != other {
        let mut view = places.snapshot(second, other);
        if view.id == views[0].id {
            view.id += "-2";
        }
        views.push(view);
    }
    let rows = &replay.rows;
    let of_row = DetailedTotals::of_row;
    if let Some((short, ever)) = finely {
        views.push(places.temporary(short.totals(rows)));
        views.push(places.allocated(ever.totals(rows)));
    } else {
        let ever = rows.iter().map(|(row, found)| (row, found.allocated));
        views.push(places.temporary(temporary.totals().map(of_row)));
        views.push(places.allocated(ever.map(of_row)));
    }
    let lifetimes = places.lifetimes(lifetimes);
    let Places {
        resolver, types, ..
    } = places;
    let stacks = resolver.finish();
    let folder = &recording.facts().folder;
    let ran = UNIX_EPOCH.checked_add(Duration::from_nanos(
        recording.reader().started_nanoseconds(),
    ));
    let mut source = SourceLines::new(request.source, folder, ran);
    FlamegraphData {
        recording: head(recording, replay, request.note.clone()),
        frames: stacks
            .frame_ids()
            .map(|frame| page_frame(&stacks, frame, folder, starts, &mut source))
            .collect(),
        nodes: (1..stacks.count() as u32)
            .map(|stack| page_node(&stacks, StackId(stack)))
            .collect(),
        processes: processes(recording),
        threads: threads(recording, replay),
        types: types.names,
        views,
        timelines: vec![timeline(recording, &replay.marks, series)],
        lifetimes: Some(lifetimes),
    }
}

/// Gives rows of the replay their places on the page.
struct Places<'a> {
    replay: &'a Replay<PageObserver>,
    asking: Asking<'a>,
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
    fn place(&mut self, row: RowId, type_id: Option<WireType>, answers: Answers) -> Option<Place> {
        if !self.asking.passes(row, type_id, answers) {
            return None;
        }
        let row = self.replay.rows.get(row);
        let thread = row.stream.0;
        let stack = self.resolver.stack(row.call);
        let name = type_id.and_then(|type_id| self.replay.definitions.type_name(type_id));
        Some(Place {
            node: stack.0.checked_sub(1).map(NodeId),
            thread: Some(ThreadId(thread)),
            type_of: name.map(|name| self.types.id(name)),
        })
    }

    /// What was found, by place: of all that was recorded many rows are shown as one.
    fn rows(&mut self, found: impl Iterator<Item = DetailedTotals>) -> Vec<Row> {
        let mut rows: NumberMap<Place, Totals> = NumberMap::default();
        for found in found {
            if let Some(place) = self.place(found.row, found.type_id, found.answers) {
                *rows.entry(place).or_default() += found.totals;
            }
        }
        let row = |(place, totals)| {
            let (bytes, blocks) = unsigned(totals);
            Row {
                place,
                bytes,
                blocks,
            }
        };
        rows.into_iter().map(row).collect()
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
        View {
            id: id.to_owned(),
            label,
            note,
            moment: Some(time),
            rows: self.rows(snapshot.totals()),
            before: None,
        }
    }

    fn temporary(&mut self, found: impl Iterator<Item = DetailedTotals>) -> View {
        View {
            id: "temporary".into(),
            label: "Temporary".into(),
            note: "Freed again before the thread had made two further allocations.".into(),
            moment: None,
            rows: self.rows(found),
            before: None,
        }
    }

    fn allocated(&mut self, found: impl Iterator<Item = DetailedTotals>) -> View {
        View {
            id: "allocated".into(),
            label: "Allocated".into(),
            note: "Everything that was ever allocated, freed or not.".into(),
            moment: None,
            rows: self.rows(found),
            before: None,
        }
    }

    /// Lifetimes by place, in steps so coarse that there are not too many rows.
    fn lifetimes(&mut self, lifetimes: &Lifetimes) -> PageLifetimes {
        let mut lives: NumberMap<(Place, u32, Option<u32>), Totals> = NumberMap::default();
        for lived in lifetimes.lived() {
            if let Some(place) = self.place(lived.row, lived.type_id, lived.answers) {
                let key = (place, u32::from(lived.born), lived.died.map(u32::from));
                *lives.entry(key).or_default() += lived.totals;
            }
        }
        let mut joined = 0;
        while lives.len() > MOST_LIVES && joined < 4 {
            joined += 1;
            let mut coarser: NumberMap<_, Totals> = NumberMap::default();
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
                .map(|((place, born, died), totals)| {
                    let (bytes, blocks) = unsigned(totals);
                    Lifetime {
                        place,
                        born,
                        died,
                        bytes,
                        blocks,
                    }
                })
                .collect(),
        }
    }
}

/// Bytes and blocks, which are negative only in a damaged recording.
fn unsigned(totals: Totals) -> (u64, u64) {
    let unsigned = |number| u64::try_from(number).unwrap_or(0);
    (unsigned(totals.bytes), unsigned(totals.blocks))
}

fn page_frame(
    stacks: &Stacks,
    id: profile::FrameId,
    folder: &str,
    starts: &profile::Starts,
    source: &mut SourceLines,
) -> Frame {
    let frame = stacks.frame(id);
    let function = stacks.name(frame.function);
    let file = stacks.name(frame.file);
    let kind = match (frame.language, Origin::of(file)) {
        (Language::Native, _) if is_interpreter(file) => FrameKind::Internal,
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
        function: function.to_owned(),
        module,
        file: file.to_owned(),
        line: frame.line,
        function_line: starts.of(function, file).unwrap_or(0),
        column: stacks.column(id).unwrap_or(0),
        kind,
        source: source.line(file, frame.line),
    }
}

/// Whether a library or executable is the interpreter itself: `libpython3.11.so.1.0`, `python3.11`.
fn is_interpreter(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.starts_with("libpython") || name.starts_with("python3") || name == "python"
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
    let root = recording.facts().root;
    let images = recording.reader().images();
    let name = |pid| {
        let image = images.iter().rfind(|image| image.process == pid);
        match image.map(|image| image.executable.rsplit('/').next().unwrap_or_default()) {
            Some(name) if pid != root && !name.is_empty() => name.to_owned(),
            _ => recording.facts().name.clone(),
        }
    };
    all_processes(recording)
        .into_iter()
        .map(|pid| Process {
            name: name(pid),
            pid,
        })
        .collect()
}

/// The processes of all threads, in the order of these.
fn all_processes(recording: &Recording) -> Vec<u32> {
    let mut processes: Vec<u32> = Vec::new();
    for stream in recording.streams() {
        if !processes.contains(&stream.process) {
            processes.push(stream.process);
        }
    }
    processes
}

fn threads(recording: &Recording, replay: &Replay<PageObserver>) -> Vec<Thread> {
    let processes = all_processes(recording);
    let place = |pid| processes.iter().position(|&process| process == pid);
    profile::threads(&replay.definitions, recording.streams())
        .into_iter()
        .map(|thread| Thread {
            name: thread.name,
            tid: thread.id,
            process: place(thread.process).map(|place| ProcessId(place as u32)),
        })
        .collect()
}

fn head(recording: &Recording, replay: &Replay<PageObserver>, note: Option<String>) -> Head {
    let facts = recording.facts();
    let allocated: Totals = replay.rows.iter().map(|(_, row)| row.allocated).sum();
    let interpreter = replay.definitions.interpreter.as_ref();
    let mut notes = notes::sentences(recording, &replay.definitions.notes);
    notes.extend(note);
    Head {
        title: facts.name.clone(),
        command: facts.command.join(" "),
        folder: facts.folder.clone(),
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
        notes,
    }
}

fn seconds(Microseconds(time): Microseconds) -> f64 {
    time as f64 / 1e6
}
