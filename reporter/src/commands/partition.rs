//! `memprof partition`

use super::{Failure, Selection, output};
use crate::profile::By;
use crate::report::partition::Partition;

/// How many rows the text shows unless told otherwise: as many as heapy.
const ROWS: usize = 10;

/// What is said where types were asked for and there are none.
pub const NO_TYPES: &str = "no types were recorded: this is no Python, an interpreter of an unknown \
    version, or it was run with --no-types; --by line or --by site tells where the memory came from";

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// What of the recording.
    pub selection: Selection,
    /// Whether what belongs to an object is added to its kind.
    pub charge: bool,
}

/// Prints heapy's table of what was alive.
///
/// # Errors
///
/// When the recording cannot be read, or does not know what was asked for.
pub fn run(options: &Options) -> Result<(), Failure> {
    let selection = &options.selection;
    let (_, profile) = selection.profile()?;
    let grouping = selection.grouping(By::Type);
    if !profile.has_types && grouping.properties().contains(&By::Type) {
        output::say(NO_TYPES);
    }
    let mut partition = Partition::new(&profile, &grouping);
    if options.charge {
        partition.charge();
    }
    partition.cut(selection.rows(ROWS));
    output::print(&partition, selection.json)
}
