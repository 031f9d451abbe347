//! Whether a capture holds everything, and if not, why.

use super::header::Header;
use super::table::Stop;

/// Whether a capture holds everything that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It does.
    Complete,
    /// Its recorder is still writing; [`super::CaptureReader::refresh`] sees more.
    Growing,
    /// It does not.
    CutShort {
        /// Why not, as the end of a sentence that begins "this recording is incomplete:".
        reason: String,
    },
}

impl Completeness {
    /// Judges by the header, by where the headers of the chunks came to a stop (`next` is the
    /// offset there), by whether a recorder holds the file's lock, and by the number of chunks.
    pub(super) fn of(header: &Header, stop: Stop, growing: bool, next: u64, chunks: usize) -> Self {
        let cut = |reason: String| Self::CutShort { reason };
        match (&header.ending, stop) {
            (None, _) if growing => Self::Growing,
            (_, Stop::Damaged(what)) => cut(format!("the file is damaged at byte {next}: {what}")),
            (None, _) if header.ending_damaged => {
                cut("the file's header is damaged, how it ended is unknown".to_owned())
            }
            (None, _) => {
                cut("its recorder was killed, or the file was copied while it grew".to_owned())
            }
            (Some(ending), _) if !ending.complete => cut(match &ending.note {
                Some(note) => format!("{}: {note}", ending.how),
                None => ending.how.clone(),
            }),
            (Some(_), Stop::AtIndex) => Self::Complete,
            // The index may have found no room, or was cut off: nothing is lost with it.
            (Some(ending), _) if ending.chunks == chunks as u64 => Self::Complete,
            (Some(_), _) => cut(format!("the file was cut off at byte {next} later")),
        }
    }
}
