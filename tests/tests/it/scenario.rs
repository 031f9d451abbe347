//! A program to be run, bare or recorded.

use crate::binaries::{INSTALLED, memprof};
use crate::capture::Capture;
use crate::interpreters::Interpreter;
use crate::programs::{scratch, source};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

/// No program here takes so long; one that does hangs.
const PATIENCE: Duration = Duration::from_secs(150);

/// What is to be run, and how.
#[derive(Clone, Debug, Default)]
pub struct Scenario {
    program: OsString,
    arguments: Vec<OsString>,
    options: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    input: Vec<u8>,
}

/// What became of it.
#[derive(Debug)]
pub struct Run {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote.
    pub stdout: String,
    /// What it, or memprof, wrote to standard error.
    pub stderr: String,
    /// The recording.
    pub file: PathBuf,
    folder: Folder,
}

impl Scenario {
    /// Of any executable.
    pub fn program(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            ..Self::default()
        }
    }

    /// Of a script in `programs/`.
    pub fn script(interpreter: &Interpreter, name: &str) -> Self {
        Self::program(&interpreter.path).argument(source(name))
    }

    /// Of some lines of Python.
    pub fn code(interpreter: &Interpreter, code: &str) -> Self {
        Self::program(&interpreter.path)
            .argument("-c")
            .argument(code)
    }

    /// With one more argument of the program.
    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// With one more option of `memprof run`.
    pub fn option(mut self, option: impl AsRef<OsStr>) -> Self {
        self.options.push(option.as_ref().to_owned());
        self
    }

    /// With an environment variable.
    pub fn environment(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment
            .push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// With something to read on the standard input.
    pub fn input(mut self, input: &str) -> Self {
        self.input = input.into();
        self
    }

    /// Runs it without memprof, in an empty folder.
    pub fn bare(&self) -> Run {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        self.run(command, Folder::new())
    }

    /// Runs it under `memprof run`, in an empty folder.
    pub fn record(&self) -> Run {
        let folder = Folder::new();
        let command = self.recording(&folder.0.join("recording.bin"));
        self.run(command, folder)
    }

    /// Runs it recorded, and makes sure that it succeeded.
    pub fn recorded(&self) -> Run {
        let run = self.record();
        assert!(
            run.status.success(),
            "{} ended with {}: {}{}",
            self.program.display(),
            run.status,
            run.stdout,
            run.stderr
        );
        run
    }

    /// The command that records it.
    pub fn recording(&self, file: &Path) -> Command {
        let mut command = Command::new(memprof());
        command.args(["run", "-q", "-o"]).arg(file);
        command.args(&self.options).arg("--").arg(&self.program);
        command.args(&self.arguments);
        command
    }

    fn run(&self, mut command: Command, folder: Folder) -> Run {
        command
            .current_dir(&folder.0)
            .envs(self.environment.iter().cloned());
        let Output {
            status,
            stdout,
            stderr,
        } = finish(command, &self.input);
        Run {
            status,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            file: folder.0.join("recording.bin"),
            folder,
        }
    }
}

impl Run {
    /// Everything that was recorded.
    pub fn capture(&self) -> Capture {
        Capture::read(&self.file)
    }

    /// The folder that it ran in.
    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// What a report prints about it: `report(&["stats", "--json"])`.
    pub fn report(&self, words: &[&str]) -> String {
        let mut command = Command::new(memprof());
        command
            .args(words)
            .arg(&self.file)
            .current_dir(&self.folder.0);
        let output = finish(command, &[]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "memprof {words:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a report says about it, by its `--json`.
    pub fn json(&self, words: &[&str]) -> serde_json::Value {
        let text = self.report(&[words, &["--json"]].concat());
        serde_json::from_str(&text).unwrap()
    }

    /// What a command that knows nothing but JSON prints about it.
    pub fn json_of(&self, words: &[&str]) -> serde_json::Value {
        serde_json::from_str(&self.report(words)).unwrap()
    }

    /// Lines of the program's standard output, in words.
    pub fn words(&self) -> Vec<Vec<&str>> {
        let lines = self.stdout.lines();
        lines
            .map(|line| line.split_whitespace().collect())
            .collect()
    }
}

/// Runs a command to its end.
pub fn finish(mut command: Command, input: &[u8]) -> Output {
    let child = command
        .env_remove(INSTALLED)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    wait(child, input, &format!("{command:?}"))
}

/// Waits for a child, not for ever.
fn wait(mut child: Child, input: &[u8], name: &str) -> Output {
    let process = child.id().to_string();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // a program that reads nothing breaks the pipe, and may
    thread::spawn(move || stdin.write_all(&input));
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(PATIENCE) else {
        let _ = Command::new("kill").args(["-9", &process]).status();
        panic!("{name} hangs");
    };
    output.unwrap()
}

/// Fails where two texts are not the same, and shows the first line that is another.
pub fn assert_same_text(recorded: &str, bare: &str, what: &dyn std::fmt::Debug) {
    for (recorded, bare) in recorded.lines().zip(bare.lines()) {
        assert_eq!(recorded, bare, "recorded and bare: {what:?}");
    }
    assert_eq!(recorded, bare, "recorded and bare: {what:?}");
}

/// An empty folder that goes away, unless a test fails and somebody wants to look.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    /// Of a name that no other has.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = scratch().join(format!("run-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
