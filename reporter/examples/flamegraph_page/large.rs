//! A made-up recording of any size that looks like one of a real program: deep stacks that share their beginnings, a few
//! heavy places and very many light ones.

use std::collections::HashSet;

use memprof_reporter::report::flamegraph::{
    FlamegraphData, Frame, FrameId, FrameKind, Lifetime, Lifetimes, Node, NodeId, Place, Process,
    ProcessId, Recording, Row, Thread, ThreadId, TypeId, View,
};
use memprof_reporter::report::timeline::{Mark, Point, Quantity, Series, Span, Timeline};

const DURATION: f64 = 84.0;
/// Steps of time by which lifetimes are told.
const BUCKETS: u32 = 400;
const MODULES: [(&str, &str, FrameKind); 12] = [
    (
        "forecast.pipeline",
        "/srv/forecast/pipeline.py",
        FrameKind::Own,
    ),
    ("forecast.model", "/srv/forecast/model.py", FrameKind::Own),
    (
        "forecast.features",
        "/srv/forecast/features.py",
        FrameKind::Own,
    ),
    (
        "pandas.core.frame",
        "/srv/venv/lib/python3.11/site-packages/pandas/core/frame.py",
        FrameKind::Library,
    ),
    (
        "pandas.io.parsers",
        "/srv/venv/lib/python3.11/site-packages/pandas/io/parsers.py",
        FrameKind::Library,
    ),
    (
        "sqlalchemy.orm.loading",
        "/srv/venv/lib/python3.11/site-packages/sqlalchemy/orm/loading.py",
        FrameKind::Library,
    ),
    (
        "json.decoder",
        "/usr/lib/python3.11/json/decoder.py",
        FrameKind::Standard,
    ),
    (
        "logging",
        "/usr/lib/python3.11/logging/__init__.py",
        FrameKind::Standard,
    ),
    (
        "asyncio.events",
        "/usr/lib/python3.11/asyncio/events.py",
        FrameKind::Standard,
    ),
    (
        "_multiarray_umath.so",
        "/srv/venv/lib/python3.11/site-packages/numpy/core/_multiarray_umath.so",
        FrameKind::Native,
    ),
    (
        "importlib._bootstrap",
        "<frozen importlib._bootstrap>",
        FrameKind::Import,
    ),
    (
        "libpython3.11.so",
        "/usr/lib/libpython3.11.so.1.0",
        FrameKind::Internal,
    ),
];
const VERBS: [&str; 16] = [
    "load",
    "parse",
    "read",
    "merge",
    "build",
    "apply",
    "fit",
    "predict",
    "encode",
    "collect",
    "resolve",
    "transform",
    "group",
    "emit",
    "fetch",
    "normalize",
];
const NOUNS: [&str; 16] = [
    "rows", "frame", "index", "column", "batch", "features", "chunk", "record", "response",
    "weights", "cache", "tokens", "session", "window", "matrix", "table",
];
const TYPES: [&str; 12] = [
    "dict",
    "list",
    "str",
    "tuple",
    "int",
    "float",
    "bytes",
    "set",
    "numpy.ndarray",
    "pandas.core.frame.DataFrame",
    "forecast.model.Series",
    "function",
];

