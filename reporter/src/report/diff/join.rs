//! Rows of two profiles become changes.

use super::Change;
use crate::profile::{Label, Totals};
use std::collections::HashMap;

/// A row of one profile.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What it is called in every recording.
    pub key: Vec<Key>,
    /// What it is called in this one.
    pub labels: Vec<Label>,
    /// How much of it there is.
    pub totals: Totals,
    /// The other recording has the same line, whether anything was allocated there or not.
    pub is_there: bool,
}

/// A label as every recording has it. A line that says something known is without its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub label: Label,
    pub text: Option<Text>,
}

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Text {
    /// As the recording tells it.
    pub hash: u32,
    /// The how manieth line it is that says so, from where its function begins.
    pub number: usize,
}

impl Key {
    fn without_line(&self) -> Self {
        let label = match self.label.clone() {
            Label::Place { function, file, .. } => Label::Function { function, file },
            label => label,
        };
        Self { label, text: None }
    }
}

/// A change, and whether its line is known to be in both recordings.
#[derive(Debug)]
struct Joined {
    change: Change,
    is_there: bool,
}

/// The rows that differ, growth first.
pub(super) fn join(a: Vec<Row>, b: Vec<Row>) -> Vec<Change> {
    let mut joined: HashMap<Vec<Key>, Joined> = HashMap::new();
    for (rows, is_newer) in [(b, true), (a, false)] {
        for row in rows {
            let Row {
                labels, is_there, ..
            } = row;
            let (a, b) = (Totals::ZERO, Totals::ZERO);
            let new = Joined {
                change: Change { labels, a, b },
                is_there,
            };
            let change = &mut joined.entry(row.key).or_insert(new).change;
            if is_newer {
                change.b += row.totals;
            } else {
                change.a += row.totals;
            }
        }
    }
    pair_moved(&mut joined);
    let changes = joined.into_values().map(|joined| joined.change);
    let mut changes: Vec<Change> = changes
        .filter(|change| !change.totals().is_zero())
        .collect();
    changes.sort_by(|one, other| {
        let growth = |change: &Change| (change.totals().bytes, change.totals().blocks);
        let bigger = growth(other).cmp(&growth(one));
        bigger.then_with(|| one.labels.cmp(&other.labels))
    });
    changes
}

/// Within one function, as many lines of the older one alone as of the newer one alone are taken
/// for the same lines, in their order: they were rewritten, or belong to code that is no function
/// of its own, such as that of a module, and has no beginning to count from. A line that both
/// recordings have is no other one.
fn pair_moved(joined: &mut HashMap<Vec<Key>, Joined>) {
    let mut functions: HashMap<Vec<Key>, Function> = HashMap::new();
    for (key, Joined { change, is_there }) in &*joined {
        if *is_there || change.a.is_zero() == change.b.is_zero() {
            continue;
        }
        let without_lines = key.iter().map(Key::without_line).collect();
        let function = functions.entry(without_lines).or_default();
        let lines = if change.b.is_zero() {
            &mut function.older
        } else {
            &mut function.newer
        };
        lines.push((change.labels.clone(), key.clone()));
    }
    for Function {
        mut older,
        mut newer,
    } in functions.into_values()
    {
        if older.len() != newer.len() {
            continue;
        }
        // by their numbers, which the keys may lack
        older.sort_by(|one, other| one.0.cmp(&other.0));
        newer.sort_by(|one, other| one.0.cmp(&other.0));
        for ((_, older), (_, newer)) in older.iter().zip(&newer) {
            if let Some(gone) = joined.remove(older)
                && let Some(line) = joined.get_mut(newer)
            {
                line.change.a += gone.change.a;
            }
        }
    }
}

/// The lines of a function that one recording alone has, with their names there.
#[derive(Debug, Default)]
struct Function {
    older: Vec<(Vec<Label>, Vec<Key>)>,
    newer: Vec<(Vec<Label>, Vec<Key>)>,
}

#[cfg(test)]
mod tests {
    use super::{Change, Key, Row, join};
    use crate::profile::{Label, Totals};
    use proptest::prelude::*;

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let row = (0u8..20, -5i64..100, 0i64..10).prop_map(|(name, bytes, blocks)| {
            let label = Label::Kind(format!("kind {name}"));
            Row {
                key: vec![Key {
                    label: label.clone(),
                    text: None,
                }],
                labels: vec![label],
                totals: Totals { bytes, blocks },
                is_there: false,
            }
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
            let sum = |rows: &[Row]| rows.iter().map(|row| row.totals).sum::<Totals>();
            let expected = sum(&b) - sum(&a);
            let changes: Totals = join(a, b).iter().map(Change::totals).sum();
            prop_assert_eq!(changes, expected);
        }
    }
}
