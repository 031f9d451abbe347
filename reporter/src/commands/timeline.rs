//! `memprof timeline`

use super::{Failure, Input, input, output};
use crate::profile::{Development, Filter, Moment, Request};
use crate::recording::Recording;
use crate::replay::{Detail, Growth, Replay, Series};
use crate::report::timeline::{Timeline, TimelineReport};
use crate::report::timeline_data::{SAMPLES, part_of_heap, timeline};
use std::path::{Path, PathBuf};

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The recordings, the oldest first.
    pub inputs: Vec<Input>,
    /// Only what this thread allocated, by number or name.
    pub thread: Option<String>,
    /// Only what passes this.
    pub filter: Option<Filter>,
    /// Where to: an image when its name ends in `.svg`; `None` for a page with a name made from the
    /// newest recording's, in the current folder.
    pub output: Option<PathBuf>,
    /// Whether a file that is there may be overwritten.
    pub force: bool,
}

/// Writes the page or image.
///
/// # Errors
///
/// When a recording cannot be read, or the result not be written.
pub fn run(options: &Options) -> Result<(), Failure> {
    // all are opened before any is read
    let recordings: Vec<Recording> = options
        .inputs
        .iter()
        .map(Input::open)
        .collect::<Result<_, _>>()?;
    let newest = recordings
        .last()
        .map_or(Path::new(""), |recording| recording.reader().path());
    let output = options
        .output
        .clone()
        .unwrap_or_else(|| output::beside("timeline", newest));
    if output.exists() && !options.force {
        return Err(Failure::Exists(output));
    }
    let request = Request {
        moment: Moment::End,
        thread: options.thread.clone(),
        detail: Detail::Type,
        filter: options.filter.clone(),
        ages: false,
        whole_replay: false,
    };
    let report = report(&recordings, &request)?;
    let text = if is_image(&output) {
        report.svg()
    } else {
        report.html()
    };
    output::to_file(&output, options.force, |out| out.write_all(text.as_bytes()))?;
    output::say(format_args!(
        "wrote {} ({})",
        output.display(),
        report.title
    ));
    Ok(())
}

fn is_image(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("svg"))
}

/// Who hears of a replay: for the heap as a whole, and for a part of it.
pub(super) type Observed = (Series, Option<Growth>);

/// The time line of a recording: of all memory, or of what of it is asked for.
pub(super) fn gather(
    recording: &Recording,
    request: &Request,
) -> Result<(Timeline, Replay<Observed>), Failure> {
    let duration = recording.lasted();
    let of_part = request.filter.is_some() || request.thread.is_some();
    let growth = of_part.then(|| Growth::new(duration, request.detail, request.atoms()));
    let replay = input::replay(recording, (Series::new(SAMPLES), growth))?;
    let (series, growth) = &replay.observer;
    let mut found = timeline(recording, &replay.marks, series);
    if let Some(growth) = growth {
        let nothing_more = std::iter::empty();
        let part = Development::new(recording, &replay, growth, nothing_more, request)?;
        found.series = vec![part_of_heap(&part)];
    }
    Ok((found, replay))
}

fn report(recordings: &[Recording], request: &Request) -> Result<TimelineReport, Failure> {
    let several = recordings.len() > 1;
    let mut notes = Vec::new();
    if let Some(thread) = &request.thread {
        notes.push(format!("Only what the thread {thread} allocated."));
    }
    if let Some(filter) = &request.filter {
        notes.push(format!("Only what passes the filter {filter}."));
    }
    let mut timelines: Vec<Timeline> = Vec::new();
    for recording in recordings {
        let (mut found, _) = gather(recording, request)?;
        let file = recording.reader().path().file_name().unwrap_or_default();
        if several {
            found.label = file.to_string_lossy().into_owned();
        }
        if let Some(reason) = recording.condition().reason {
            notes.push(format!(
                "{} is incomplete: {reason}.",
                file.to_string_lossy()
            ));
        }
        timelines.push(found);
    }
    let labels: Vec<&str> = timelines
        .iter()
        .map(|timeline| timeline.label.as_str())
        .collect();
    Ok(TimelineReport {
        title: labels.join(", "),
        notes,
        timelines,
    })
}
