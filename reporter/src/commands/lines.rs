//! `memprof lines`

use super::{Failure, Selection, input, output};
use crate::profile::filter::Pattern;
use crate::profile::reached;
use crate::replay::{Allocated, Bound, Detail, Snapshot, Span};
use crate::report::lines::{Wanted, gather};
use crate::symbols::{SourceLines, SourcePolicy};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

/// How many functions the text shows unless told otherwise.
const FUNCTIONS: usize = 10;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// What of the recording.
    pub selection: Selection,
    /// Functions whose name or file is like this.
    pub pattern: Option<Pattern>,
    /// Functions whose name is like this.
    pub function: Option<Pattern>,
    /// Functions whose file is like this.
    pub file: Option<Pattern>,
    /// Which source lines may be shown.
    pub source: SourcePolicy,
    /// Where to: a page when its name ends in `.html`; `None` for standard output.
    pub output: Option<PathBuf>,
    /// Whether a file that is there may be overwritten.
    pub force: bool,
}

/// Prints source with what its lines allocated.
///
/// # Errors
///
/// When the recording cannot be read, or does not know what was asked for.
pub fn run(options: &Options) -> Result<(), Failure> {
    let selection = &options.selection;
    let recording = selection.input.open()?;
    let atoms = || selection.request().atoms();
    let snapshot = |span| Snapshot::new(span, Detail::Type).asking(atoms());
    let snapshots = (
        snapshot(selection.moment.span()),
        snapshot(Span::at(Bound::End)),
    );
    let ever = Allocated::new(selection.filter.is_some(), Detail::Type, atoms());
    let replay = input::replay(&recording, (snapshots, ever))?;
    reached(&replay.observer.0.0, &replay.marks)?;
    let passing = selection.passing(&recording, &replay)?;
    let wanted = Wanted {
        pattern: options.pattern.as_ref(),
        function: options.function.as_ref(),
        file: options.file.as_ref(),
        top: selection.rows(FUNCTIONS),
        passing: &passing,
    };
    let began = Duration::from_nanos(recording.reader().started_nanoseconds());
    let folder = &recording.facts().folder;
    let mut source = SourceLines::new(options.source, folder, UNIX_EPOCH.checked_add(began));
    let lines = gather(&recording, &selection.moment, &replay, &wanted, &mut source);
    match &options.output {
        None => output::print(&lines, selection.json),
        Some(file) => output::to_file(file, options.force, |out| {
            let page = file.extension().is_some_and(|end| {
                end.eq_ignore_ascii_case("html") || end.eq_ignore_ascii_case("htm")
            });
            if selection.json {
                Ok(serde_json::to_writer(out, &lines)?)
            } else if page {
                out.write_all(lines.html().as_bytes())
            } else {
                write!(out, "{lines}")
            }
        }),
    }
}
