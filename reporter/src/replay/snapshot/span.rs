//! The moments that a [`Snapshot`](super::Snapshot) is of.

use memprof_wire::units::Microseconds;
use std::fmt;

/// A moment that is still to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Before the first event.
    Start,
    /// When the heap is largest.
    Peak,
    /// After the last event.
    End,
    /// After everything that happened up to this time.
    Time(Microseconds),
    /// At the first mark with this [label](crate::replay::definitions::MarkSeen::label).
    Mark(String),
}

impl fmt::Display for Bound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => out.write_str("start"),
            Self::Peak => out.write_str("peak"),
            Self::End => out.write_str("end"),
            Self::Time(Microseconds(time)) => write!(out, "{}s", *time as f64 / 1e6),
            Self::Mark(name) => out.write_str(name),
        }
    }
}

/// Born after `after`, and alive at `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// [`Bound::Start`] for everything that was alive.
    pub after: Bound,
    /// The moment.
    pub until: Bound,
}

impl Span {
    /// Everything that was alive at a moment.
    pub fn at(until: Bound) -> Self {
        Self {
            after: Bound::Start,
            until,
        }
    }
}
