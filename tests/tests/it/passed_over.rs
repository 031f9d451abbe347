//! Damage in what a report about a span passes over: it says what it says of the whole file, and
//! damage in what it reads is told.

use crate::binaries::memprof;
use crate::interpreters::usual;
use crate::scenario::{Folder, Run, Scenario, finish};
use memprof_recorder::capture::{Chunk, ChunkKind};
use memprof_reporter::commands::select::WHOLE_REPLAY;
use memprof_reporter::profile::{Moment, Point, Request, take};
use memprof_reporter::recording::Recording;
use memprof_reporter::replay::{Detail, Outline, ReplayError, Source};
use memprof_wire::units::Microseconds;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Bytes of a chunk's header, and where in it its turn stands.
const HEAD: u64 = 56;
const TURN: u64 = 24;
/// Bytes behind the index.
const TRAILER: usize = 16;

const REPORTS: [&[&str]; 4] = [
    &["table", "--json"],
    &["tree", "--json"],
    &["summary", "--json"],
    &["export", "collapsed"],
];

/// One that shows types, which are not known without the whole where a census ends after the span
/// begins.
const OF_TYPES: &[&str] = &["table", "--by", "type,line", "--json"];

/// A recording that notes which of its chunks were read.
struct Noting<'a> {
    recording: &'a Recording,
    read: RefCell<BTreeSet<usize>>,
}

impl Source for Noting<'_> {
    fn read(&self, chunk: usize, bytes: &mut Vec<u8>) -> Result<(), ReplayError> {
        self.read.borrow_mut().insert(chunk);
        self.recording.read(chunk, bytes)
    }

    fn distrust(&self, chunk: usize) {
        self.recording.distrust(chunk);
    }

    fn outline(&self, chunk: usize) -> Outline {
        self.recording.outline(chunk)
    }
}

/// A long recording, a span near its end, and what is read for that.
struct Long {
    run: Run,
    bytes: Vec<u8>,
    span: [String; 2],
    /// Chunks of events before the span that are not read.
    passed: Vec<Chunk>,
    /// One in the span.
    within: Chunk,
}

fn long() -> Long {
    let code = "for _ in range(1000):\n    [(n, float(n)) for n in range(4000)]\n";
    let run = Scenario::code(usual(), code).recorded();
    let recording = Recording::open(&run.file, None).unwrap();
    let at = |part: f64| Microseconds((recording.duration() * part * 1e6) as u64);
    let (after, until) = (at(0.8), at(0.85));
    let source = Noting {
        recording: &recording,
        read: RefCell::default(),
    };
    let request = Request {
        moment: Moment::Between(Point::At(after), Point::At(until)),
        detail: Detail::Neither,
        ..Request::default()
    };
    take(&recording, &source, &request).unwrap();
    let read = source.read.into_inner();
    let chunks = recording.reader().chunks().iter().enumerate();
    let events = chunks.filter(|(_, it)| it.head.kind == ChunkKind::Events);
    let (read, passed): (Vec<_>, Vec<_>) = events.partition(|(index, _)| read.contains(index));
    let before = |chunk: &Chunk| chunk.head.last < after;
    let passed: Vec<Chunk> = passed.into_iter().map(|(_, chunk)| *chunk).collect();
    let within = read.iter().find(|(_, chunk)| {
        let head = chunk.head;
        head.first > after && head.last < until
    });
    Long {
        bytes: fs::read(&run.file).unwrap(),
        span: [after, until].map(|time| format!("{}us", time.0)),
        within: *within.expect("the span is longer than a chunk").1,
        passed: passed.into_iter().filter(before).collect(),
        run,
    }
}

/// What a report says on standard output and on standard error.
fn said(file: &Path, words: &[&str], span: &[String; 2], whole: bool) -> (String, String) {
    let mut command = Command::new(memprof());
    command.args(words).arg(file).arg("--between").args(span);
    command.env_remove(WHOLE_REPLAY);
    if whole {
        command.env(WHOLE_REPLAY, "1");
    }
    let output = finish(command, &[]);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let stderr = text(output.stderr);
    assert!(output.status.success(), "{words:?}: {stderr}");
    (text(output.stdout), stderr)
}

/// A copy of a recording with one bit changed.
fn damaged(folder: &Folder, bytes: &[u8], place: u64) -> PathBuf {
    let mut bytes = bytes.to_vec();
    bytes[place as usize] ^= 0x10;
    // of the same name, which a report may show
    let path = folder.0.join("recording.bin");
    fs::write(&path, bytes).unwrap();
    path
}

fn tells_of_damage(stderr: &str, offset: u64) -> bool {
    stderr.contains(&format!("incomplete: the file is damaged at byte {offset}"))
}

#[test]
fn damage_in_what_is_passed_over_changes_nothing_and_elsewhere_it_is_told() {
    let long = long();
    let folder = Folder::new();
    assert!(long.passed.len() > 10, "{}", long.passed.len());
    let healthy = REPORTS.map(|words| said(&long.run.file, words, &long.span, false));
    for (output, errors) in &healthy {
        assert!(!output.is_empty() && errors.is_empty(), "{output}{errors}");
    }
    let chunks = [long.passed[0], long.passed[long.passed.len() - 1]];

    for chunk in chunks {
        let middle = chunk.offset + HEAD + u64::from(chunk.stored) / 2;
        let file = damaged(&folder, &long.bytes, middle);
        for (words, healthy) in REPORTS.iter().zip(&healthy) {
            assert_eq!(said(&file, words, &long.span, false), *healthy, "{words:?}");
        }
        // a whole replay loses what is behind it, the span too, and says so
        let whole = said(&file, REPORTS[0], &long.span, true);
        assert!(tells_of_damage(&whole.1, chunk.offset), "{}", whole.1);
        assert!(whole.0.contains("\"complete\":false"), "{}", whole.0);
        assert_ne!(whole.0, healthy[0].0);
        let (text, stderr) = said(&file, OF_TYPES, &long.span, false);
        assert!(tells_of_damage(&stderr, chunk.offset), "{stderr}");
        assert!(text.contains("\"complete\":false"), "{text}");
    }

    // the head of a chunk stands in the index too, and is read there
    let turn = chunks[1].offset + TURN;
    let file = damaged(&folder, &long.bytes, turn);
    for whole in [false, true] {
        assert_eq!(said(&file, REPORTS[0], &long.span, whole), healthy[0]);
    }
    // without the index the file ends there for all
    let unfinished = &long.bytes[..long.bytes.len() - TRAILER];
    let file = damaged(&folder, unfinished, turn);
    for whole in [false, true] {
        let (text, stderr) = said(&file, REPORTS[0], &long.span, whole);
        assert!(tells_of_damage(&stderr, chunks[1].offset), "{stderr}");
        assert!(text.contains("\"complete\":false"), "{text}");
    }

    let middle = long.within.offset + HEAD + u64::from(long.within.stored) / 2;
    let file = damaged(&folder, &long.bytes, middle);
    for words in REPORTS {
        let (_, stderr) = said(&file, words, &long.span, false);
        let told = tells_of_damage(&stderr, long.within.offset);
        assert!(told, "{words:?}: {stderr}");
    }
}
