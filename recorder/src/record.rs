//! [`record`]: a whole recording, from the command line to the finished file.

mod facts;

#[cfg(test)]
mod tests;

use crate::capture::{CaptureError, CaptureWriter, Ending};
use crate::clock::Clock;
use crate::drain::{Drain, Drained};
use crate::launch::{self, CommandLine, Exit, Launch, LaunchError, Library, Signals};
use crate::observe::{Deaths, MemoryGroup};
use crate::process::Process;
use crate::session::{Session, hold_recorder_lock};
use crate::sources::Sources;
use crate::stack_limit::stack_limit;
use crate::writer::Writer;
use crossbeam_channel::bounded;
use memprof_wire::session::{FILE_BYTES, RINGS, SessionPage, option};
use std::env;
use std::io::{self, PipeReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, SystemTime};

/// An environment variable for tests: `1` has each native stack walked, and nothing kept for the next.
pub const WALK_EACH: &str = "MEMPROF_WALK_EACH";

/// What to record, and how.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Options {
    /// The program.
    pub launch: Launch,
    /// The capture; `None` for `memprof-NAME.PID.bin` in the current folder.
    pub output: Option<PathBuf>,
    /// Whether a file that is there may be overwritten.
    pub force: bool,
    /// Record native stacks; `None` to do so unless the program is a Python interpreter.
    pub native: Option<bool>,
    /// Record the allocators of `CPython`.
    pub python_allocators: bool,
    /// Record child processes too.
    pub follow_children: bool,
    /// Record the types of objects.
    pub types: bool,
    /// The library to preload; `None` to look for it where it is installed.
    pub library: Option<PathBuf>,
}

/// A recording that has begun.
#[derive(Clone, Debug)]
pub struct Started {
    /// The process of the program.
    pub process: u32,
    /// What the recording is called: the script, module or executable.
    pub name: String,
    /// The capture.
    pub path: PathBuf,
}

/// A recording that has ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The process of the program.
    pub process: u32,
    /// What the recording is called.
    pub name: String,
    /// The capture.
    pub path: PathBuf,
    /// How it ended, as it stands in the capture.
    pub ending: Ending,
    /// How long it took.
    pub duration: Duration,
    /// The most memory that was resident at a time, in bytes, as the kernel counted it.
    pub max_resident: u64,
}

impl Outcome {
    /// Ends this process as the program ended: with its exit status, or by the same signal.
    pub fn end_like_the_program(&self) -> ! {
        launch::end_like(self.ending.status, self.ending.signal)
    }
}

/// Why nothing was recorded; the program did not begin.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The program cannot be started, or not be recorded.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The capture cannot be written.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The system refused something that a recording needs.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: io::Error,
    },
}

/// Records a program and returns when it has ended (and its children, if they are followed).
/// `on_started` is called when it has begun.
///
/// To be called by the main thread before there are others: it holds the process's signals back
/// while the program runs.
///
/// # Errors
///
/// When the program did not begin. Whatever goes wrong later is told by [`Outcome::ending`].
pub fn record(
    options: &Options,
    on_started: impl FnOnce(&Started),
) -> Result<Outcome, RecordError> {
    let line = options.launch.resolve()?;
    let library = Library::find(options.library.as_deref())?;
    let signals = Signals::take().map_err(system("take the signals over"))?;
    let native = options.native.unwrap_or(!line.is_python);
    let session = Session::create(bits(options, native)).map_err(|source| {
        let action = match source.raw_os_error() {
            Some(libc::EFBIG) => {
                "make the shared memory, which the limit for file sizes (ulimit -f) forbids"
            }
            _ => "make the shared memory",
        };
        RecordError::System { action, source }
    })?;
    let limit = stack_limit();
    session.page().stack_limit.store(limit, Ordering::Relaxed);
    let session = Arc::new(session);
    let (clock, began) = (Clock::start(), SystemTime::now());

    // The thread is there before the program, because its end is what tells the program that
    // nobody listens any more.
    let (begin, beginning) = bounded::<(Writer, Process, PipeReader)>(1);
    let (over, at_end) = io::pipe().map_err(system("make a pipe"))?;
    let for_thread = Arc::clone(&session);
    let draining = thread::Builder::new()
        .name("memprof-drain".into())
        .spawn(move || {
            let _closed_at_the_end = at_end;
            hold_recorder_lock(for_thread.page());
            let (writer, root, stop) = beginning.recv().ok()?;
            Some(Drain::new(for_thread, writer, clock, root, stop).run())
        });
    let draining = draining.map_err(system("start a thread"))?;

    let mut prepared = None;
    let started = launch::start(&line, &library, &session.path(), &signals, |process| {
        prepared = Some(prepare(process, &line, options, native, &session)?);
        Ok::<(), RecordError>(())
    });
    let (process, writer, path) = match (started, prepared) {
        (Ok(process), Some((writer, path))) => (process, writer, path),
        (Err(error), Some((writer, _))) => {
            writer.finish().abandon();
            return Err(error);
        }
        (Err(error), None) => return Err(error),
        (Ok(_), None) => unreachable!("no program begins before its recording is prepared"),
    };
    let mut root = Process::watch(process);
    let group = MemoryGroup::of(process);
    let (stop, mut stopper) = io::pipe()
        .map(|(end, stop)| (end, Some(stop)))
        .map_err(system("make a pipe"))?;
    // The thread waits for exactly this.
    let _ = begin.send((writer, Process::watch(process), stop));
    on_started(&Started {
        process,
        name: line.name.clone(),
        path: path.clone(),
    });

    launch::wait(&mut root, &signals);
    launch::wait_for(&over, &signals, || {
        // Without children the rest is a matter of milliseconds; a second signal from a terminal that
        // was closed must not make it an end too soon.
        if options.follow_children {
            drop(stopper.take());
        }
    });
    let drained = draining
        .join()
        .expect("a panic of that thread would have ended the process");
    let drained = drained.expect("it was told to begin");
    let exit = launch::reap(process);
    let duration = clock.elapsed();
    let ending = ending(&drained, exit, duration, session.page(), group.deaths());
    let folder = env::current_dir().unwrap_or_default();
    let folder = folder.as_path();
    Sources { folder, began }.write(&drained.sources, clock.now(), &drained.writer);
    let ending = drained.writer.finish().finish(&ending);
    let CommandLine { name, .. } = line;
    Ok(Outcome {
        process,
        name,
        path,
        ending,
        duration,
        max_resident: exit.max_resident,
    })
}

