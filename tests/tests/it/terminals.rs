//! Programs on a terminal: keys, job control, and the end of the terminal itself.

use crate::capture::Capture;
use crate::interpreters::usual;
use crate::programs::source;
use crate::scenario::{Folder, Scenario, finish};
use memprof_recorder::capture::Ending;
use memprof_reporter::recording::Recording;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// What became of a program on a terminal.
struct Session {
    /// How the command ended: the exit status, or a signal as a negative number.
    ended: i64,
    /// What else `terminal.py` tells of it.
    detail: Value,
    file: PathBuf,
    _folder: Folder,
}

impl Session {
    /// Does as a person would, with a recorded program on the terminal.
    fn of(way: &str, scenario: &Scenario) -> Self {
        let folder = Folder::new();
        let file = folder.0.join("recording.bin");
        let recording = scenario.recording(&file);
        let mut command = Command::new(&usual().path);
        command.arg(source("terminal.py")).arg(way);
        command.arg(recording.get_program());
        command.args(recording.get_args()).current_dir(&folder.0);
        let output = finish(command, b"");
        assert!(output.status.success(), "{way}: {output:?}");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        Self {
            ended: told[0].as_i64().unwrap_or_else(|| panic!("{way}: {told}")),
            detail: told[1].clone(),
            file,
            _folder: folder,
        }
    }

    /// How the recording says that the program ended; all of it must be there.
    fn ending(&self) -> Ending {
        let recording = Recording::open(&self.file, None).unwrap();
        let ending = recording.reader().ending().cloned().unwrap();
        assert!(ending.complete, "{ending:?}");
        Capture::read(&self.file).only(500_010);
        ending
    }
}

fn waiting() -> Scenario {
    Scenario::script(usual(), "waits.py")
}

/// A program that leaves every signal as it is.
fn sleeping() -> Scenario {
    let code = "import os, time\nblock = bytearray(500_009)\nprint('ready', os.getpid(), flush=True)\ntime.sleep(1000)";
    Scenario::code(usual(), code)
}

#[test]
fn an_interrupt_from_the_keyboard_reaches_the_program_once_and_it_decides() {
    let session = Session::of("interrupt", &waiting());
    assert_eq!((session.ended, &session.detail), (0, &1.into()));
    let ending = session.ending();
    assert_eq!((ending.status, ending.signal), (Some(0), None));
    Capture::read(&session.file).only(500_030);

    let session = Session::of("interrupted", &sleeping());
    assert_eq!((session.ended, &session.detail), (-2, &1.into()));
    assert_eq!(session.ending().signal, Some(2));

    let session = Session::of("quit", &sleeping());
    assert_eq!(session.ended, -3);
    assert_eq!(session.ending().signal, Some(3));
}

#[test]
fn a_recording_is_whole_when_its_terminal_is_closed() {
    let session = Session::of("close", &sleeping());
    assert_eq!((session.ended, session.ending().signal), (-1, Some(1)));
    let mut info = Command::new(crate::binaries::memprof());
    info.arg("info").arg(&session.file);
    let text = String::from_utf8(finish(info, b"").stdout).unwrap();
    assert!(text.contains("killed by signal 1 (SIGHUP)"), "{text}");

    let session = Session::of("close_shell", &sleeping());
    assert_eq!((session.ended, session.ending().signal), (0, Some(1)));
}

#[test]
fn a_job_can_be_stopped_and_taken_up_again_by_its_shell() {
    let session = Session::of("job", &waiting());
    assert_eq!((session.ended, &session.detail), (0, &"TT".into()));
    let ending = session.ending();
    assert_eq!((ending.status, ending.signal), (Some(0), None));
    Capture::read(&session.file).only(500_030);
}
