//! A replay that begins where it has to: of a report about what was born after a moment.
//!
//! What was born before the moment is none of such a report, so nothing need be known of it: a free
//! of it is one of an unknown block. But definitions count whenever they were made, and mappings,
//! forks and ends of processes are few. So what lies before the moment is *skimmed* ([`Stream`]):
//! allocations and frees are passed over, and where a whole chunk holds nothing else, it is not even
//! read. All other events are booked as ever, in the total order, so that stacks, times and mappings
//! are exactly those of a whole replay.
//!
//! Decoding needs what was decoded since the last restart, so each stream is decoded from a restart
//! before the moment on; what comes before the moment is kept from the replay by [`Windowed`].
//!
//! There are a few things that only a whole replay can know, such as what a free that did not happen
//! was of. When one occurs the answer is [`Answer::Unknown`], and a whole replay it has to be.
//!
//! [`Stream`]: super::stream::Stream

mod seek;
mod signal;
mod visitor;

pub(super) use signal::{Signal, Watch};
pub(super) use visitor::Windowed;

use super::error::ReplayError;
use super::snapshot::{Bound, Span};
use super::source::{Outline, Source, StreamSource};
use memprof_wire::units::{Microseconds, Turn};
use std::sync::Arc;

/// A thread takes its turn and then looks at the clock. It may be interrupted between the two, and
/// has then a later time than others have that took their turns after it. This much is allowed for;
/// more is noticed.
const SLACK: u64 = 20_000;

/// Where a replay has to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opening {
    /// With the first run after this time.
    Time(Microseconds),
    /// With this turn.
    Turn(Turn),
}

impl Opening {
    /// Whether nothing in a chunk or before it is wanted.
    fn is_behind(self, chunk: Outline) -> bool {
        match self {
            Self::Time(time) => chunk.last.0.saturating_add(SLACK) <= time.0,
            Self::Turn(turn) => chunk.turn <= turn,
        }
    }

    /// Whether a run is wanted.
    fn has_come(self, turn: Turn, time: Microseconds) -> bool {
        match self {
            Self::Time(after) => time > after,
            Self::Turn(first) => turn >= first,
        }
    }
}

/// Which part of a recording a replay needs.
#[derive(Debug)]
pub struct Window {
    opening: Opening,
    /// How many chunks of each stream are skimmed.
    skimmed: Vec<usize>,
    /// All events in those have smaller turns.
    bound: Turn,
    /// Whether the types of what was alive are asked for.
    types: bool,
    signal: Arc<Signal>,
}

/// Whether a replay of a window knows as much as a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It does.
    Known,
    /// Perhaps not.
    Unknown,
}

impl Window {
    /// What a report about a span needs of these streams; `None` for all of them. `types` tells
    /// whether it asks for types of objects.
    ///
    /// # Errors
    ///
    /// When a chunk cannot be read.
    pub fn new(
        source: &impl Source,
        streams: &[StreamSource],
        span: &Span,
        types: bool,
    ) -> Result<Option<Self>, ReplayError> {
        let opening = match &span.after {
            Bound::Time(time) => Opening::Time(*time),
            Bound::Mark(label) => match seek::turn_of_mark(source, streams, label)? {
                Some(turn) => Opening::Turn(turn),
                None => return Ok(None),
            },
            Bound::Start | Bound::Peak | Bound::End => return Ok(None),
        };
        if span.until == Bound::Peak {
            return Ok(None);
        }
        let skimmed = streams.iter().map(|stream| {
            let outlines = stream.chunks.iter().map(|&chunk| source.outline(chunk));
            skimmed(&outlines.collect::<Vec<_>>(), opening)
        });
        let skimmed: Vec<usize> = skimmed.collect();
        let bounds = streams.iter().zip(&skimmed).filter_map(|(stream, &count)| {
            let last = *stream.chunks.get(count.checked_sub(1)?)?;
            Some(source.outline(last).turn)
        });
        Ok(Some(Self {
            opening,
            bound: bounds.max().unwrap_or_default(),
            skimmed,
            types,
            signal: Arc::default(),
        }))
    }

    /// What is known when both halves have come to an end, of which the one that reads gives this
    /// answer.
    pub(super) fn final_answer(&self, answer: Answer) -> Answer {
        if self.signal.is_unknown() {
            return Answer::Unknown;
        }
        answer
    }

    /// How many chunks at the front of each stream are skimmed.
    pub(super) fn skimmed(&self) -> &[usize] {
        &self.skimmed
    }

    /// What the half that books tells the half that reads.
    pub(super) fn signal(&self) -> &Arc<Signal> {
        &self.signal
    }
}

/// How many chunks at the front of a stream are skimmed: up to the last restart before anything that
/// is wanted.
fn skimmed(chunks: &[Outline], opening: Opening) -> usize {
    let wanted = chunks.iter().position(|chunk| !opening.is_behind(*chunk));
    let Some(wanted) = wanted else {
        return chunks.len();
    };
    let restart = chunks[..=wanted].iter().rposition(|chunk| chunk.restarts);
    restart.unwrap_or(0)
}

#[cfg(test)]
mod tests;
