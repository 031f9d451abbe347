//! `memprof run --live`: records a program and watches it in the same terminal.
//!
//! The recorder is a process of its own, so that whatever becomes of the screen, the program and
//! its recording go on. What the program writes goes to a file, which is shown in a pane and
//! copied to the terminal after leaving.

use super::live::{flamegraph, require_terminal, state};
use super::{Failure, output};
use crate::live::find::open_in;
use crate::live::follow::Follower;
use crate::live::places::printable;
use crate::live::watch::{Host, watch};
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

/// Between two looks at a recorder.
const PAUSE: Duration = Duration::from_millis(20);
/// Lines of output that the pane keeps.
const LINES: usize = 10_000;

/// Runs this command again without `--live`, and watches what it records. Returns the status of
/// the program.
///
/// # Errors
///
/// When there is no terminal, or the recorder cannot be started.
pub fn run() -> Result<u8, Failure> {
    require_terminal()?;
    let log = Log::create()?;
    let mut recorder = start(&log)?;
    if let Some(path) = recording(&mut recorder) {
        let mut follower = Follower::open(&path, None)?;
        let mut screen = state(&path);
        screen.log = Some(Vec::new());
        let mut host = Here {
            path,
            log: log.reader()?,
            rest: String::new(),
        };
        // without a screen the program still runs, and its output is still shown
        if let Err(error) = watch(&mut follower, &mut host, screen) {
            output::say(format_args!("cannot use the terminal: {error}"));
        }
    }
    let status = copy_until_the_end(&log, &mut recorder)?;
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// Starts the recorder, with the words of this command line but one.
fn start(log: &Log) -> Result<Child, Failure> {
    let mut words: Vec<OsString> = env::args_os().skip(1).collect();
    // options stand before the program, so the first one is ours
    if let Some(place) = words.iter().position(|word| word == "--live") {
        words.remove(place);
    }
    let failed = |source| Failure::Write {
        path: log.path.clone(),
        source,
    };
    let (out, errors) = (log.writer().map_err(failed)?, log.writer().map_err(failed)?);
    let own = env::current_exe().map_err(Failure::Terminal)?;
    Command::new(own)
        .args(words)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(errors)
        .spawn()
        .map_err(Failure::Terminal)
}

/// Waits for the recording to begin; `None` if it is over before anybody saw it.
fn recording(recorder: &mut Child) -> Option<PathBuf> {
    while matches!(recorder.try_wait(), Ok(None)) {
        if let Some(path) = open_in(recorder.id()).pop() {
            return Some(path);
        }
        thread::sleep(PAUSE);
    }
    None
}

/// Shows what the program writes until it has ended.
fn copy_until_the_end(log: &Log, recorder: &mut Child) -> Result<ExitStatus, Failure> {
    let mut reader = log.reader()?;
    loop {
        // first whether it has ended, then what it wrote until then
        let ended = recorder.try_wait().map_err(Failure::Terminal)?;
        output::to_standard_output(|out| io::copy(&mut reader, out).map(drop))?;
        if let Some(status) = ended {
            return Ok(status);
        }
        thread::sleep(PAUSE);
    }
}

/// The file that a program's output goes to; it is removed in the end.
struct Log {
    path: PathBuf,
}

impl Log {
    fn create() -> Result<Self, Failure> {
        let name = format!("memprof-output-{}.log", std::process::id());
        let path = env::temp_dir().join(name);
        let mut options = File::options();
        options.write(true).create_new(true).mode(0o600);
        match options.open(&path) {
            Ok(_) => Ok(Self { path }),
            Err(source) => Err(Failure::Write { path, source }),
        }
    }

    /// Two of these do not overwrite one another.
    fn writer(&self) -> io::Result<File> {
        File::options().append(true).open(&self.path)
    }

    fn reader(&self) -> Result<File, Failure> {
        File::open(&self.path).map_err(|source| Failure::Write {
            path: self.path.clone(),
            source,
        })
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // a file left behind in the temporary folder harms nobody
        let _ = fs::remove_file(&self.path);
    }
}

/// The screen of a program that was started here.
struct Here {
    path: PathBuf,
    log: File,
    /// The beginning of a line that is not complete.
    rest: String,
}

impl Host for Here {
    fn flamegraph(&mut self, process: Option<u32>, elapsed: f64) -> (String, Receiver<String>) {
        flamegraph(Path::new(&self.path), process, elapsed)
    }

    fn log(&mut self, lines: &mut Vec<String>) {
        let mut bytes = Vec::new();
        // what cannot be read now may be next time
        let _ = (&mut self.log).take(1 << 20).read_to_end(&mut bytes);
        self.rest.push_str(&String::from_utf8_lossy(&bytes));
        while let Some((line, rest)) = self.rest.split_once('\n') {
            lines.push(printable(line.trim_end_matches('\r')));
            self.rest = rest.to_owned();
        }
        lines.drain(..lines.len().saturating_sub(LINES));
    }
}
