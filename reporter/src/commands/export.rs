//! `memprof export`

use super::{Failure, Selection, output};
use crate::export::{collapsed, csv, json, speedscope};
use crate::profile::Profile;
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
    let (_, profile) = options.selection.profile()?;
    let path = options.selection.input.path.display().to_string();
    match &options.output {
        Some(file) => output::to_file(file, options.force, |out| {
            write(options.format, &profile, &path, out)
        }),
        None => output::to_standard_output(|out| write(options.format, &profile, &path, out)),
    }
}

fn write(format: Format, profile: &Profile, name: &str, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Collapsed => collapsed::write(profile, out),
        Format::Speedscope => speedscope::write(profile, name, out),
        Format::Csv => csv::write(profile, out),
        Format::Json => json::write(profile, out),
    }
}
