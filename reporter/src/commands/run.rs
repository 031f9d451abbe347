//! `memprof run`

use super::{Failure, Input, input, output};
use crate::report::endings;
use crate::report::measure::{Bytes, Count, Seconds};
use memprof_recorder::{Options as Recording, Outcome, record};
use std::io::{self, Write};
use std::path::Path;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to record, and how.
    pub recording: Recording,
    /// Say nothing.
    pub quiet: bool,
    /// Watch it in this terminal.
    pub live: bool,
}

/// Records a program, says what was found, and ends as the program ended.
///
/// # Errors
///
/// When the program cannot be recorded; it did not begin then.
pub fn run(options: &Options) -> Result<u8, Failure> {
    if options.live {
        return super::run_live::run();
    }
    let outcome = record(&options.recording, |_| {})?;
    if !options.quiet {
        // the program's status is what counts, whatever becomes of this
        let _ = summarize(&outcome, &mut io::stderr().lock());
    }
    if let Some(note) = outcome.ending.note.as_ref().filter(|_| options.quiet) {
        output::say(format_args!(
            "this recording is incomplete: {}: {note}",
            outcome.ending.how
        ));
    }
    outcome.end_like_the_program()
}

fn summarize(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let path = outcome.path.display();
    match replay(&outcome.path) {
        Ok(found) => {
            let Found {
                peak,
                peak_blocks,
                peak_time,
                end,
                end_blocks,
                allocations,
            } = found;
            writeln!(
                out,
                "memprof: peak {} in {} blocks at {}, {} in {} blocks at the end, {} allocations",
                Bytes(peak),
                Count(peak_blocks),
                Seconds(peak_time),
                Bytes(end),
                Count(end_blocks),
                Count(allocations)
            )?;
            // what is abrupt was said when the file was read
            let ending = Some(&outcome.ending).filter(|it| !endings::is_abrupt(it));
            if let Some(killed) = ending.and_then(endings::killed) {
                writeln!(out, "memprof: {killed}")?;
            }
            let bytes = Bytes(outcome.ending.stored_bytes as i64);
            writeln!(out, "memprof: recorded in {path} ({bytes})")?;
            writeln!(
                out,
                "memprof: look at it with: memprof table {}",
                shell_word(&outcome.path)
            )
        }
        Err(failure) => writeln!(out, "memprof: {failure}"),
    }
}

struct Found {
    peak: i64,
    peak_blocks: i64,
    peak_time: f64,
    end: i64,
    end_blocks: i64,
    allocations: i64,
}

fn replay(path: &Path) -> Result<Found, Failure> {
    let recording = Input {
        path: path.to_owned(),
        ..Input::default()
    }
    .open()?;
    let replay = input::replay(&recording, ())?;
    let ledger = &replay.ledger;
    Ok(Found {
        peak: ledger.peak.heap.bytes,
        peak_blocks: ledger.peak.heap.blocks,
        peak_time: ledger.peak.time.0 as f64 / 1e6,
        end: ledger.heap().bytes,
        end_blocks: ledger.heap().blocks,
        allocations: replay
            .rows
            .iter()
            .map(|(_, row)| row.allocated.blocks)
            .sum(),
    })
}

/// A path as one can type it.
fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |letter: char| letter.is_alphanumeric() || "-_./+@:,%=".contains(letter);
    if text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::shell_word;
    use std::path::Path;

    #[test]
    fn paths_can_be_typed_as_they_are_shown() {
        assert_eq!(
            shell_word(Path::new("memprof-a.py.12.bin")),
            "memprof-a.py.12.bin"
        );
        assert_eq!(
            shell_word(Path::new("my file's.bin")),
            r"'my file'\''s.bin'"
        );
    }
}
