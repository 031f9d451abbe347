//! `memprof mark`

use super::{Failure, output};
use crate::live::find::open_in;
use crate::report::measure::Seconds;
use memprof_recorder::outside::Recorded;
use std::path::PathBuf;

/// Marks this moment in the recording of a process that runs.
///
/// # Errors
///
/// When the process is not being recorded, or its recorder does not answer.
pub fn run(process: u32, name: &str) -> Result<(), Failure> {
    let recorded = Recorded::find(process)?;
    let file = recording_of(&recorded);
    let time = recorded.mark(name)?;
    output::say(format_args!(
        "marked {name:?} at {}{}",
        Seconds(time.0 as f64 / 1e6),
        within(file.as_ref())
    ));
    Ok(())
}

/// The file that a recorder writes; it has no other recording open.
pub(super) fn recording_of(recorded: &Recorded) -> Option<PathBuf> {
    open_in(recorded.recorder()).into_iter().next()
}

/// Where something stands, for a message.
pub(super) fn within(file: Option<&PathBuf>) -> String {
    file.map_or_else(String::new, |file| format!(" in {}", file.display()))
}
