//! `memprof summary`

use super::{Failure, Selection, output};
use crate::report::summary::Summary;

/// How many functions the text shows unless told otherwise.
const ROWS: usize = 25;

/// Prints the functions, with what they hold themselves and with what they call.
///
/// # Errors
///
/// When the recording cannot be read, or does not know what was asked for.
pub fn run(selection: &Selection) -> Result<(), Failure> {
    let (_, profile) = selection.profile_of_sums(None)?;
    let summary = Summary::new(&profile, selection.rows(ROWS), output::width());
    output::print(&summary, selection.json)
}
