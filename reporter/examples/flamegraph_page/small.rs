//! A small recording whose every number is known; the browser tests rely on them.

use memprof_reporter::report::flamegraph::{
    FlamegraphData, Frame, FrameId, FrameKind, Lifetime, Lifetimes, Node, NodeId, Place, Process,
    ProcessId, Recording, Row, Thread, ThreadId, TypeId, View,
};
use memprof_reporter::report::timeline::{Mark, Point, Quantity, Series, Span, Timeline};

const MAIN: u32 = 0;
const LOADER: u32 = 1;
const WORKER: u32 = 2;

const DICT: u32 = 0;
const LIST: u32 = 1;
const STR: u32 = 2;
const ARRAY: u32 = 3;
const TREE_NODE: u32 = 4;

// Nodes, see `nodes`.
const PARSE_FROM_20: u32 = 2;
const PARSE_FROM_21: u32 = 4;
const IMPORTED: u32 = 6;
const NEW_ARRAY: u32 = 8;
const WALK_2: u32 = 10;
const WALK_3: u32 = 11;

/// Ten seconds of a shop: 10,000 bytes at the peak.
pub fn recording() -> FlamegraphData {
    FlamegraphData {
        recording: Recording {
            title: "shop.py".into(),
            folder: "/app".into(),
            command: "python3 shop.py --items 40".into(),
            file: "memprof-shop.py.100.bin".into(),
            started: "2026-03-21 14:05:09 UTC".into(),
            runtime: "CPython 3.11.4".into(),
            tool: "memprof 0.1.0".into(),
            duration: 10.0,
            peak_bytes: 10_000,
            peak_time: Some(6.0),
            allocations: 371,
            cut_short: Some("the program was killed by signal 9".into()),
            notes: Vec::new(),
        },
        frames: frames(),
        nodes: nodes(),
        processes: vec![
            Process {
                name: "shop.py".into(),
                pid: 100,
            },
            Process {
                name: "worker.py".into(),
                pid: 101,
            },
        ],
        threads: vec![
            thread("MainThread", 100, 0),
            thread("loader-1", 102, 0),
            thread("MainThread", 101, 1),
        ],
        types: ["dict", "list", "str", "numpy.ndarray", "shop.tree.Node"]
            .map(String::from)
            .to_vec(),
        views: views(),
        timelines: vec![timeline()],
        lifetimes: Some(lifetimes()),
    }
}

/// The same code before and after a change: `load` grew by 2,000 bytes, `walk` shrank by 500, the rest is equal.
pub fn difference() -> FlamegraphData {
    let mut data = recording();
    data.recording.title = "before.bin → after.bin".into();
    data.recording.cut_short = None;
    data.lifetimes = None;
    data.views = vec![View {
        id: "diff".into(),
        label: "Difference".into(),
        note: "What after.bin holds at its peak that before.bin does not.".into(),
        moment: None,
        before: Some(vec![
            row(PARSE_FROM_20, MAIN, DICT, 2_000, 20),
            row(NEW_ARRAY, MAIN, ARRAY, 3_000, 1),
            row(WALK_3, MAIN, TREE_NODE, 600, 6),
        ]),
        rows: vec![
            row(PARSE_FROM_20, MAIN, DICT, 4_000, 40),
            row(NEW_ARRAY, MAIN, ARRAY, 3_000, 1),
            row(WALK_3, MAIN, TREE_NODE, 100, 1),
        ],
    }];
    let mut before = data.timelines[0].clone();
    before.label = "before.bin".into();
    data.timelines[0].label = "after.bin".into();
    for series in &mut before.series {
        for point in &mut series.points {
            point.bytes = point.bytes * 3 / 4;
        }
    }
    data.timelines.insert(0, before);
    data
}

fn thread(name: &str, tid: u32, process: u32) -> Thread {
    Thread {
        name: name.into(),
        tid,
        process: Some(ProcessId(process)),
    }
}