/// Makes the capture while the program waits to begin.
fn prepare(
    process: u32,
    line: &CommandLine,
    options: &Options,
    native: bool,
    session: &Session,
) -> Result<(Writer, PathBuf), RecordError> {
    session.page().root.store(process, Ordering::Release);
    let path = match &options.output {
        Some(path) => path.clone(),
        None => default_output(&line.name, process),
    };
    let facts = facts::gather(process, line, options, native);
    let capture = CaptureWriter::create(&path, &facts, options.force)?;
    let writer = Writer::start(capture).map_err(system("start a thread"))?;
    Ok((writer, path))
}

fn default_output(name: &str, process: u32) -> PathBuf {
    Path::new(&format!("memprof-{}.{process}.bin", name.replace('/', "-"))).to_owned()
}

fn bits(options: &Options, native: bool) -> u32 {
    [
        (native, option::NATIVE),
        (options.python_allocators, option::PYTHON_ALLOCATORS),
        (options.follow_children, option::FOLLOW_CHILDREN),
        (options.types, option::TYPES),
        (
            env::var_os(WALK_EACH).is_some_and(|it| it == "1"),
            option::WALK_EACH,
        ),
    ]
    .into_iter()
    .filter_map(|(wanted, bit)| wanted.then_some(bit))
    .sum()
}

fn ending(
    drained: &Drained,
    exit: Exit,
    duration: Duration,
    page: &SessionPage,
    deaths: Deaths,
) -> Ending {
    let threads_refused = page.threads_refused.load(Ordering::Relaxed);
    let threads_confined = page.threads_confined.load(Ordering::Relaxed);
    let why_not = if drained.images == 0 {
        Some(("not attached", why_nothing_attached().to_owned()))
    } else if drained.stopped {
        let note = "it was told to stop while processes of the program were running".to_owned();
        Some(("recorder stopped", note))
    } else if drained.damaged {
        let note = "the program wrote over memory that it shares with the recorder".to_owned();
        Some(("damaged", note))
    } else if drained.lost > 0 {
        Some((
            "events lost",
            format!("{} events found no room", drained.lost),
        ))
    } else if threads_refused > 0 {
        let note = format!(
            "{threads_refused} threads found no room beside others: there is some for {RINGS}, and for \
             fewer where addresses are limited (ulimit -v)"
        );
        Some(("threads refused", note))
    } else if threads_confined > 0 {
        let who = match threads_confined {
            1 => "a thread".to_owned(),
            several => format!("{several} threads"),
        };
        let note = format!("{who} entered seccomp's strict mode: what came after that is missing");
        Some(("threads confined", note))
    } else {
        None
    };
    let natural = if exit.signal.is_some() {
        "signal"
    } else {
        "exit"
    };
    Ending {
        complete: why_not.is_none(),
        how: why_not.as_ref().map_or(natural, |(how, _)| how).to_owned(),
        status: exit.status,
        signal: exit.signal,
        duration: duration.as_secs_f64(),
        lost: drained.lost,
        threads_refused,
        frames_merged: page.frames_merged.load(Ordering::Relaxed),
        killed_for_memory: deaths.in_group,
        killed_for_memory_in_system: deaths.in_system,
        memory_limit: deaths.limit,
        note: why_not.map(|(_, note)| note),
        ..Ending::default()
    }
}

fn why_nothing_attached() -> &'static str {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure outlives the call.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) };
    if result == 0 && limit.rlim_cur < 2 * FILE_BYTES as u64 {
        "the limit for addresses (ulimit -v) leaves the preloaded library no room"
    } else {
        "the preloaded library never ran in the program"
    }
}

fn system(action: &'static str) -> impl FnOnce(io::Error) -> RecordError {
    move |source| RecordError::System { action, source }
}