/// A recording with this many nodes.
pub fn recording(node_count: u32) -> FlamegraphData {
    let mut random = Random(0x5EED);
    let frames = frames(&mut random, (node_count / 20).clamp(200, 20_000));
    let nodes = nodes(&mut random, node_count, frames.len() as u32);
    let places = places(&mut random, node_count);
    let (views, lifetimes) = memory(&mut random, &places);
    let peak_bytes = views[0].rows.iter().map(|row| row.bytes).sum();
    let allocations = views[3].rows.iter().map(|row| row.blocks).sum();
    let thread = |(number, name): (usize, &str)| Thread {
        name: name.into(),
        tid: 4_210 + number as u32,
        process: Some(ProcessId(0)),
    };
    FlamegraphData {
        recording: Recording {
            title: "forecast".into(),
            folder: "/srv".into(),
            command: "python3 -m forecast --region eu-west --horizon 14d".into(),
            file: "memprof-forecast.4210.bin".into(),
            started: "2026-03-21 14:05:09 UTC".into(),
            runtime: "CPython 3.11.4".into(),
            tool: "memprof 0.1.0".into(),
            duration: DURATION,
            peak_bytes,
            peak_time: Some(61.2),
            allocations,
            cut_short: None,
            notes: Vec::new(),
        },
        frames,
        nodes,
        processes: vec![Process {
            name: "forecast".into(),
            pid: 4_210,
        }],
        threads: ["MainThread", "loader-1", "loader-2", "asyncio_0"]
            .into_iter()
            .enumerate()
            .map(thread)
            .collect(),
        types: TYPES.map(String::from).to_vec(),
        views,
        timelines: vec![timeline(&mut random, peak_bytes)],
        lifetimes: Some(Lifetimes {
            bucket_seconds: DURATION / f64::from(BUCKETS),
            buckets: BUCKETS,
            rows: lifetimes,
        }),
    }
}

fn frames(random: &mut Random, count: u32) -> Vec<Frame> {
    let mut frames = vec![Frame {
        function: "<module>".into(),
        module: "forecast.__main__".into(),
        file: "/srv/forecast/__main__.py".into(),
        line: 12,
        function_line: 1,
        column: 1,
        kind: FrameKind::Own,
        source: Some("main(sys.argv[1:])".into()),
    }];
    while frames.len() < count as usize {
        let (module, file, kind) = MODULES[random.skewed(MODULES.len() as u32) as usize];
        let verb = VERBS[random.below(16) as usize];
        let noun = NOUNS[random.below(16) as usize];
        let native = matches!(kind, FrameKind::Native | FrameKind::Internal);
        frames.push(Frame {
            function: if native {
                format!("{verb}_{noun}")
            } else {
                format!("{}.{verb}_{noun}", capitalised(noun))
            },
            module: module.into(),
            file: file.into(),
            line: if native { 0 } else { 10 + random.below(900) },
            column: if native { 0 } else { 9 },
            function_line: 0,
            kind,
            source: (kind == FrameKind::Own)
                .then(|| format!("        {noun} = self.{verb}({noun})")),
        });
    }
    frames
}

fn nodes(random: &mut Random, count: u32, frames: u32) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut seen = HashSet::new();
    let mut depths: Vec<u32> = Vec::new();
    while nodes.len() < count as usize {
        let index = nodes.len() as u32;
        // Mostly one step deeper from a recent node, now and then from anywhere: long stacks with many branches.
        let parent = match index {
            0 => None,
            _ if random.below(5) == 0 => Some(random.below(index)),
            _ => Some(index - 1 - random.below(index.min(8))),
        };
        let depth = parent.map_or(0, |parent| depths[parent as usize] + 1);
        if depth > 60 {
            depths.push(60);
            nodes.push(Node {
                parent: Some(NodeId(0)),
                frame: FrameId(random.below(frames)),
            });
            continue;
        }
        let frame = if index == 0 { 0 } else { random.skewed(frames) };
        if !seen.insert((parent, frame)) && frames > 16 {
            continue;
        }
        depths.push(depth);
        nodes.push(Node {
            parent: parent.map(NodeId),
            frame: FrameId(frame),
        });
    }
    nodes
}

fn places(random: &mut Random, nodes: u32) -> Vec<Place> {
    let mut places = Vec::new();
    for node in 0..nodes {
        if random.below(10) < 6 {
            places.push(Place {
                node: Some(NodeId(node)),
                thread: Some(ThreadId(random.skewed(4))),
                type_of: Some(TypeId(random.skewed(TYPES.len() as u32))),
            });
        }
    }
    places
}

