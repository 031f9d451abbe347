//! `memprof tree`

use super::{Failure, Selection, output};
use crate::report::tree::Tree;

/// How many calls the text shows unless told otherwise.
const ROWS: usize = 100;

/// Prints who called whom to allocate.
///
/// # Errors
///
/// When the recording cannot be read, or does not know what was asked for.
pub fn run(selection: &Selection) -> Result<(), Failure> {
    let (_, profile) = selection.profile()?;
    let tree = Tree::new(&profile, selection.rows(ROWS), output::width());
    output::print(&tree, selection.json)
}
