//! `memprof export`

use super::{Failure, Selection, output};
use crate::export::{collapsed, csv, gprof2dot, json, pprof, speedscope};
use crate::profile::{Profile, reached, threads, wanted_threads};
use crate::replay::{Detail, Snapshot};
use std::io::{self, Write};
use std::path::PathBuf;

/// A format of another tool, or for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One line a stack, for `flamegraph.pl` and its kin.
    Collapsed,
    /// For speedscope.
    Speedscope,
    /// One row for each stack, thread, allocator and type.
    Csv,
    /// All stacks with their frames.
    Json,
    /// A heap profile for `go tool pprof`.
    Pprof,
    /// For `gprof2dot`.
    Gprof2dot,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// What of the recording.
    pub selection: Selection,
    /// As what.
    pub format: Format,
    /// Where to; `None` for standard output.
    pub output: Option<PathBuf>,
    /// Whether a file that is there may be overwritten.
    pub force: bool,
}

/// Writes a profile for another tool.
///
/// # Errors
///
/// When the recording cannot be read, or the result not be written.
pub fn run(options: &Options) -> Result<(), Failure> {
    if options.format == Format::Pprof {
        return heap_profile(options);
    }
    let (_, profile) = options.selection.profile()?;
    let path = options.selection.input.path.display().to_string();
    match &options.output {
        Some(file) => output::to_file(file, options.force, |out| {
            write(options.format, &profile, &path, out)
        }),
        None => output::to_standard_output(|out| write(options.format, &profile, &path, out)),
    }
}

/// Writes what is alive beside what was ever allocated.
fn heap_profile(options: &Options) -> Result<(), Failure> {
    let Selection {
        input,
        moment,
        thread,
        ..
    } = &options.selection;
    let recording = input.open()?;
    let snapshot = Snapshot::new(moment.span(), Detail::Type);
    let replay = super::input::replay(&recording, snapshot)?;
    let state = reached(&replay.observer, &replay.marks)?;
    let threads = threads(&replay.definitions, recording.streams());
    let wanted = wanted_threads(&threads, thread.as_deref())?;
    let (stacks, samples) = pprof::gather(&recording, &replay, &wanted);
    let times = pprof::Times {
        start: recording.reader().started_nanoseconds(),
        duration: state.time.0 * 1000,
    };
    let write = |out: &mut dyn Write| pprof::write(&stacks, &samples, times, out);
    match &options.output {
        Some(file) => output::to_file(file, options.force, write),
        None => output::to_standard_output(write),
    }
}

fn write(format: Format, profile: &Profile, name: &str, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Collapsed => collapsed::write(profile, out),
        Format::Speedscope => speedscope::write(profile, name, out),
        Format::Csv => csv::write(profile, out),
        Format::Json => json::write(profile, out),
        Format::Gprof2dot => gprof2dot::write(profile, out),
        Format::Pprof => unreachable!("it is made from more than a profile"),
    }
}
