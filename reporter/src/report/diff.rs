//! `memprof diff`: what one moment holds that another one does not, in two recordings or in one.

mod join;
mod shared_code;

#[cfg(test)]
mod tests;

use super::columns::Columns;
use super::cut::{More, cut};
use super::measure::{Bytes, Count};
use crate::profile::{Grouping, Label, Profile, Totals, group};
use join::{Row, join};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use shared_code::SharedCode;
use std::fmt;

/// The difference of two profiles, growth first.
#[derive(Debug, Serialize)]
pub struct Diff {
    /// The older one.
    pub a: String,
    /// The newer one.
    pub b: String,
    /// What the newer one holds more.
    pub total: Totals,
    /// What the older one holds.
    pub total_a: Totals,
    /// What the newer one holds.
    pub total_b: Totals,
    /// The rows that differ.
    pub rows: Vec<Change>,
    /// How many rows are not shown.
    pub more: usize,
    /// What the rows are.
    #[serde(skip)]
    pub heading: String,
    /// How wide a line may be.
    #[serde(skip)]
    pub width: Option<usize>,
}

/// A row of which there is another amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is, as the newer one names it if it has it.
    pub labels: Vec<Label>,
    /// How much in the older one.
    pub a: Totals,
    /// How much in the newer one.
    pub b: Totals,
}

impl Change {
    /// What the newer one holds more.
    pub fn totals(&self) -> Totals {
        self.b - self.a
    }
}

/// With the keys of its labels.
impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for label in &self.labels {
            label.serialize_into(&mut map)?;
        }
        let Totals { bytes, blocks } = self.totals();
        map.serialize_entry("bytes", &bytes)?;
        map.serialize_entry("blocks", &blocks)?;
        map.serialize_entry("bytes_a", &self.a.bytes)?;
        map.serialize_entry("bytes_b", &self.b.bytes)?;
        map.serialize_entry("blocks_a", &self.a.blocks)?;
        map.serialize_entry("blocks_b", &self.b.blocks)?;
        map.end()
    }
}

impl Diff {
    /// What `b` holds that `a` does not: the biggest `top` changes, all without one.
    ///
    /// Rows are joined by names alone, files and lines as [`super::versions`] tells.
    pub fn new(a: &Profile, b: &Profile, grouping: &Grouping, top: Option<usize>) -> Self {
        let rows = |profile: &Profile, other: &Profile| -> Vec<Row> {
            let code = SharedCode::new(profile, other);
            let groups = group::group(profile, grouping).into_iter();
            groups.map(|group| code.row(group)).collect()
        };
        let mut rows = join(rows(a, b), rows(b, a));
        let more = cut(&mut rows, top);
        Self {
            a: a.moment.clone(),
            b: b.moment.clone(),
            total: b.total - a.total,
            total_a: a.total,
            total_b: b.total,
            rows,
            more,
            heading: grouping.to_string(),
            width: None,
        }
    }
}

/// With its sign, `+` too.
fn signed(number: i64, text: &impl fmt::Display) -> String {
    if number > 0 {
        format!("+{text}")
    } else {
        text.to_string()
    }
}

/// Growth in per cent of what was there.
fn growth(a: i64, b: i64) -> String {
    match (a, b) {
        (0, 0) => "-".to_owned(),
        (0, _) => "new".to_owned(),
        (_, 0) => "gone".to_owned(),
        (a, b) => format!("{:+.1}%", (b as f64 - a as f64) * 100.0 / a as f64),
    }
}

impl fmt::Display for Diff {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { bytes, blocks } = self.total;
        writeln!(out, "A  {}: {}", self.a, Bytes(self.total_a.bytes))?;
        writeln!(out, "B  {}: {}", self.b, Bytes(self.total_b.bytes))?;
        writeln!(
            out,
            "B holds {} ({}) and {} blocks more than A\n",
            signed(bytes, &Bytes(bytes)),
            growth(self.total_a.bytes, self.total_b.bytes),
            signed(blocks, &Count(blocks)),
        )?;
        if self.rows.is_empty() && self.more == 0 {
            return writeln!(out, "No row differs.");
        }
        let headings = ["Bytes", "%", "Blocks", "A", "B", &self.heading];
        let mut columns = Columns::new(headings, self.width);
        for change in &self.rows {
            let Totals { bytes, blocks } = change.totals();
            let labels: Vec<String> = change.labels.iter().map(Label::to_string).collect();
            columns.row([
                signed(bytes, &Bytes(bytes)),
                growth(change.a.bytes, change.b.bytes),
                signed(blocks, &Count(blocks)),
                Bytes(change.a.bytes).to_string(),
                Bytes(change.b.bytes).to_string(),
                labels.join("  "),
            ]);
        }
        write!(out, "{columns}")?;
        More(self.more, "rows").fmt(out)
    }
}
