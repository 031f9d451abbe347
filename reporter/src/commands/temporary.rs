//! `memprof temporary`

use super::{Failure, Selection, input, output};
use crate::profile::By;
use crate::replay::ShortLife;
use crate::report::measure::Seconds;
use crate::report::table::Table;

/// How many rows the text shows unless told otherwise.
const ROWS: usize = 25;

/// Prints what lived but for a moment.
///
/// # Errors
///
/// When the recording cannot be read, or does not know what was asked for.
pub fn run(selection: &Selection, short: ShortLife) -> Result<(), Failure> {
    let recording = selection.input.open()?;
    let finely = selection.tells_apart();
    let profile = input::temporary(&recording, short, finely, &selection.request())?;
    let grouping = selection.grouping(By::Line);
    let mut table = Table::new(&profile, &grouping, selection.rows(ROWS), output::width());
    table.title = match short {
        ShortLife::Within(1) => "Freed within 1 further allocation of the same thread".to_owned(),
        ShortLife::Within(within) => {
            format!("Freed within {within} further allocations of the same thread")
        }
        ShortLife::Lasting(time) => {
            format!("Lived no longer than {}", Seconds(time.0 as f64 / 1e6))
        }
    };
    output::print(&table, selection.json)
}
