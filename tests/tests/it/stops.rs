//! Programs and recorders that stand still for a while, or for ever.

use crate::binaries::{INSTALLED, memprof};
use crate::capture::Capture;
use crate::interpreters::usual;
use crate::scenario::{Folder, Scenario};
use memprof_reporter::recording::Recording;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// More blocks than the rings have room for.
const MANY: usize = 150_000;

/// A recorded `steps.py`.
struct Steps {
    recorder: Child,
    /// Until it is closed.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    program: String,
    file: PathBuf,
    _folder: Folder,
}

impl Steps {
    fn begin() -> Self {
        let folder = Folder::new();
        let file = folder.0.join("recording.bin");
        let mut command = Scenario::script(usual(), "steps.py").recording(&file);
        command.env_remove(INSTALLED).stdin(Stdio::piped());
        let mut recorder = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut steps = Self {
            input: recorder.stdin.take(),
            output: BufReader::new(recorder.stdout.take().unwrap()),
            recorder,
            program: String::new(),
            file,
            _folder: folder,
        };
        let ready = steps.line();
        ready
            .strip_prefix("ready ")
            .unwrap()
            .clone_into(&mut steps.program);
        steps
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn ask(&mut self, blocks: usize) {
        writeln!(self.input.as_ref().unwrap(), "{blocks}").unwrap();
    }

    fn make(&mut self, blocks: usize) {
        self.ask(blocks);
        assert_eq!(self.line(), format!("made {blocks}"));
    }

    fn end(mut self) -> Self {
        drop(self.input.take());
        assert_eq!(self.line(), "done");
        self
    }

    fn recorder(&self) -> String {
        self.recorder.id().to_string()
    }
}

fn send(signal: &str, process: &str) {
    let status = Command::new("kill").args([signal, process]).status();
    assert!(status.unwrap().success());
}

fn state(process: &str) -> char {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    stat.rsplit_once(')')
        .unwrap()
        .1
        .trim()
        .chars()
        .next()
        .unwrap()
}

/// Stops a process, and waits until it stands still.
fn stop(process: &str) {
    send("-STOP", process);
    let deadline = Instant::now() + Duration::from_secs(60);
    while state(process) != 'T' {
        assert!(Instant::now() < deadline, "{process} does not stop");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_recorder_that_stands_still_loses_nothing() {
    let mut steps = Steps::begin();
    steps.make(10);
    stop(&steps.recorder());
    // there is no room for all of it: the program waits, and must go on where it was
    steps.ask(MANY);
    thread::sleep(Duration::from_millis(100));
    assert_eq!(state(&steps.recorder()), 'T');
    send("-CONT", &steps.recorder());
    assert_eq!(steps.line(), format!("made {MANY}"));
    let mut steps = steps.end();
    assert!(steps.recorder.wait().unwrap().success());
    let capture = Capture::read(&steps.file);
    assert!(capture.complete && capture.lost == 0);
    assert_eq!(capture.of_size(70_002).len(), MANY + 10);
}

#[test]
fn a_program_goes_on_when_a_recorder_that_stands_still_is_killed() {
    let mut steps = Steps::begin();
    steps.make(10);
    stop(&steps.recorder());
    steps.ask(MANY);
    send("-KILL", &steps.recorder());
    assert_eq!(steps.line(), format!("made {MANY}"));
    let mut steps = steps.end();
    steps.recorder.wait().unwrap();
    let mut rest = String::new();
    steps.output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
    assert!(
        !Recording::open(&steps.file, None)
            .unwrap()
            .condition()
            .complete
    );
}

#[test]
fn a_program_that_is_stopped_and_continued_is_recorded_on() {
    let mut steps = Steps::begin();
    steps.make(10);
    stop(&steps.program);
    // nobody asked the recorder to stop
    assert_ne!(state(&steps.recorder()), 'T');
    send("-CONT", &steps.program);
    steps.make(20);
    let mut steps = steps.end();
    assert!(steps.recorder.wait().unwrap().success());
    let capture = Capture::read(&steps.file);
    assert!(capture.complete);
    assert_eq!(capture.of_size(70_002).len(), 30);
}

/// What happens when the machine sleeps, except that the clock of a recording, which counts only
/// while the machine is awake, goes on here.
#[test]
fn time_goes_forwards_across_a_pause_of_everything() {
    const PAUSE: Duration = Duration::from_millis(700);
    let mut steps = Steps::begin();
    steps.make(10);
    stop(&steps.program);
    stop(&steps.recorder());
    thread::sleep(PAUSE);
    send("-CONT", &steps.program);
    steps.make(20);
    send("-CONT", &steps.recorder());
    let mut steps = steps.end();
    assert!(steps.recorder.wait().unwrap().success());

    let mut events = Command::new(memprof());
    events.args(["events", "--all"]).arg(&steps.file);
    let output = crate::scenario::finish(events, b"");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let times: Vec<f64> = lines.filter_map(|event| event["t"].as_f64()).collect();
    assert!(times.is_sorted(), "time goes backwards");
    let recording = Recording::open(&steps.file, None).unwrap();
    assert!(recording.condition().complete);
    let duration = recording.duration();
    assert!(
        duration > PAUSE.as_secs_f64() && duration < 100.0,
        "{duration}"
    );
    assert!(times.iter().all(|&time| time <= duration), "{duration}");
}