fn frames() -> Vec<Frame> {
    use FrameKind::{Import, Internal, Library, Native, Own, Standard};
    let frame = |function: &str, module: &str, file: &str, line, kind, source: &str| Frame {
        function: function.into(),
        module: module.into(),
        file: file.into(),
        line,
        function_line: 0,
        column: if source.is_empty() { 0 } else { 5 },
        kind,
        source: (!source.is_empty()).then(|| source.into()),
    };
    vec![
        frame("<module>", "shop", "/app/shop.py", 10, Own, "main()"),
        frame(
            "load",
            "shop.loader",
            "/app/shop/loader.py",
            20,
            Own,
            "    items = parse(text)",
        ),
        frame(
            "parse",
            "json.decoder",
            "/usr/lib/python3.11/json/decoder.py",
            337,
            Standard,
            "",
        ),
        frame(
            "_find_and_load",
            "importlib._bootstrap",
            "<frozen importlib._bootstrap>",
            1176,
            Import,
            "",
        ),
        frame(
            "<module>",
            "numpy",
            "/app/venv/lib/python3.11/site-packages/numpy/__init__.py",
            5,
            Library,
            "",
        ),
        frame(
            "_PyEval_EvalFrameDefault",
            "python3.11",
            "/usr/bin/python3.11",
            0,
            Internal,
            "",
        ),
        frame(
            "array_new",
            "multiarray.so",
            "/app/venv/lib/python3.11/site-packages/numpy/multiarray.so",
            0,
            Native,
            "",
        ),
        frame(
            "Node.walk",
            "shop.tree",
            "/app/shop/tree.py",
            30,
            Own,
            "    return child.walk()",
        ),
        frame(
            "load",
            "shop.loader",
            "/app/shop/loader.py",
            21,
            Own,
            "    more = parse(rest)",
        ),
    ]
}

/// ```text
/// 0 <module>
/// ├ 1 load:20 ─ 2 parse
/// ├ 3 load:21 ─ 4 parse
/// ├ 5 _find_and_load ─ 6 numpy's <module>
/// ├ 7 _PyEval_EvalFrameDefault ─ 8 array_new
/// └ 9 Node.walk ─ 10 Node.walk ─ 11 Node.walk
/// ```
fn nodes() -> Vec<Node> {
    let node = |parent: Option<u32>, frame| Node {
        parent: parent.map(NodeId),
        frame: FrameId(frame),
    };
    vec![
        node(None, 0),
        node(Some(0), 1),
        node(Some(1), 2),
        node(Some(0), 8),
        node(Some(3), 2),
        node(Some(0), 3),
        node(Some(5), 4),
        node(Some(0), 5),
        node(Some(7), 6),
        node(Some(0), 7),
        node(Some(9), 7),
        node(Some(10), 7),
    ]
}

fn place(node: u32, thread: u32, type_of: u32) -> Place {
    Place {
        node: Some(NodeId(node)),
        thread: Some(ThreadId(thread)),
        type_of: Some(TypeId(type_of)),
    }
}

fn row(node: u32, thread: u32, type_of: u32, bytes: u64, blocks: u64) -> Row {
    Row {
        place: place(node, thread, type_of),
        bytes,
        blocks,
    }
}

