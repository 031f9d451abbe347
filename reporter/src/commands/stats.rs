//! `memprof stats`

use super::{Failure, Selection, input, output};
use crate::report::stats::{Stats, observer};

/// How many lines are shown of those that allocated most.
const LINES: usize = 5;

/// Prints the recording in numbers.
///
/// # Errors
///
/// When the recording cannot be read, or does not know the thread.
pub fn run(selection: &Selection) -> Result<(), Failure> {
    let recording = selection.input.open()?;
    let replay = input::replay(&recording, observer(&selection.request()))?;
    let passing = selection.passing(&recording, &replay)?;
    let top = selection.top.unwrap_or(LINES);
    let stats = Stats::new(&recording, &replay, &passing, top);
    output::print(&stats, selection.json)
}
