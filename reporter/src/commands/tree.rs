//! `memprof tree`

use super::{Failure, Selection, output};
use crate::browse::{State, browse};
use crate::report::measure::{Bytes, Count};
use crate::report::tree::Tree;
use std::env;
use std::io::{self, IsTerminal};

/// How many calls the text shows unless told otherwise.
const ROWS: usize = 100;

/// Shows who called whom to allocate: to be opened and closed on a terminal, else as text.
///
/// # Errors
///
/// When the recording cannot be read, or does not know what was asked for.
pub fn run(selection: &Selection, interactive: bool) -> Result<(), Failure> {
    let (recording, profile) = selection.profile_of_sums(None)?;
    if !(interactive && !selection.json && is_screen()) {
        let tree = Tree::new(&profile, selection.rows(ROWS), output::width());
        return output::print(&tree, selection.json);
    }
    let tree = Tree::new(&profile, selection.top, None);
    let (bytes, blocks) = (Bytes(tree.total.bytes), Count(tree.total.blocks));
    let name = &recording.facts().name;
    let title = format!(
        "{name}  heap at {}: {bytes} in {blocks} blocks",
        tree.moment
    );
    let warning = recording.condition().reason;
    let warning = warning.map(|reason| format!("incomplete: {reason}"));
    let colour = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let title = crate::live::places::printable(&title);
    browse(State::new(&tree, title, warning, colour)).map_err(Failure::Terminal)
}

/// Whether somebody sits at a terminal that can be drawn on.
fn is_screen() -> bool {
    let dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    !dumb && io::stdout().is_terminal() && io::stdin().is_terminal()
}
