//! Whole recordings of small programs. The library that is preloaded here is the C library, which
//! every program has anyway: how the programs are started and how they end does not depend on
//! what is recorded.

use super::{Options, Outcome, RecordError, default_output, record};
use crate::capture::{CaptureReader, Completeness};
use crate::folder::Folder;
use crate::launch::{Launch, LaunchError, Target, pipe_was_ignored};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

impl Folder {
    /// How to record a line of shell.
    fn shell(&self, script: &str) -> Options {
        let arguments = vec![
            OsString::from("-c"),
            script.replace("$F", &self.text()).into(),
        ];
        Options {
            launch: Launch {
                target: Target::Program("sh".into()),
                arguments,
                python: None,
            },
            output: Some(self.file("out.bin")),
            force: false,
            native: Some(false),
            python_allocators: true,
            follow_children: false,
            types: false,
            library: Some(c_library()),
        }
    }

    fn text(&self) -> String {
        self.path().to_string_lossy().into_owned()
    }

    fn record(&self, script: &str) -> Outcome {
        record(&self.shell(script), |_| ()).expect("a shell can be recorded")
    }
}

fn c_library() -> PathBuf {
    let maps = fs::read_to_string("/proc/self/maps").expect("it is there");
    let line = maps
        .lines()
        .find(|line| line.ends_with("/libc.so.6"))
        .expect("it is linked");
    let path = line.find('/').map(|place| &line[place..]);
    PathBuf::from(path.expect("it ends with a path"))
}

#[test]
fn the_exit_status_is_the_programs() {
    let folder = Folder::new();
    let outcome = folder.record("exit 7");
    assert_eq!(
        (outcome.ending.status, outcome.ending.signal),
        (Some(7), None)
    );
    assert_eq!(outcome.name, "sh");
    assert!(outcome.max_resident > 100 << 10, "{outcome:?}");
    let reader = CaptureReader::open(&outcome.path).expect("it is whole");
    assert_eq!(reader.facts().root, outcome.process);
    assert_eq!(reader.facts().command, ["sh", "-c", "exit 7"]);
    assert_eq!(reader.ending(), Some(&outcome.ending));
    // Nothing attached, which must never look like a program without allocations.
    let Completeness::CutShort { reason } = reader.completeness() else {
        panic!("{:?}", reader.completeness());
    };
    assert!(
        reason.starts_with("not attached: the preloaded library never ran"),
        "{reason}"
    );
}

#[test]
fn a_signal_that_kills_is_told() {
    let folder = Folder::new();
    let outcome = folder.record("kill -KILL $$");
    assert_eq!(
        (outcome.ending.status, outcome.ending.signal),
        (None, Some(libc::SIGKILL))
    );
}

#[test]
fn a_program_does_not_begin_when_its_output_cannot() {
    let folder = Folder::new();
    fs::write(folder.file("out.bin"), "dear to somebody").expect("it is writable");
    let options = folder.shell("echo > $F/ran");
    let error = record(&options, |_| ()).expect_err("the output is there");
    assert!(error.to_string().contains("--force"), "{error}");
    assert!(!folder.file("ran").exists());
    let content = fs::read(folder.file("out.bin")).expect("it is there");
    assert_eq!(content, b"dear to somebody");
    let forced = Options {
        force: true,
        ..options
    };
    record(&forced, |_| ()).expect("it may be overwritten");
    assert!(folder.file("ran").exists());
}

#[test]
fn a_program_that_cannot_begin_leaves_no_file() {
    let folder = Folder::new();
    let mut options = folder.shell("exit 0");
    // More than the system takes.
    options.launch.arguments = vec![OsString::from("x".repeat(8 << 20))];
    let error = record(&options, |_| ()).expect_err("it is too much");
    assert!(
        matches!(error, RecordError::Launch(LaunchError::System { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("too long"), "{error}");
    assert!(!folder.file("out.bin").exists());
}

#[test]
fn the_environment_is_as_it_was_but_for_two_variables() {
    let folder = Folder::new();
    // env sorts nothing, so this is what the program got.
    folder.record("exec env -0 > $F/env");
    let bytes = fs::read(folder.file("env")).expect("it was written");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let found: Vec<&str> = text.split_terminator('\0').collect();
    let preload = format!("LD_PRELOAD={}", c_library().display());
    assert!(found.contains(&preload.as_str()), "{found:?}");
    let session = found
        .iter()
        .find(|text| text.starts_with("MEMPROF_SESSION=/proc/"));
    assert!(session.is_some(), "{found:?}");
    for (name, value) in std::env::vars() {
        // Some shells note these for themselves.
        if !["_", "PWD", "OLDPWD", "SHLVL"].contains(&name.as_str()) {
            assert!(
                found.contains(&format!("{name}={value}").as_str()),
                "{name} is not there"
            );
        }
    }
}

#[test]
fn a_signal_to_the_recorder_reaches_the_program() {
    let folder = Folder::new();
    let options = folder.shell("trap 'exit 5' TERM; echo > $F/ready; while :; do sleep 0.01; done");
    let ready = folder.file("ready");
    // SAFETY: the call takes nothing and touches no memory.
    let recorder = unsafe { libc::pthread_self() };
    let outcome = record(&options, |_| {
        thread::spawn(move || {
            while !ready.exists() {
                thread::yield_now();
            }
            // SAFETY: that thread waits for this program, so it is alive.
            unsafe { libc::pthread_kill(recorder, libc::SIGTERM) };
        });
    });
    let ending = outcome.expect("a shell can be recorded").ending;
    assert_eq!((ending.status, ending.signal), (Some(5), None));
}

#[test]
fn signals_are_as_they_were_in_the_program() {
    let folder = Folder::new();
    folder.record("grep Sig /proc/self/status > $F/signals");
    let inside = fs::read_to_string(folder.file("signals")).expect("it was written");
    let field = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let digits = line.expect("the kernel tells it").trim();
        u64::from_str_radix(digits, 16).expect("it is a number")
    };
    let outside = fs::read_to_string("/proc/thread-self/status").expect("it is there");
    assert_eq!(field(&inside, "SigBlk:"), field(&outside, "SigBlk:"));
    // This process ignores SIGPIPE, as all of Rust does, whatever its parent did.
    let pipe = 1 << (libc::SIGPIPE - 1);
    let inherited = if pipe_was_ignored() { pipe } else { 0 };
    // What a recording ignores for itself; one that another test makes is seen here too.
    let own = 1 << (libc::SIGXFSZ - 1);
    let expected = field(&outside, "SigIgn:") & !pipe & !own | inherited;
    assert_eq!(field(&inside, "SigIgn:") & !own, expected);
}

#[test]
fn outputs_are_named_after_what_runs() {
    assert_eq!(
        default_output("work.py", 12),
        Path::new("memprof-work.py.12.bin")
    );
}
