//! `memprof flamegraph`

use super::{Failure, Selection, input, output};
use crate::profile::{Moment, ProfileError, wanted_threads};
use crate::recording::Recording;
use crate::replay::{Bound, Detail, Lifetimes, Series, Snapshot, Span, Temporary};
use crate::report::flamegraph::render;
use crate::report::page_data::{SAMPLES, STEPS, gather};
use memprof_wire::units::Microseconds;
use std::path::{Path, PathBuf};

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// What of the recording.
    pub selection: Selection,
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
    let Selection {
        input: path,
        moment,
        thread,
        filter,
        ..
    } = &options.selection;
    if filter.is_some() {
        return Err(ProfileError::NoFilterHere("this page").into());
    }
    let output = options
        .output
        .clone()
        .unwrap_or_else(|| default_output(&path.path));
    if output.exists() && !options.force {
        return Err(Failure::Exists(output));
    }
    let recording = path.open()?;
    let duration = Microseconds((recording.duration() * 1e6) as u64);
    let observer = (
        (
            Snapshot::new(moment.span(), Detail::Type),
            Snapshot::new(Span::at(Bound::End), Detail::Type),
        ),
        (
            Temporary::new(1),
            (Series::new(SAMPLES), Lifetimes::new(duration, STEPS)),
        ),
    );
    let replay = input::replay(&recording, observer)?;
    crate::profile::reached(&replay.observer.0.0, &replay.marks)?;
    let threads = crate::profile::threads(&replay.definitions, recording.streams());
    let wanted = wanted_threads(&threads, thread.as_deref())?;
    let page = render(&gather(&recording, &replay, moment, &wanted));
    output::to_file(&output, options.force, |out| out.write_all(page.as_bytes()))?;
    say(&recording, &output, moment);
    Ok(())
}

fn default_output(recording: &Path) -> PathBuf {
    let stem = recording.file_stem().unwrap_or_default().to_string_lossy();
    let name = stem.strip_prefix("memprof-").unwrap_or(&stem);
    PathBuf::from(format!("memprof-flamegraph-{name}.html"))
}

fn say(recording: &Recording, output: &Path, moment: &Moment) {
    let name = recording.reader().path().display();
    eprintln!("memprof: wrote {} ({name} at {moment})", output.display());
}

#[cfg(test)]
mod tests {
    use super::default_output;
    use std::path::Path;

    #[test]
    fn pages_are_named_for_their_recordings() {
        let name = default_output(Path::new("/tmp/memprof-app.py.4711.bin"));
        assert_eq!(name, Path::new("memprof-flamegraph-app.py.4711.html"));
        assert_eq!(
            default_output(Path::new("x.bin")),
            Path::new("memprof-flamegraph-x.html")
        );
    }
}
