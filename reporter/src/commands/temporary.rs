//! `memprof temporary`

use super::{Failure, Selection, input, output};
use crate::profile::By;
use crate::report::table::Table;

/// How many rows the text shows unless told otherwise.
const ROWS: usize = 25;

/// Prints what lived but for a moment: freed within so many further allocations of its thread.
///
/// # Errors
///
/// When the recording cannot be read, or does not know what was asked for.
pub fn run(selection: &Selection, within: usize) -> Result<(), Failure> {
    let recording = selection.input.open()?;
    let profile = input::temporary(&recording, within, &selection.request())?;
    let grouping = selection.grouping(By::Line);
    let mut table = Table::new(&profile, &grouping, selection.rows(ROWS), output::width());
    let allocations = if within == 1 {
        "allocation"
    } else {
        "allocations"
    };
    table.title = format!("Freed within {within} further {allocations} of the same thread");
    output::print(&table, selection.json)
}