fn views() -> Vec<View> {
    let view = |id: &str, label: &str, note: &str, moment, rows| View {
        id: id.into(),
        label: label.into(),
        note: note.into(),
        moment,
        rows,
        before: None,
    };
    vec![
        view(
            "peak",
            "Peak",
            "Alive when the heap was largest, at 6.0 s.",
            Some(6.0),
            vec![
                row(PARSE_FROM_20, MAIN, DICT, 4_000, 40),
                row(PARSE_FROM_20, LOADER, DICT, 700, 7),
                row(PARSE_FROM_21, MAIN, LIST, 1_000, 10),
                row(IMPORTED, MAIN, STR, 500, 5),
                row(NEW_ARRAY, MAIN, ARRAY, 3_000, 1),
                row(WALK_3, MAIN, TREE_NODE, 500, 5),
                row(WALK_2, WORKER, TREE_NODE, 300, 3),
            ],
        ),
        view(
            "leaks",
            "Leaks",
            "Never freed.",
            Some(10.0),
            vec![
                row(PARSE_FROM_20, LOADER, DICT, 700, 7),
                row(IMPORTED, MAIN, STR, 500, 5),
            ],
        ),
        view(
            "temporary",
            "Temporary",
            "Freed before the thread's next allocation.",
            None,
            vec![row(PARSE_FROM_21, MAIN, STR, 2_500, 250)],
        ),
        view(
            "allocated",
            "All allocated",
            "Everything that was ever allocated.",
            None,
            vec![
                row(PARSE_FROM_20, MAIN, DICT, 4_000, 40),
                row(PARSE_FROM_20, LOADER, DICT, 700, 7),
                row(PARSE_FROM_21, MAIN, LIST, 1_000, 10),
                row(PARSE_FROM_21, MAIN, STR, 2_500, 250),
                row(IMPORTED, MAIN, STR, 500, 5),
                row(NEW_ARRAY, MAIN, ARRAY, 6_000, 2),
                row(WALK_3, MAIN, TREE_NODE, 500, 5),
                row(WALK_2, WORKER, TREE_NODE, 300, 3),
            ],
        ),
    ]
}

/// Ten buckets of a second. The array of 3,000 bytes lives from second 2 to 4 and once more from 5 to 8.
fn lifetimes() -> Lifetimes {
    let life = |node, thread, type_of, born, died, bytes, blocks| Lifetime {
        place: place(node, thread, type_of),
        born,
        died,
        bytes,
        blocks,
    };
    Lifetimes {
        bucket_seconds: 1.0,
        buckets: 10,
        rows: vec![
            life(IMPORTED, MAIN, STR, 0, None, 500, 5),
            life(PARSE_FROM_20, MAIN, DICT, 1, Some(9), 4_000, 40),
            life(PARSE_FROM_20, LOADER, DICT, 3, None, 700, 7),
            life(NEW_ARRAY, MAIN, ARRAY, 2, Some(4), 3_000, 1),
            life(NEW_ARRAY, MAIN, ARRAY, 5, Some(8), 3_000, 1),
            life(PARSE_FROM_21, MAIN, LIST, 5, Some(7), 1_000, 10),
            life(PARSE_FROM_21, MAIN, STR, 5, Some(5), 2_500, 250),
            life(WALK_3, MAIN, TREE_NODE, 4, Some(9), 500, 5),
            life(WALK_2, WORKER, TREE_NODE, 4, Some(9), 300, 3),
        ],
    }
}

fn timeline() -> Timeline {
    let heap = [
        0, 500, 4_500, 7_500, 9_000, 5_500, 10_000, 10_000, 9_000, 6_000, 1_200,
    ];
    let points = |offset: u64| {
        heap.iter()
            .enumerate()
            .map(|(second, &bytes)| Point {
                time: second as f64,
                bytes: bytes + offset,
            })
            .collect()
    };
    Timeline {
        label: "memprof-shop.py.100.bin".into(),
        duration: 10.0,
        series: vec![
            Series {
                quantity: Quantity::Heap,
                points: points(0),
            },
            Series {
                quantity: Quantity::Resident,
                points: points(6_000),
            },
            Series {
                quantity: Quantity::Mapped,
                points: vec![
                    Point {
                        time: 0.0,
                        bytes: 2_000,
                    },
                    Point {
                        time: 10.0,
                        bytes: 2_000,
                    },
                ],
            },
        ],
        marks: vec![Mark {
            time: 5.0,
            name: "loaded".into(),
        }],
        spans: vec![
            Span {
                start: 1.0,
                end: Some(5.0),
                name: "load".into(),
            },
            Span {
                start: 5.0,
                end: None,
                name: "serve".into(),
            },
        ],
    }
}
