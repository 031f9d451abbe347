//! `memprof stats`

use super::{Failure, Input, input, output};
use crate::replay::Sizes;
use crate::report::stats::Stats;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The recording.
    pub input: Input,
    /// As JSON.
    pub json: bool,
    /// How many lines are shown of those that allocated most.
    pub top: usize,
}

/// Prints the recording in numbers.
///
/// # Errors
///
/// When the recording cannot be read.
pub fn run(options: &Options) -> Result<(), Failure> {
    let recording = options.input.open()?;
    let replay = input::replay(&recording, Sizes::default())?;
    output::print(&Stats::new(&recording, &replay, options.top), options.json)
}
