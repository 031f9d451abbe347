//! What is asked of a recording, and why there is no answer.

use super::{Age, Filter, Moment};
use crate::replay::{ATOMS, Answers, Atom, Atoms, Detail, ReplayError};

/// What is asked of a recording.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The moment.
    pub moment: Moment,
    /// Only what these threads allocated: by number or by name.
    pub thread: Option<String>,
    /// Whether types or sizes are told apart.
    pub detail: Detail,
    /// Only what passes this.
    pub filter: Option<Filter>,
    /// Whether ages are told apart.
    pub ages: bool,
    /// Whether all events are replayed even where part of them would do: to see that the answer is the
    /// same.
    pub whole_replay: bool,
}

impl Request {
    /// The questions about single blocks that have to be answered: those of its filter come first.
    pub fn atoms(&self) -> Atoms {
        let mut atoms = self.filter_atoms().to_vec();
        if self.ages {
            atoms.extend(Age::questions());
        }
        Atoms::new(atoms)
    }

    fn filter_atoms(&self) -> &[Atom] {
        self.filter.as_ref().map_or(&[], Filter::atoms)
    }

    /// The range of ages that blocks are in, if that was asked for.
    pub(super) fn age(&self, answers: Answers) -> Option<Age> {
        self.ages
            .then(|| Age::of(answers, self.filter_atoms().len()))
    }

    /// Whether all that is asked can be asked at once.
    ///
    /// # Errors
    ///
    /// When there are too many questions.
    pub fn check(&self) -> Result<(), ProfileError> {
        let room = ATOMS - Age::QUESTIONS;
        if self.ages && self.filter_atoms().len() > room {
            return Err(ProfileError::TooManyConditions(room));
        }
        Ok(())
    }
}

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The recording cannot be read.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// There is no such mark.
    #[error("there is no mark {name:?} in this recording{near}; it has {known}")]
    NoSuchMark {
        /// The nearest one, if one is near, in words.
        near: String,
        /// Which.
        name: String,
        /// Those that are there.
        known: String,
    },
    /// Nobody saw the end of the program's own code.
    #[error(
        "this recording does not tell where the program's own code ended: it is no Python program, \
         was killed, or left by os._exit; --at end is the nearest moment"
    )]
    NoMainEnd,
    /// The span ends before it begins.
    #[error("{until} comes before {after}: give the earlier one first")]
    Backwards {
        /// The first.
        after: String,
        /// The second.
        until: String,
    },
    /// More conditions in a filter than there is room for beside ages.
    #[error(
        "--by age leaves room for {0} different conditions on sizes, times and marks in a filter"
    )]
    TooManyConditions(usize),
    /// A format that tells of the whole run, from its beginning to its end.
    #[error("{0} tells of the whole run: it takes no moment; csv, json, massif and the others do")]
    WholeOnly(&'static str),
    /// There is no such thread.
    #[error("there is no thread {wanted:?} in this recording; it has {known}")]
    NoSuchThread {
        /// Which.
        wanted: String,
        /// Those that are there.
        known: String,
    },
}
