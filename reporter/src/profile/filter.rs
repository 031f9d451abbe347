//! Filters: which blocks a report is about, as `--filter` says it.
//!
//! ```text
//! filter   = all { "or" all }
//! all      = one { "and" one }
//! one      = "not" one | "(" filter ")" | property relation value
//! relation = "==" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~"
//! ```
//!
//! Questions about single blocks (size, times, mark) are answered during the replay; all
//! others are answered for the rows of a profile.

mod parse;
mod pattern;
mod subject;

pub use parse::NoFilter;
pub use pattern::Pattern;
pub use subject::Subject;

use crate::replay::{Answers, Atom};
use std::fmt;
use std::str::FromStr;

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    expression: Expression,
    atoms: Vec<Atom>,
    text: String,
}

/// A filter, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    /// The answer to the atom at this place.
    Atom(usize),
    /// The stack has more frames than this.
    Deeper(u64),
    Text(Text, Pattern),
}

/// A property that is compared as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Type,
    Function,
    File,
    Line,
    Module,
    Site,
    Stack,
    Thread,
    Process,
    Domain,
    Allocator,
}

impl Filter {
    /// The questions about single blocks that have to be answered by a replay.
    pub fn atoms(&self) -> &[Atom] {
        &self.atoms
    }

    /// Whether a row of a profile, of whose blocks the answers are known, passes.
    pub fn passes(&self, subject: &mut Subject<'_>, answers: Answers) -> bool {
        self.expression.passes(subject, answers)
    }
}

impl Expression {
    fn passes(&self, subject: &mut Subject<'_>, answers: Answers) -> bool {
        match self {
            Self::Not(one) => !one.passes(subject, answers),
            Self::And(one, other) => one.passes(subject, answers) && other.passes(subject, answers),
            Self::Or(one, other) => one.passes(subject, answers) || other.passes(subject, answers),
            Self::Atom(place) => answers.get(*place),
            Self::Deeper(frames) => u64::from(subject.depth()) > *frames,
            Self::Text(text, pattern) => subject.matches(*text, pattern),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl FromStr for Filter {
    type Err = NoFilter;

    fn from_str(text: &str) -> Result<Self, NoFilter> {
        let (expression, atoms) = parse::parse(text)?;
        let text = text.to_owned();
        Ok(Self {
            expression,
            atoms,
            text,
        })
    }
}
