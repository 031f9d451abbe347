//! `memprof table`

use super::{Failure, Selection, output};
use crate::profile::By;
use crate::report::table::Table;

/// How many rows the text shows unless told otherwise.
const ROWS: usize = 25;

/// Prints who holds how much.
///
/// # Errors
///
/// When the recording cannot be read, or does not know what was asked for.
pub fn run(selection: &Selection) -> Result<(), Failure> {
    let grouping = selection.grouping(By::Line);
    let (_, profile) = selection.profile_of_sums(Some(&grouping))?;
    let table = Table::new(&profile, &grouping, selection.rows(ROWS), output::width());
    output::print(&table, selection.json)
}
