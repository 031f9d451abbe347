//! `memprof growth`

use super::{Failure, Selection, input, output};
use crate::profile::{By, Development, Grouping, Moment};
use crate::replay::Growth;
use crate::report::growth::GrowthReport;

/// How many rows the text shows unless told otherwise.
const ROWS: usize = 20;

/// Prints what grew, at so many moments.
///
/// # Errors
///
/// When the recording cannot be read, or does not know the thread.
pub fn run(selection: &Selection, moments: usize) -> Result<(), Failure> {
    let recording = selection.input.open()?;
    let mut request = selection.request();
    request.check()?;
    let duration = recording.lasted();
    let growth = Growth::new(duration, request.detail, request.atoms());
    let replay = input::replay(&recording, growth)?;
    request.moment = match replay.observer.main_end() {
        Some(_) => Moment::MainEnd,
        None => Moment::End,
    };
    let (growth, nothing_more) = (&replay.observer, std::iter::empty());
    let development = Development::new(&recording, &replay, growth, nothing_more, &request)?;
    let has_types = development.profile.has_types;
    let grouping = match &selection.by {
        Some(grouping) => grouping.clone(),
        None if has_types => Grouping::one(By::Type),
        None => Grouping::one(By::Line),
    };
    if !has_types && grouping.properties().contains(&By::Type) {
        output::say(super::partition::NO_TYPES);
    }
    let rows = selection.rows(ROWS);
    let report = GrowthReport::new(&development, &grouping, moments, rows, output::width());
    output::print(&report, selection.json)
}
