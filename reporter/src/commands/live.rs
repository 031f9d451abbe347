//! `memprof live`

use super::Failure;
use crate::live::find::find;
use crate::live::follow::Follower;
use crate::live::state::State;
use crate::live::watch::{Host, watch};
use memprof_recorder::capture::{CaptureReader, ImageStart};
use std::env;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A file, the number of a process, or nothing for the newest recording that runs.
    pub recording: Option<String>,
    /// The only process to look at, where it is not all.
    pub process: Option<u32>,
}

/// Watches a recording until the user leaves.
///
/// # Errors
///
/// When there is no terminal or nothing to watch.
pub fn run(options: &Options) -> Result<(), Failure> {
    let folder = env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let path = find(options.recording.as_deref(), &folder)?;
    let process = options.process.or_else(|| child(options, &path));
    let mut follower = Follower::open(&path, process)?;
    require_terminal()?;
    let mut host = Beside { path: path.clone() };
    watch(&mut follower, &mut host, state(&path)).map_err(Failure::Terminal)
}

/// The process that was named in place of a file, if it is one of those that the program started.
fn child(options: &Options, path: &Path) -> Option<u32> {
    let process = options.recording.as_ref()?.parse().ok()?;
    let reader = CaptureReader::open(path).ok()?;
    let mut others = reader.images().iter();
    let is_child = |image: &ImageStart| image.process == process && process != reader.facts().root;
    others.any(is_child).then_some(process)
}

/// Makes sure that there is a terminal to draw on.
///
/// # Errors
///
/// When there is none.
pub fn require_terminal() -> Result<(), Failure> {
    if io::stdout().is_terminal() && io::stdin().is_terminal() {
        Ok(())
    } else {
        Err(Failure::NoTerminal)
    }
}

/// The screen of a recording before anything was read.
pub fn state(path: &Path) -> State {
    State {
        file: path.display().to_string(),
        colour: env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        ..State::default()
    }
}

/// Another program's terminal is another one.
struct Beside {
    path: PathBuf,
}

impl Host for Beside {
    fn flamegraph(&mut self, process: Option<u32>, elapsed: f64) -> (String, Receiver<String>) {
        flamegraph(&self.path, process, elapsed)
    }

    fn log(&mut self, _: &mut Vec<String>) {}
}

/// Begins to write a flame graph of what is recorded so far, says where it will be, and later
/// whether it is there.
pub fn flamegraph(
    recording: &Path,
    process: Option<u32>,
    elapsed: f64,
) -> (String, Receiver<String>) {
    let (tell, later) = mpsc::channel();
    let stem = recording.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.strip_prefix("memprof-").unwrap_or(&stem);
    let page = format!("memprof-flamegraph-{stem}-{elapsed:.1}s.html");
    let begun = env::current_exe().and_then(|own| {
        Command::new(own)
            .arg("flamegraph")
            .args(process.map(|process| format!("--process={process}")))
            .args(["-o", &page])
            .arg(recording)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    });
    match begun {
        Ok(mut child) => {
            let now = format!("a flame graph of the peak is being written to {page}");
            thread::spawn(move || {
                let said = match child.wait() {
                    Ok(status) if status.success() => format!("the flame graph is in {page}"),
                    _ => format!("{page} could not be written: see memprof flamegraph"),
                };
                // whoever has left the screen does not hear it
                let _ = tell.send(said);
            });
            (now, later)
        }
        Err(error) => (format!("no flame graph can be written: {error}"), later),
    }
}
