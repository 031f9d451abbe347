//! `memprof leaks`

use super::{Failure, Selection, output};
use crate::profile::By;
use crate::report::leaks::Leaks;
use crate::report::table::Table;

/// How many stacks the text shows unless told otherwise.
const STACKS: usize = 10;

/// Prints what was never freed: by stack, or by what was asked for.
///
/// # Errors
///
/// When the recording cannot be read, or does not know what was asked for.
pub fn run(selection: &Selection) -> Result<(), Failure> {
    let (_, profile) = selection.profile()?;
    let top = selection.rows(STACKS);
    if selection.by.is_none() {
        return output::print(&Leaks::new(&profile, top), selection.json);
    }
    let grouping = selection.grouping(By::Line);
    let mut table = Table::new(&profile, &grouping, top, output::width());
    "Never freed".clone_into(&mut table.title);
    output::print(&table, selection.json)
}
