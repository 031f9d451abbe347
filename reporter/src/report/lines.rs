//! `memprof lines`: source with what each of its lines allocated, as `line_profiler` and
//! `memory_profiler` show it.
//!
//! What a line calls belongs to it, and counts once where it calls itself.

mod gather;
mod page;
mod ranges;
mod text;

pub use gather::{Wanted, gather};

use crate::profile::Totals;
use serde::{Serialize, Serializer};

/// Functions with their lines.
#[derive(Debug, Default, Serialize)]
pub struct Lines {
    /// The program.
    #[serde(skip)]
    pub title: String,
    /// The moment of what is alive.
    pub moment: String,
    /// Whether the recording holds everything that happened.
    pub complete: bool,
    /// What was alive at the moment, in the whole program.
    pub total: Totals,
    /// The functions, those first whose lines held most at the moment.
    pub functions: Vec<FunctionLines>,
    /// How many more were asked for.
    pub elided: usize,
}

/// A function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FunctionLines {
    /// Its name.
    pub function: String,
    /// Its file.
    pub file: String,
    /// Its first line.
    pub line: u32,
    /// What was allocated in it and in all that it called.
    #[serde(flatten)]
    pub amounts: Amounts,
    /// Its lines, in their order. Where numbers are left out nothing was allocated.
    pub lines: Vec<SourceLine>,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SourceLine {
    /// Its number, from 1.
    pub line: u32,
    /// What was allocated by it.
    #[serde(flatten)]
    pub amounts: Amounts,
    /// Its text, where it may be shown and is what ran.
    pub source: Option<String>,
}

/// How much was allocated, and what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Ever.
    pub allocated: Totals,
    /// Alive at the moment.
    pub alive: Totals,
    /// Alive at the end.
    pub net: Totals,
}

impl Amounts {
    fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for Amounts {
    fn add_assign(&mut self, other: Self) {
        self.allocated += other.allocated;
        self.alive += other.alive;
        self.net += other.net;
    }
}

/// With keys of their own, beside those of what they belong to.
impl Serialize for Amounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("allocated_bytes", &self.allocated.bytes)?;
        map.serialize_entry("allocated_blocks", &self.allocated.blocks)?;
        map.serialize_entry("bytes", &self.alive.bytes)?;
        map.serialize_entry("blocks", &self.alive.blocks)?;
        map.serialize_entry("net_bytes", &self.net.bytes)?;
        map.serialize_entry("net_blocks", &self.net.blocks)?;
        map.end()
    }
}

impl Lines {
    /// The heading of the column of what was alive.
    fn heading(&self) -> &'static str {
        match self.moment.as_str() {
            "peak" => "At peak",
            "end" => "At end",
            _ => "Alive",
        }
    }
}

#[cfg(test)]
mod tests;