fn memory(random: &mut Random, places: &[Place]) -> (Vec<View>, Vec<Lifetime>) {
    let mut lifetimes = Vec::new();
    let bucket = |time: f64| ((time / DURATION * f64::from(BUCKETS)) as u32).min(BUCKETS - 1);
    let view = |id: &str, label: &str, note: &str, moment| View {
        id: id.into(),
        label: label.into(),
        note: note.into(),
        moment,
        ..View::default()
    };
    let mut views = vec![
        view(
            "peak",
            "Peak",
            "Alive when the heap was largest, at 61.2 s.",
            Some(61.2),
        ),
        view("leaks", "Leaks", "Never freed.", Some(DURATION)),
        view(
            "temporary",
            "Temporary",
            "Freed before the thread's next allocation.",
            None,
        ),
        view(
            "allocated",
            "All allocated",
            "Everything that was ever allocated.",
            None,
        ),
    ];
    for &place in places {
        let blocks = u64::from(1 + random.skewed(400));
        let size = u64::from(32 + random.skewed(2_000));
        let row = Row {
            place,
            bytes: blocks * size,
            blocks,
        };
        let born = f64::from(random.below(8_000)) / 100.0;
        let lived = f64::from(random.skewed(4_000)) / 100.0;
        let kept = random.below(20) == 0;
        lifetimes.push(Lifetime {
            place,
            born: bucket(born),
            died: (!kept).then(|| bucket(born + lived)),
            bytes: row.bytes,
            blocks: row.blocks,
        });
        if born <= 61.2 && (kept || born + lived > 61.2) {
            views[0].rows.push(row);
        }
        if kept {
            views[1].rows.push(row);
        }
        if random.below(4) == 0 {
            views[2].rows.push(row);
        }
        views[3].rows.push(row);
    }
    (views, lifetimes)
}

fn timeline(random: &mut Random, peak: u64) -> Timeline {
    let mut heap = Vec::new();
    let mut resident = Vec::new();
    for step in 0..8_400 {
        let time = f64::from(step) / 100.0;
        let hill = (-(time - 61.2).powi(2) / 300.0).exp();
        let steps = 0.25 * (time / 12.0).floor() / 7.0;
        let noise = f64::from(random.below(1_000)) / 30_000.0;
        let share = (0.75 * hill + steps + noise + 0.04).min(0.995);
        let bytes = if step == 6_120 {
            peak
        } else {
            (peak as f64 * share) as u64
        };
        heap.push(Point { time, bytes });
        if step % 5 == 0 {
            let stays = if time > 61.2 { 1.0 } else { share + 0.04 };
            resident.push(Point {
                time,
                bytes: (peak as f64 * (stays * 1.06 + 0.06)) as u64,
            });
        }
    }
    let mapped = [0.0, 3.0, 3.01, 84.0].map(|time| Point {
        time,
        bytes: if time > 3.0 { peak / 5 } else { peak / 12 },
    });
    Timeline {
        label: "memprof-forecast.4210.bin".into(),
        duration: DURATION,
        series: vec![
            Series {
                quantity: Quantity::Heap,
                points: heap,
            },
            Series {
                quantity: Quantity::Resident,
                points: resident,
            },
            Series {
                quantity: Quantity::Mapped,
                points: mapped.to_vec(),
            },
        ],
        marks: [(18.0, "loaded"), (74.5, "report written")]
            .map(|(time, name)| Mark {
                time,
                name: name.into(),
            })
            .to_vec(),
        spans: [
            (2.0, 17.5, "load"),
            (20.0, 72.0, "fit"),
            (44.0, 66.0, "cross-validate"),
        ]
        .map(|(start, end, name)| Span {
            start,
            end: Some(end),
            name: name.into(),
        })
        .to_vec(),
    }
}

fn capitalised(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

/// A small generator of numbers (splitmix64), so that every run makes the same page.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    fn below(&mut self, limit: u32) -> u32 {
        (self.next() % u64::from(limit.max(1))) as u32
    }

    /// A number below `limit`, small ones being much more frequent.
    fn skewed(&mut self, limit: u32) -> u32 {
        let share = self.next() as f64 / u64::MAX as f64;
        ((share * share * share * f64::from(limit)) as u32).min(limit.saturating_sub(1))
    }
}
