//! Rows of two profiles become changes.

use super::Change;
use crate::profile::{Label, Totals};
use crate::report::versions::{Line, Rewritten};
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

/// A label as every recording has it; a line is that of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub label: Label,
    pub line: Option<Line>,
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

/// Joins lines that were rewritten.
fn pair_moved(joined: &mut HashMap<Vec<Key>, Joined>) {
    let mut rewritten: Rewritten<Vec<Label>, Vec<Label>, Vec<Key>> = Rewritten::default();
    for (key, Joined { change, is_there }) in &*joined {
        if *is_there || change.a.is_zero() == change.b.is_zero() {
            continue;
        }
        let without_lines = key.iter().map(|key| key.label.clone()).collect();
        // by their numbers, which the keys may lack
        let place = change.labels.clone();
        rewritten.add(without_lines, change.a.is_zero(), place, key.clone());
    }
    for (older, newer) in rewritten.pairs() {
        if let Some(gone) = joined.remove(&older)
            && let Some(line) = joined.get_mut(&newer)
        {
            line.change.a += gone.change.a;
        }
    }
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
                    line: None,
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
