//! `memprof flamegraph`

use super::{Failure, Selection, input, output};
use crate::profile::{Moment, Sources, Starts, reached};
use crate::recording::Recording;
use crate::replay::{
    Allocated, Detail, Lifetimes, Series, ShortLife, ShortLived, Snapshot, Temporary,
};
use crate::report::flamegraph::{FlamegraphData, difference, difference_of_moments, render};
use crate::report::page_data::{PageRequest, STEPS, gather};
use crate::report::timeline_data::SAMPLES;
use crate::report::versions::Code;
use crate::symbols::SourcePolicy;
use std::path::{Path, PathBuf};

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// What of the recording.
    pub selection: Selection,
    /// A newer recording: the page shows what it holds that the first one does not.
    pub newer: Option<PathBuf>,
    /// An earlier moment of the same recording: the page shows what there is at the selected moment
    /// that was not there then.
    pub earlier: Option<Moment>,
    /// Which source lines may be shown.
    pub source: SourcePolicy,
    /// Where to; `None` for a name made from the recording's, in the current folder.
    pub output: Option<PathBuf>,
    /// Whether a file that is there may be overwritten.
    pub force: bool,
}

/// Writes the page.
///
/// # Errors
///
/// When the recording cannot be read, or the page not be written.
pub fn run(options: &Options) -> Result<(), Failure> {
    let Selection { input, moment, .. } = &options.selection;
    let output = options
        .output
        .clone()
        .unwrap_or_else(|| output::beside("flamegraph", &input.path));
    if output.exists() && !options.force {
        return Err(Failure::Exists(output));
    }
    let recording = input.open()?;
    let data = match &options.newer {
        Some(path) => {
            // both are opened before either is read
            let newer = input.other(path).open()?;
            let (before, starts) = page(&recording, options, [moment, moment])?;
            let (after, newer_starts) = page(&newer, options, [moment, moment])?;
            let (sources, newer_sources) = (recording.sources(), newer.sources());
            let code = code(&recording, &starts, &sources);
            let newer_code = self::code(&newer, &newer_starts, &newer_sources);
            difference((before, code), (after, newer_code))
        }
        None => match &options.earlier {
            Some(earlier) => difference_of_moments(page(&recording, options, [earlier, moment])?.0),
            None => page(&recording, options, [moment, &Moment::End])?.0,
        },
    };
    let page = render(&data);
    output::to_file(&output, options.force, |out| out.write_all(page.as_bytes()))?;
    say(&recording, &output, options);
    Ok(())
}

fn code<'a>(recording: &'a Recording, starts: &'a Starts, sources: &'a Sources) -> Code<'a> {
    Code {
        folder: &recording.facts().folder,
        starts,
        sources,
    }
}

/// The page of a recording whose first two views are these moments, and where its functions begin.
fn page(
    recording: &Recording,
    options: &Options,
    moments: [&Moment; 2],
) -> Result<(FlamegraphData, Starts), Failure> {
    let duration = recording.lasted();
    let selection = &options.selection;
    let atoms = || selection.request().atoms();
    let [first, second] =
        moments.map(|moment| Snapshot::new(moment.span(), Detail::Type).asking(atoms()));
    let lifetimes = Lifetimes::new(duration, STEPS).asking(atoms());
    let observer = (
        (first, second),
        (Temporary::new(1), (Series::new(SAMPLES), lifetimes)),
    );
    let finely = selection.filter.as_ref().map(|_| {
        let short = ShortLived::new(ShortLife::Within(1), Detail::Type, atoms());
        (short, Allocated::new(true, Detail::Type, atoms()))
    });
    let replay = input::replay(recording, (observer, finely))?;
    let (first, second) = &replay.observer.0.0;
    reached(first, &replay.marks)?;
    reached(second, &replay.marks)?;
    let filter = selection.filter.as_ref();
    let request = PageRequest {
        moments,
        passing: &selection.passing(recording, &replay)?,
        note: filter.map(|filter| {
            format!("Only what passes the filter {filter}; the time line is that of all memory.")
        }),
        source: options.source,
    };
    let starts = Starts::new(&replay.definitions);
    Ok((gather(recording, &replay, &starts, &request), starts))
}

fn say(recording: &Recording, output: &Path, options: &Options) {
    let name = recording.reader().path().display();
    let moment = &options.selection.moment;
    match &options.newer {
        Some(newer) => output::say(format_args!(
            "wrote {} (from {name} to {} at {moment})",
            output.display(),
            newer.display()
        )),
        None => output::say(format_args!(
            "wrote {} ({name} at {moment})",
            output.display()
        )),
    }
}
