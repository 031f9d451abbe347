//! `memprof leaks`

use super::{Failure, Selection, input, output};
use crate::profile::{By, Development, Moment, Part, reached};
use crate::replay::{Allocated, Growth, Snapshot};
use crate::report::leaks::{Circumstances, Leaks, Suppressions};
use std::path::PathBuf;

/// How many rows the text shows unless told otherwise.
const ROWS: usize = 10;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// What of the recording.
    pub selection: Selection,
    /// No moment was asked for: the end of the program's own code, where it is known.
    pub best_moment: bool,
    /// A file with what is to be left out.
    pub suppressions: Option<PathBuf>,
    /// Whether what the interpreter and the C library keep is left out.
    pub defaults: bool,
}

/// Prints what was left: by stack, or by what was asked for.
///
/// # Errors
///
/// When the recording or the suppressions cannot be read, or the recording does not know what was
/// asked for.
pub fn run(options: &Options) -> Result<(), Failure> {
    let selection = &options.selection;
    let suppressions = Suppressions::new(options.suppressions.as_deref())?;
    let recording = selection.input.open()?;
    let mut request = selection.request();
    request.check()?;
    let duration = recording.lasted();
    let growth = Growth::new(duration, request.detail, request.atoms());
    let allocated = Allocated::new(selection.tells_apart(), request.detail, request.atoms());
    let snapshot =
        |moment: &Moment| Snapshot::new(moment.span(), request.detail).asking(request.atoms());
    let snapshots = (snapshot(&request.moment), snapshot(&Moment::MainEnd));
    let replay = input::replay(&recording, ((growth, allocated), snapshots))?;
    let ((growth, allocated), (asked, main_end)) = &replay.observer;
    let best = options.best_moment && growth.main_end().is_some();
    let snapshot = if best { main_end } else { asked };
    if best {
        request.moment = Moment::MainEnd;
    }
    let state = reached(snapshot, &replay.marks)?;
    let alive = snapshot.totals().map(|found| (found, Part::Alive));
    let ever = allocated.totals(&replay.rows);
    let more = alive.chain(ever.map(|found| (found, Part::Allocated)));
    let development = Development::new(&recording, &replay, growth, more, &request)?;
    let python = replay.definitions.interpreter.is_some();
    let circumstances = Circumstances {
        time: state.time.0 as f64 / 1e6,
        at_end: replay.ledger.heap() + replay.ledger.left,
        python,
        python_allocators: recording.facts().python_allocators,
    };
    let suppressions = if options.defaults {
        suppressions.with_defaults(python)
    } else {
        suppressions
    };
    let grouping = selection.by.as_ref();
    if grouping.is_some_and(|grouping| grouping.properties().contains(&By::Type))
        && !development.profile.has_types
    {
        output::say(super::partition::NO_TYPES);
    }
    let rows = selection.rows(ROWS);
    let mut leaks = Leaks::new(&development, grouping, suppressions, &circumstances, rows);
    leaks.width = output::width();
    output::print(&leaks, selection.json)
}
