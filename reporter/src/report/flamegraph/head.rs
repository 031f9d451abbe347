//! The small things that go along as JSON: facts, names, and how long each packed column is.

use serde::Serialize;

use super::cells::Cells;
use super::data::{FlamegraphData, FrameKind, Recording};
use crate::report::timeline::{Quantity, Timeline};

/// How many columns' entries there are, by table.
#[derive(Debug, Serialize)]
pub(super) struct Counts {
    pub(super) functions: usize,
    pub(super) frames: usize,
    pub(super) nodes: usize,
    pub(super) cells: usize,
}

#[derive(Serialize)]
struct Head<'a> {
    recording: RecordingHead<'a>,
    counts: Counts,
    kinds: [&'static str; 6],
    processes: Vec<ProcessHead<'a>>,
    threads: Vec<ThreadHead<'a>>,
    types: &'a [String],
    views: Vec<ViewHead<'a>>,
    timelines: Vec<TimelineHead<'a>>,
    lifetimes: Option<LifetimesHead>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordingHead<'a> {
    title: &'a str,
    command: &'a str,
    file: &'a str,
    started: &'a str,
    runtime: &'a str,
    tool: &'a str,
    duration: f64,
    peak_bytes: u64,
    peak_time: Option<f64>,
    allocations: u64,
}

#[derive(Serialize)]
struct ProcessHead<'a> {
    name: &'a str,
    pid: u32,
}

#[derive(Serialize)]
struct ThreadHead<'a> {
    name: &'a str,
    tid: u32,
    process: Option<u32>,
}

#[derive(Serialize)]
struct ViewHead<'a> {
    id: &'a str,
    label: &'a str,
    note: &'a str,
    moment: Option<f64>,
    difference: bool,
}

#[derive(Serialize)]
struct TimelineHead<'a> {
    label: &'a str,
    duration: f64,
    series: Vec<&'static str>,
    marks: Vec<MarkHead<'a>>,
    spans: Vec<SpanHead<'a>>,
}

#[derive(Serialize)]
struct MarkHead<'a> {
    time: f64,
    name: &'a str,
}

#[derive(Serialize)]
struct SpanHead<'a> {
    start: f64,
    end: Option<f64>,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LifetimesHead {
    bucket_seconds: f64,
    buckets: u32,
}

/// The words for the kinds of frames, in the order of their numbers.
const KINDS: [(&str, FrameKind); 6] = [
    ("own", FrameKind::Own),
    ("library", FrameKind::Library),
    ("standard", FrameKind::Standard),
    ("native", FrameKind::Native),
    ("import", FrameKind::Import),
    ("internal", FrameKind::Internal),
];

/// The number of a kind of frame.
pub(super) fn kind_number(kind: FrameKind) -> u64 {
    KINDS
        .iter()
        .position(|(_, known)| *known == kind)
        .unwrap_or(0) as u64
}

/// The head as JSON.
pub(super) fn json(data: &FlamegraphData, functions: usize, cells: &Cells) -> String {
    let head = Head {
        recording: recording(&data.recording),
        counts: Counts {
            functions,
            frames: data.frames.len(),
            nodes: data.nodes.len(),
            cells: cells.0.len(),
        },
        kinds: KINDS.map(|(word, _)| word),
        processes: data
            .processes
            .iter()
            .map(|process| ProcessHead {
                name: &process.name,
                pid: process.pid,
            })
            .collect(),
        threads: data
            .threads
            .iter()
            .map(|thread| ThreadHead {
                name: &thread.name,
                tid: thread.tid,
                process: thread
                    .process
                    .map(|process| process.0)
                    .filter(|&process| (process as usize) < data.processes.len()),
            })
            .collect(),
        types: &data.types,
        views: data
            .views
            .iter()
            .map(|view| ViewHead {
                id: &view.id,
                label: &view.label,
                note: &view.note,
                moment: view.moment,
                difference: view.before.is_some(),
            })
            .collect(),
        timelines: data.timelines.iter().map(timeline).collect(),
        lifetimes: data.lifetimes.as_ref().map(|lifetimes| LifetimesHead {
            bucket_seconds: lifetimes.bucket_seconds,
            buckets: lifetimes.buckets,
        }),
    };
    serde_json::to_string(&head).expect("strings and numbers always become JSON")
}

fn recording(recording: &Recording) -> RecordingHead<'_> {
    RecordingHead {
        title: &recording.title,
        command: &recording.command,
        file: &recording.file,
        started: &recording.started,
        runtime: &recording.runtime,
        tool: &recording.tool,
        duration: recording.duration,
        peak_bytes: recording.peak_bytes,
        peak_time: recording.peak_time,
        allocations: recording.allocations,
    }
}

fn timeline(timeline: &Timeline) -> TimelineHead<'_> {
    TimelineHead {
        label: &timeline.label,
        duration: timeline.duration,
        series: timeline
            .series
            .iter()
            .map(|series| match series.quantity {
                Quantity::Heap | Quantity::Part => "heap",
                Quantity::Resident => "resident",
                Quantity::Mapped => "mapped",
            })
            .collect(),
        marks: timeline
            .marks
            .iter()
            .map(|mark| MarkHead {
                time: mark.time,
                name: &mark.name,
            })
            .collect(),
        spans: timeline
            .spans
            .iter()
            .map(|span| SpanHead {
                start: span.start,
                end: span.end,
                name: &span.name,
            })
            .collect(),
    }
}
