//! `memprof diff`: what one moment holds that another one does not, in two recordings or in one.

use super::columns::Columns;
use super::measure::{Bytes, Count};
use crate::profile::{Grouping, Label, Profile, Totals, group};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::HashMap;
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

/// A row of one profile: what it is called in every recording, what it is called in this one, and
/// how much of it there is.
type Row = (Vec<Label>, Vec<Label>, Totals);

impl Diff {
    /// What `b` holds that `a` does not: the biggest `top` changes, all without one.
    ///
    /// Rows are joined by names alone. Files in the folder where the program was started are
    /// joined by their place in it, and a line is counted from where its function begins, so that
    /// it stays the same when code above it is changed.
    pub fn new(a: &Profile, b: &Profile, grouping: &Grouping, top: Option<usize>) -> Self {
        let rows = |profile: &Profile, other: &Profile| -> Vec<Row> {
            let groups = group::group(profile, grouping).into_iter();
            groups
                .map(|group| {
                    let labels = group.labels.iter();
                    let key = labels
                        .map(|label| portable(profile, other, label))
                        .collect();
                    (key, group.labels, group.totals)
                })
                .collect()
        };
        let mut rows = join(rows(a, b), rows(b, a));
        let shown = top.unwrap_or(usize::MAX).min(rows.len());
        let more = rows.len() - shown;
        rows.truncate(shown);
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

fn join(a: Vec<Row>, b: Vec<Row>) -> Vec<Change> {
    let mut changes: HashMap<Vec<Label>, Change> = HashMap::new();
    for (key, labels, totals) in b {
        let zero = Totals::ZERO;
        let (a, b) = (zero, zero);
        changes.entry(key).or_insert(Change { labels, a, b }).b += totals;
    }
    for (key, labels, totals) in a {
        let zero = Totals::ZERO;
        let (a, b) = (zero, zero);
        changes.entry(key).or_insert(Change { labels, a, b }).a += totals;
    }
    pair_moved(&mut changes);
    let mut changes: Vec<Change> = changes.into_values().collect();
    changes.retain(|change| !change.totals().is_zero());
    changes.sort_by(|one, other| {
        let growth = |change: &Change| (change.totals().bytes, change.totals().blocks);
        let bigger = growth(other).cmp(&growth(one));
        bigger.then_with(|| one.labels.cmp(&other.labels))
    });
    changes
}

/// Within one function, as many lines of the older one alone as of the newer one alone are taken
/// for the same lines, in their order: code that is no function of its own, such as that of a
/// module, has no beginning to count from.
fn pair_moved(changes: &mut HashMap<Vec<Label>, Change>) {
    let mut functions: HashMap<Vec<Label>, [Vec<Vec<Label>>; 2]> = HashMap::new();
    for (key, change) in &*changes {
        let place = match (change.a.is_zero(), change.b.is_zero()) {
            (false, true) => 0,
            (true, false) => 1,
            _ => continue,
        };
        let without_lines = key.iter().cloned().map(without_line).collect();
        functions.entry(without_lines).or_default()[place].push(key.clone());
    }
    for [mut older, mut newer] in functions.into_values() {
        if older.len() != newer.len() {
            continue;
        }
        older.sort();
        newer.sort();
        for (older, newer) in older.iter().zip(&newer) {
            if let Some(gone) = changes.remove(older)
                && let Some(change) = changes.get_mut(newer)
            {
                change.a += gone.a;
            }
        }
    }
}

fn without_line(label: Label) -> Label {
    match label {
        Label::Place { function, file, .. } => Label::Function { function, file },
        label => label,
    }
}

/// A label as the other recording has it, too, if it has the same code.
fn portable(profile: &Profile, other: &Profile, label: &Label) -> Label {
    let inside = |profile: &Profile, file: &str| {
        let rest = file.strip_prefix(profile.folder.as_str());
        let rest = rest.and_then(|rest| rest.strip_prefix('/'));
        rest.unwrap_or(file).to_owned()
    };
    match label.clone() {
        Label::Place {
            function,
            file,
            line,
        } => {
            let start = profile.starts.of(&function, &file);
            let file = inside(profile, &file);
            let outside = format!("{}/{file}", other.folder);
            let there = other
                .starts
                .of(&function, &outside)
                .or_else(|| other.starts.of(&function, &file));
            // of several functions of one name none can be told from another but by its line
            let line = match (start, there) {
                (Some(start), Some(_)) => line.saturating_sub(start),
                _ => line,
            };
            Label::Place {
                function,
                file,
                line,
            }
        }
        Label::Function { function, file } => Label::Function {
            function,
            file: inside(profile, &file),
        },
        Label::File(file) => Label::File(inside(profile, &file)),
        // the kernel gives a thread another number each time
        Label::Thread { id, name } if name.is_empty() => {
            let place = profile.threads.iter().position(|thread| thread.id == id);
            let id = place.map_or(id, |place| place as u32);
            Label::Thread { id, name }
        }
        Label::Thread { name, .. } => Label::Thread { id: 0, name },
        label => label,
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
        match self.more {
            0 => Ok(()),
            more => writeln!(out, "<{more} more rows. Use --top N to view.>"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Diff, Row, join};
    use crate::profile::{By, Grouping, Label, Totals, sample};
    use proptest::prelude::*;

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let row = (0u8..20, -5i64..100, 0i64..10).prop_map(|(name, bytes, blocks)| {
            let labels = vec![Label::Kind(format!("kind {name}"))];
            (labels.clone(), labels, Totals { bytes, blocks })
        });
        proptest::collection::vec(row, 0..40)
    }

    proptest! {
        #[test]
        fn of_itself_nothing_differs(rows in rows()) {
            prop_assert_eq!(join(rows.clone(), rows), []);
        }

        #[test]
        fn the_opposite_difference_is_the_negative_one(a in rows(), b in rows()) {
            let opposite = |change: Change| Change { a: change.b, b: change.a, ..change };
            let mut forth = join(a.clone(), b.clone());
            let mut back: Vec<Change> = join(b, a).into_iter().map(opposite).collect();
            for changes in [&mut forth, &mut back] {
                changes.sort_by(|one, other| one.labels.cmp(&other.labels));
            }
            prop_assert_eq!(forth, back);
        }

        #[test]
        fn the_changes_add_up(a in rows(), b in rows()) {
            let sum = |rows: &[Row]| rows.iter().map(|row| row.2).sum::<Totals>();
            let expected = sum(&b) - sum(&a);
            let changes: Totals = join(a, b).iter().map(Change::totals).sum();
            prop_assert_eq!(changes, expected);
        }
    }

    #[test]
    fn lines_that_moved_with_their_function_are_the_same() {
        let file = "/home/me/app/main.py";
        let mut a = sample::of_stacks(&[("load", file, 12)], &[(&[0], 100)]);
        let mut b = sample::of_stacks(&[("load", file, 15)], &[(&[0], 100), (&[0], 7)]);
        a.starts.add("load", file, 10);
        b.starts.add("load", file, 13);
        let diff = Diff::new(&a, &b, &Grouping::one(By::Line), None);
        assert_eq!(diff.rows.len(), 1, "{diff}");
        assert_eq!(diff.rows[0].totals(), Totals::block(7));
        assert_eq!(
            diff.rows[0].labels[0].to_string(),
            format!("load ({file}:15)")
        );
        // another function of that name: lines are all there is to go by, and their order
        b.starts.add("load", file, 90);
        let diff = Diff::new(&a, &b, &Grouping::one(By::Line), None);
        assert_eq!(diff.rows.len(), 1, "{diff}");
        assert_eq!(diff.rows[0].totals(), Totals::block(7));
        // as many lines on both sides there must be
        let functions = [("load", file, 15), ("load", file, 16)];
        let b = sample::of_stacks(&functions, &[(&[0], 100), (&[1], 7)]);
        let diff = Diff::new(&a, &b, &Grouping::one(By::Line), None);
        assert_eq!(diff.rows.len(), 3, "{diff}");
    }

    #[test]
    fn as_text() {
        let (a, b) = (sample::branches(), sample::recursion());
        let text = Diff::new(&a, &b, &Grouping::one(By::Function), Some(1)).to_string();
        let expected = "\
A  peak: 1.1 KiB
B  peak: 70 B
B holds -1.0 KiB (-93.7%) and -1 blocks more than A

Bytes    %  Blocks    A     B  function
+70 B  new      +3  0 B  70 B  walk (/home/me/walk.py)
<3 more rows. Use --top N to view.>
";
        assert_eq!(text, expected);
    }
}
