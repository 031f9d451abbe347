//! What a command can fail with, as one line each.

use crate::live::find::NotFound;
use crate::profile::ProfileError;
use crate::recording::RecordingError;
use crate::replay::ReplayError;
use crate::report::leaks::NoSuppressions;
use crate::report::measure::Seconds;
use memprof_recorder::RecordError;
use memprof_recorder::outside::OutsideError;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a command could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The recording cannot be opened.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The recording cannot be read.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The program cannot be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// There is nothing to watch.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// A program that runs cannot be asked.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// A program did nothing for so long that nobody waits any longer.
    #[error(
        "process {process} ran no Python code for {}: the request was taken back; --wait TIME \
         waits longer",
        Seconds(wait.as_secs_f64())
    )]
    Idle {
        /// The process.
        process: u32,
        /// For how long.
        wait: Duration,
    },
    /// There is no terminal to draw on.
    #[error(
        "this needs a terminal: run it in one, or look at the recording with `memprof table --at end`"
    )]
    NoTerminal,
    /// The terminal cannot be drawn on.
    #[error("cannot use the terminal: {0}")]
    Terminal(io::Error),
    /// What is to be left out is not known.
    #[error(transparent)]
    Suppressions(#[from] NoSuppressions),
    /// There is no answer to what was asked.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Something is to be written into a recording that is not finished.
    #[error("{0} is still being recorded: wait until the program has ended")]
    StillRecording(PathBuf),
    /// The result is there already.
    #[error("{0} exists already: choose another name with -o, or overwrite it with --force")]
    Exists(PathBuf),
    /// The result cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// Where to.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Standard output is gone in a way that is no broken pipe.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
}
