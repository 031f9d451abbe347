//! However a program ends, its recording is whole and says how it ended.

use crate::capture::Capture;
use crate::interpreters::usual;
use crate::programs::source;
use crate::scenario::{Folder, Scenario, finish};
use memprof_recorder::capture::Ending;
use memprof_reporter::recording::Recording;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn ending(file: &Path) -> Ending {
    let recording = Recording::open(file, None).unwrap();
    recording.reader().ending().cloned().unwrap()
}

#[test]
fn a_recording_holds_everything_up_to_the_last_event_whatever_ends_the_program() {
    let ways = [
        ("SIGKILL", None, Some(9)),
        ("SIGTERM", None, Some(15)),
        ("SIGSEGV", None, Some(11)),
        ("SIGINT", None, Some(2)),
        ("segfault", None, Some(11)),
        ("abort", None, Some(6)),
        ("_exit", Some(5), None),
        ("exit_from_c", Some(11), None),
        ("exception", Some(1), None),
        ("sys_exit", Some(7), None),
        ("message", Some(1), None),
        ("nothing", Some(0), None),
    ];
    for (way, status, signal) in ways {
        let scenario = Scenario::script(usual(), "endings.py").argument(way);
        let (bare, run) = (scenario.bare(), scenario.record());
        assert_eq!(run.status.code(), status, "{way}: {run:?}");
        assert_eq!(
            (
                run.status.code(),
                std::os::unix::process::ExitStatusExt::signal(&run.status)
            ),
            (
                bare.status.code(),
                std::os::unix::process::ExitStatusExt::signal(&bare.status)
            ),
        );
        assert_eq!(
            (&run.stdout, &run.stderr),
            (&bare.stdout, &bare.stderr),
            "{way}"
        );
        let capture = run.capture();
        capture.only(500_010);
        let ending = ending(&run.file);
        assert_eq!((ending.status, ending.signal), (status, signal), "{way}");
        assert!(ending.complete, "{way}: {ending:?}");
        assert_eq!(ending.how, if signal.is_some() { "signal" } else { "exit" });
        assert_eq!(run.json(&["stats"])["complete"], true);
    }
}

/// A recorded `waits.py`, once it is ready; and its process.
fn waiting(file: &Path) -> (Child, BufReader<std::process::ChildStdout>, String) {
    let mut command = Command::new(crate::binaries::memprof());
    command.args(["run", "-q", "-o"]).arg(file).arg("--");
    command.arg(&usual().path).arg(source("waits.py"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let process = line.trim().strip_prefix("ready ").unwrap().to_owned();
    (child, output, process)
}

fn kill(signal: &str, process: &str) {
    let status = Command::new("kill").args([signal, process]).status();
    assert!(status.unwrap().success());
}

#[test]
fn signals_for_memprof_reach_the_program() {
    let folder = Folder::new();
    let file = folder.0.join("recording.bin");
    let (mut child, mut output, _) = waiting(&file);
    for (name, number) in [("-TERM", 15), ("-HUP", 1), ("-USR1", 10), ("-USR2", 12)] {
        kill(name, &child.id().to_string());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, format!("got {number}\n"));
    }
    drop(child.stdin.take());
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "done\n");
    assert!(child.wait().unwrap().success());
    Capture::read(&file).only(500_030);
}

#[test]
fn a_program_goes_on_when_its_recorder_is_killed_and_the_file_stays_readable() {
    let folder = Folder::new();
    let file = folder.0.join("recording.bin");
    let (mut child, mut output, _) = waiting(&file);
    // what was allocated before is written out while the program waits
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while Recording::open(&file, None).is_err() || Capture::read(&file).of_size(500_010).is_empty()
    {
        assert!(std::time::Instant::now() < deadline, "it is not written");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // waiting for a child closes its input
    let mut stdin = child.stdin.take().unwrap();
    kill("-KILL", &child.id().to_string());
    child.wait().unwrap();
    stdin.write_all(b"x").unwrap();
    drop(stdin);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "done\n", "the program went on");
    let capture = Capture::read(&file);
    capture.only(500_010);
    assert_eq!(capture.of_size(500_030), []);
    assert!(!capture.complete);
    let mut stats = Command::new(crate::binaries::memprof());
    stats.args(["stats", "--json"]).arg(&file);
    let output = finish(stats, b"");
    assert!(output.status.success());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with("memprof: this recording is incomplete: "),
        "{stderr}"
    );
    let stats: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(stats["complete"], false);
}

#[test]
fn a_recording_that_goes_on_can_be_read() {
    let folder = Folder::new();
    let file = folder.0.join("recording.bin");
    let (mut child, _output, process) = waiting(&file);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while Recording::open(&file, None).is_err() || Capture::read(&file).of_size(500_010).is_empty()
    {
        assert!(std::time::Instant::now() < deadline, "it is not written");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let capture = Capture::read(&file);
    assert!(!capture.complete);
    assert_eq!(capture.threads[0].process.to_string(), process);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    assert!(Capture::read(&file).complete);
}
