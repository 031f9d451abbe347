//! A report about a span reads part of a recording, and says what it would say having read all of it.

use crate::binaries::memprof;
use crate::interpreters::{Interpreter, usual};
use crate::packages;
use crate::programs::c;
use crate::scenario::{Run, Scenario, finish};
use memprof_reporter::commands::select::WHOLE_REPLAY;
use memprof_reporter::profile::{Moment, Point, Request, take};
use memprof_reporter::recording::Recording;
use memprof_reporter::replay::{Detail, Outline, ReplayError, Source};
use std::cell::Cell;
use std::process::Command;

const REPORTS: [&[&str]; 9] = [
    &["table", "--json"],
    &["partition", "--json"],
    &["tree", "--json"],
    &["export", "csv"],
    &["summary", "--json"],
    &["table", "--by", "type,site", "--json"],
    &["export", "json"],
    &["table", "--by", "age,size", "--json"],
    &["table", "--filter", "lifetime>1ms", "--json"],
];

/// What a report says, and on standard error.
fn said(run: &Run, words: &[&str], window: [&str; 2], whole: bool) -> (String, String) {
    let mut command = Command::new(memprof());
    command
        .args(words)
        .arg(&run.file)
        .arg("--between")
        .args(window);
    command.current_dir(run.folder()).env_remove(WHOLE_REPLAY);
    if whole {
        command.env(WHOLE_REPLAY, "1");
    }
    let output = finish(command, &[]);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert!(
        output.status.success(),
        "{words:?}: {}",
        text(output.stderr)
    );
    (text(output.stdout), text(output.stderr))
}

/// When each phase of the program began, and when the recording ended, in seconds.
fn moments(run: &Run) -> Vec<f64> {
    let info = run.json(&["info"]);
    let marks = info["marks"].as_array().unwrap();
    let moments = marks
        .iter()
        .filter(|mark| mark["name"].as_str().unwrap().starts_with("phase"))
        .map(|mark| mark["time"].as_f64().unwrap());
    let mut moments: Vec<f64> = moments.collect();
    assert_eq!(moments.len(), 5, "{info}");
    moments.push(run.json(&["stats"])["duration"].as_f64().unwrap());
    moments
}

/// Checks that reports about spans between marks and times say the same either way: each report at
/// one span at the least, and each span in three reports.
fn agrees(run: &Run, marks: [&str; 3]) {
    let moments = moments(run);
    // parts of phases, not of the whole: how long the start and the end take differs widely
    let time = |phase: usize, part: f64| {
        let (start, end) = (moments[phase], moments[phase + 1]);
        format!("{:.6}s", start + part * (end - start))
    };
    let (early, late, later) = (time(1, 0.5), time(4, 0.3), time(4, 0.7));
    let windows = [
        [early.as_str(), late.as_str()],
        [late.as_str(), later.as_str()],
        [late.as_str(), "end"],
        [marks[0], marks[1]],
        [marks[1], later.as_str()],
        [early.as_str(), marks[2]],
    ];
    for (number, window) in windows.into_iter().enumerate() {
        for report in 0..3 {
            let words = REPORTS[(number * 3 + report) % REPORTS.len()];
            let (short, whole) = (
                said(run, words, window, false),
                said(run, words, window, true),
            );
            assert!(short.0.len() > 20, "{words:?} {window:?}: {}", short.0);
            assert!(
                short == whole,
                "{words:?} {window:?}: {short:?} is not {whole:?}"
            );
        }
    }
}

fn phases(interpreter: &Interpreter) -> Scenario {
    let marks = concat!(env!("CARGO_MANIFEST_DIR"), "/../preload/marks");
    Scenario::script(interpreter, "phases.py").environment("PYTHONPATH", marks)
}

const PHASES: [&str; 3] = ["phase2", "phase4", "phase3"];

#[test]
fn of_one_thread() {
    agrees(&phases(usual()).recorded(), PHASES);
}

#[test]
fn of_threads_with_native_stacks() {
    let scenario = phases(usual()).argument("threads").option("--native");
    agrees(&scenario.recorded(), PHASES);
}

#[test]
fn of_a_fork() {
    let scenario = phases(usual()).argument("fork").option("--follow-children");
    let run = scenario.recorded();
    agrees(&run, PHASES);
    let recording = Recording::open(&run.file, None).unwrap();
    assert_eq!(recording.processes().len(), 2);
}

#[test]
fn with_a_census() {
    agrees(&phases(usual()).argument("census").recorded(), PHASES);
}

#[test]
fn of_numpy() {
    // where there is none, that is said
    if let Some(interpreter) = packages::with("numpy").first() {
        let folder = packages::folder(interpreter).unwrap();
        let marks = concat!(env!("CARGO_MANIFEST_DIR"), "/../preload/marks");
        let path = format!("{marks}:{}", folder.display());
        let scenario = phases(interpreter).argument("numpy");
        agrees(&scenario.environment("PYTHONPATH", path).recorded(), PHASES);
    }
}

#[test]
fn of_a_program_without_an_interpreter() {
    let run = Scenario::program(c("threads"))
        .argument("3")
        .argument("150000");
    let run = run.recorded();
    let duration = run.json(&["stats"])["duration"].as_f64().unwrap();
    let time = |part: f64| format!("{:.6}s", duration * part);
    let (half, late) = (time(0.5), time(0.9));
    for words in REPORTS {
        let [short, whole] = [false, true].map(|whole| said(&run, words, [&half, &late], whole));
        assert_eq!(short, whole, "{words:?}");
    }
}

/// A recording that counts which of its bytes were read.
struct Counting<'a> {
    recording: &'a Recording,
    bytes: Cell<u64>,
}

impl Source for Counting<'_> {
    fn read(&self, chunk: usize, bytes: &mut Vec<u8>) -> Result<(), ReplayError> {
        self.recording.read(chunk, bytes)?;
        self.bytes.set(self.bytes.get() + bytes.len() as u64);
        Ok(())
    }

    fn distrust(&self, chunk: usize) {
        self.recording.distrust(chunk);
    }

    fn outline(&self, chunk: usize) -> Outline {
        self.recording.outline(chunk)
    }
}

#[test]
fn near_the_end_of_a_long_recording_little_is_read() {
    let code = "for _ in range(1000):\n    [(n, float(n)) for n in range(4000)]\n";
    let run = Scenario::code(usual(), code).recorded();
    let recording = Recording::open(&run.file, None).unwrap();
    let at = |part: f64| {
        Point::At(memprof_wire::units::Microseconds(
            (recording.duration() * part * 1e6) as u64,
        ))
    };
    let read = |whole_replay| {
        let source = Counting {
            recording: &recording,
            bytes: Cell::new(0),
        };
        let request = Request {
            moment: Moment::Between(at(0.8), at(0.81)),
            detail: Detail::Neither,
            whole_replay,
            ..Request::default()
        };
        let profile = take(&recording, &source, &request).unwrap();
        (profile.total, profile.rows, source.bytes.get())
    };
    let (short, whole) = (read(false), read(true));
    assert_eq!((short.0, short.1), (whole.0, whole.1));
    assert!(whole.2 > 20 << 20, "{}", whole.2);
    // what was before the first restart, where all is defined, and around the span: a third, and
    // more on a machine that is busy for most of the rest
    assert!(short.2 < whole.2 / 2, "{} of {}", short.2, whole.2);
}
