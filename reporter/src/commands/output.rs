//! Where results go: standard output, or a file that is not overwritten by accident.

use super::failure::Failure;
use serde::Serialize;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Prints a report, as text or as JSON.
///
/// # Errors
///
/// When standard output cannot be written. A reader that has seen enough (`| head`) is no error.
pub fn print(report: &(impl Display + Serialize), json: bool) -> Result<(), Failure> {
    if json {
        print_json(report)
    } else {
        print_text(report)
    }
}

/// Prints a report as text.
///
/// # Errors
///
/// As [`fn@print`].
pub fn print_text(report: &impl Display) -> Result<(), Failure> {
    to_standard_output(|out| write!(out, "{report}"))
}

/// Prints a report as one line of JSON.
///
/// # Errors
///
/// As [`fn@print`].
pub fn print_json(report: &impl Serialize) -> Result<(), Failure> {
    to_standard_output(|out| {
        serde_json::to_writer(&mut *out, report)?;
        writeln!(out)
    })
}

/// Lets `write` write to standard output.
///
/// # Errors
///
/// As [`fn@print`].
pub fn to_standard_output(
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.map_err(Failure::Output),
    }
}

/// Tells the user something, on standard error. A terminal that is gone is no reason to stop.
pub fn say(message: impl Display) {
    let _ = writeln!(io::stderr(), "memprof: {message}");
}

/// Lets `write` write a file; one that is there already only with `force`.
///
/// # Errors
///
/// When the file exists or cannot be written.
pub fn to_file(
    path: &Path,
    force: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let failed = |source: io::Error| match source.kind() {
        ErrorKind::AlreadyExists => Failure::Exists(path.to_owned()),
        _ => Failure::Write {
            path: path.to_owned(),
            source,
        },
    };
    let mut options = File::options();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut out = BufWriter::with_capacity(1 << 16, options.open(path).map_err(failed)?);
    write(&mut out).and_then(|()| out.flush()).map_err(failed)
}

/// Where a page about a recording goes unless told otherwise: into the current folder, with a name
/// made from the recording's.
pub fn beside(report: &str, recording: &Path) -> PathBuf {
    let stem = recording.file_stem().unwrap_or_default().to_string_lossy();
    let name = stem.strip_prefix("memprof-").unwrap_or(&stem);
    PathBuf::from(format!("memprof-{report}-{name}.html"))
}

/// How wide a line may be: that of the terminal, or any width where the output is no terminal.
pub fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

#[cfg(test)]
mod tests {
    use super::beside;
    use std::path::Path;

    #[test]
    fn pages_are_named_for_their_recordings() {
        let name = beside("flamegraph", Path::new("/tmp/memprof-app.py.4711.bin"));
        assert_eq!(name, Path::new("memprof-flamegraph-app.py.4711.html"));
        let name = beside("timeline", Path::new("x.bin"));
        assert_eq!(name, Path::new("memprof-timeline-x.html"));
    }
}
