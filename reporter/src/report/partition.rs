//! `memprof partition`: heapy's table, of any moment.
//!
//! Every live block is counted once, so the total is that of every other report. A block of the
//! object domain is an object of its type. Buffers that objects keep elsewhere (the items of a
//! list, the table of a dictionary, the data of an array) are rows of their own, named for the
//! function that handed them out; heapy adds those that it knows of to their objects.

use super::cut::More;
use crate::profile::{By, Grouping, Label, Profile, Totals, group};
use crate::replay::owner_of_part;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::HashMap;
use std::fmt;

/// The live blocks of a moment by what they are, biggest first.
#[derive(Debug, Serialize)]
pub struct Partition {
    /// The moment.
    pub moment: String,
    /// The sum of all rows, those included that are not shown.
    pub total: Totals,
    /// The rows.
    pub rows: Vec<Kind>,
    /// How many rows are not shown.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
    /// What rows are told apart by, as heapy heads its column.
    #[serde(skip)]
    pub heading: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What its blocks have in common: one label for each property of the grouping.
    pub labels: Vec<Label>,
    /// How much there is.
    pub totals: Totals,
}

/// With the keys of its labels, and always a `kind`.
impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self
            .labels
            .iter()
            .any(|label| matches!(label, Label::Kind(_)))
        {
            map.serialize_entry("kind", &self.to_string())?;
        }
        for label in &self.labels {
            label.serialize_into(&mut map)?;
        }
        map.serialize_entry("count", &self.totals.blocks)?;
        map.serialize_entry("bytes", &self.totals.bytes)?;
        map.end()
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, label) in self.labels.iter().enumerate() {
            if place > 0 {
                out.write_str("  ")?;
            }
            write!(out, "{label}")?;
        }
        Ok(())
    }
}

impl Partition {
    /// All rows of a profile.
    pub fn new(profile: &Profile, grouping: &Grouping) -> Self {
        let rows: Vec<Kind> = group::group(profile, grouping)
            .into_iter()
            .map(|group| Kind {
                labels: group.labels,
                totals: group.totals,
            })
            .collect();
        let headings: Vec<&str> = grouping
            .properties()
            .iter()
            .map(|by| heading(*by))
            .collect();
        Self {
            moment: profile.moment.clone(),
            total: profile.total,
            more: 0,
            rows,
            heading: headings.join(" / "),
        }
    }

    /// As heapy has it: by type, and with what belongs to an object in the size of its kind.
    pub fn of_kinds(profile: &Profile) -> Self {
        let mut partition = Self::new(profile, &Grouping::one(By::Type));
        partition.charge();
        partition
    }

    /// Adds the bytes of what belongs to an object to the row of its kind, which is otherwise the
    /// same, and counts objects only.
    pub fn charge(&mut self) {
        let mut places: HashMap<Vec<Label>, usize> = HashMap::new();
        let mut rows: Vec<Kind> = Vec::new();
        for mut row in std::mem::take(&mut self.rows) {
            for label in &mut row.labels {
                if let Label::Kind(kind) = label
                    && let Some(owner) = owner_of_part(kind)
                {
                    *kind = owner.to_owned();
                    row.totals.blocks = 0;
                }
            }
            let place = *places.entry(row.labels.clone()).or_insert(rows.len());
            match rows.get_mut(place) {
                Some(same) => same.totals += row.totals,
                None => rows.push(row),
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.totals.bytes));
        self.total = rows.iter().map(|row| row.totals).sum();
        self.rows = rows;
    }

    /// Keeps the first `top` rows, all without one. A single row more is shown rather than
    /// announced, as heapy does.
    pub fn cut(&mut self, top: Option<usize>) {
        let count = self.rows.len();
        match top {
            Some(top) if count > top.saturating_add(1) => self.rows.truncate(top),
            _ => {}
        }
        self.more = count - self.rows.len();
    }
}

/// What stands above the column: heapy's words, where it has such a column.
fn heading(by: By) -> &'static str {
    match by {
        By::Type => "Kind (class / dict of class)",
        By::Size => "Individual Size",
        By::Age => "Age",
        By::Module => "Module",
        By::Line => "Producer (line of allocation)",
        By::Site => "Producer (line of own code)",
        By::Function => "Function",
        By::File => "File",
        By::Thread => "Thread",
        By::Domain => "Domain",
        By::Allocator => "Allocator",
    }
}

/// heapy's way to write a share: a whole number of per cent, ties to the even one.
fn percent(part: i64, whole: i64) -> String {
    format!("{:.0}", part as f64 * 100.0 / whole.max(1) as f64)
}

impl fmt::Display for Partition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { bytes, blocks } = self.total;
        let plural = if blocks == 1 { "" } else { "s" };
        writeln!(
            out,
            "Partition of a set of {blocks} object{plural}. Total size = {bytes} bytes."
        )?;
        writeln!(
            out,
            " Index  Count   %     Size   % Cumulative  % {}",
            self.heading
        )?;
        let mut cumulative = 0i64;
        for (index, row) in self.rows.iter().enumerate() {
            let totals = row.totals;
            cumulative = cumulative.wrapping_add(totals.bytes);
            writeln!(
                out,
                "{index:>6} {:>6} {:>3} {:>8} {:>3} {cumulative:>9} {:>3} {row}",
                totals.blocks,
                percent(totals.blocks, blocks),
                totals.bytes,
                percent(totals.bytes, bytes),
                percent(cumulative, bytes),
            )?;
        }
        More(self.more, "rows").fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::Partition;
    use crate::profile::{By, Grouping, sample};

    #[test]
    fn as_heapy_writes_it() {
        let partition = |top| {
            let mut partition = Partition::new(&sample::profile(), &Grouping::one(By::Type));
            partition.cut(top);
            partition.to_string()
        };
        let head = "\
Partition of a set of 13 objects. Total size = 10690 bytes.
 Index  Count   %     Size   % Cumulative  % Kind (class / dict of class)
     0     10  77    10240  96     10240  96 dict
";
        assert_eq!(
            partition(Some(1)),
            format!("{head}<2 more rows. Use --top N to view.>\n")
        );
        let rest = "     1      2  15      400   4     10640 100 <mem.malloc buffer>\n     \
                    2      1   8       50   0     10690 100 <malloc>\n";
        assert_eq!(partition(None), format!("{head}{rest}"));
        // one row more is shown, not announced
        assert_eq!(partition(Some(2)), format!("{head}{rest}"));
    }

    #[test]
    fn types_and_lines_together() {
        let by: Grouping = "type,line".parse().expect("known");
        let partition = Partition::new(&sample::profile(), &by);
        assert_eq!(
            serde_json::to_string(&partition.rows[0]).expect("plain data"),
            r#"{"kind":"dict","function":"decode","file":"/usr/lib/python3.11/json/decoder.py","line":355,"count":10,"bytes":10240}"#
        );
        let by = Grouping::one(By::Thread);
        let partition = Partition::new(&sample::profile(), &by);
        assert_eq!(
            serde_json::to_string(&partition.rows[1]).expect("plain data"),
            r#"{"kind":"8","thread":8,"thread_name":"","count":2,"bytes":400}"#
        );
    }
}
