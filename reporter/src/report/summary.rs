//! `memprof summary`: each function with what it holds itself, and with what it calls.

use super::columns::Columns;
use super::cut::{More, cut};
use super::measure::{Bytes, Count, Share};
use crate::profile::group::NO_FRAME;
use crate::profile::{NameId, Profile, Recursion, StackId, Stacks, Totals};
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;

/// The functions of a profile, biggest first.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// The moment.
    pub moment: String,
    /// Whether the recording holds everything that happened.
    pub complete: bool,
    /// The sum of everything.
    pub total: Totals,
    /// The functions.
    pub rows: Vec<FunctionRow>,
    /// How many are not shown.
    pub more: usize,
    /// How wide a line may be.
    #[serde(skip)]
    pub width: Option<usize>,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionRow {
    /// Its name.
    pub function: String,
    /// Its file.
    pub file: String,
    /// Allocated by the function and all that it called, in bytes. A stack counts once, however
    /// often the function is in it.
    pub bytes: i64,
    /// The same in blocks.
    pub blocks: i64,
    /// Allocated by the function itself, in bytes.
    pub own_bytes: i64,
    /// The same in blocks.
    pub own_blocks: i64,
}

/// What a stack or a function was found to hold.
#[derive(Clone, Copy, Default)]
struct Sums {
    total: Totals,
    own: Totals,
    /// Whether there is a row of it: what was allocated and freed may add up to nothing.
    has_rows: bool,
}

impl Summary {
    /// The biggest `top` functions of a profile, all without one.
    pub fn new(profile: &Profile, top: Option<usize>, width: Option<usize>) -> Self {
        let stacks = &profile.stacks;
        let sums = by_stack(profile);
        let nowhere = sums[Stacks::EMPTY.0 as usize].own;
        let (of_frame, names) = functions(stacks);
        let recursion = Recursion::of(stacks, |frame| of_frame[frame.0 as usize]);
        let mut functions = vec![Sums::default(); names.len()];
        for (stack, sums) in sums.iter().enumerate() {
            let stack = StackId(stack as u32);
            let Some((_, frame)) = stacks.split(stack) else {
                continue;
            };
            let function = &mut functions[of_frame[frame.0 as usize] as usize];
            function.own += sums.own;
            function.has_rows |= sums.has_rows;
            // what a recursive call holds is in that of the outermost one
            if !recursion.is_recursive(stack) {
                function.total += sums.total;
            }
        }
        let row = |function: &str, file: &str, sums: Sums| FunctionRow {
            function: function.to_owned(),
            file: file.to_owned(),
            bytes: sums.total.bytes,
            blocks: sums.total.blocks,
            own_bytes: sums.own.bytes,
            own_blocks: sums.own.blocks,
        };
        let mut rows: Vec<FunctionRow> = names
            .into_iter()
            .zip(functions)
            .filter(|(_, sums)| sums.has_rows)
            .map(|((function, file), sums)| row(stacks.name(function), stacks.name(file), sums))
            .collect();
        if !nowhere.is_zero() {
            rows.push(row(
                NO_FRAME,
                "",
                Sums {
                    total: nowhere,
                    own: nowhere,
                    has_rows: true,
                },
            ));
        }
        rows.sort_by(|a, b| {
            let size = |row: &FunctionRow| (row.bytes, row.own_bytes, row.blocks);
            let name = |row: &FunctionRow| (row.function.clone(), row.file.clone());
            size(b).cmp(&size(a)).then_with(|| name(a).cmp(&name(b)))
        });
        let more = cut(&mut rows, top);
        Self {
            moment: profile.moment.clone(),
            complete: profile.complete,
            total: profile.total,
            rows,
            more,
            width,
        }
    }
}

/// What each stack holds, by its number, itself and with all that it is a caller of.
fn by_stack(profile: &Profile) -> Vec<Sums> {
    let mut sums = vec![Sums::default(); profile.stacks.count()];
    for row in &profile.rows {
        let stack = &mut sums[row.stack.0 as usize];
        stack.total += row.totals;
        stack.own += row.totals;
        stack.has_rows = true;
    }
    profile.stacks.with_callees(sums, |caller, callee| {
        caller.total += callee.total;
        caller.has_rows |= callee.has_rows;
    })
}

/// The function of each frame, and the names and files of the functions.
fn functions(stacks: &Stacks) -> (Vec<u32>, Vec<(NameId, NameId)>) {
    let mut names = Vec::new();
    let mut known = HashMap::new();
    let of_frame = stacks.frames().iter().map(|frame| {
        let name = (frame.function, frame.file);
        *known.entry(name).or_insert_with(|| {
            names.push(name);
            names.len() as u32 - 1
        })
    });
    (of_frame.collect(), names)
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total;
        let (bytes, blocks) = (Bytes(total.bytes), Count(total.blocks));
        writeln!(out, "Heap at {}: {bytes} in {blocks} blocks\n", self.moment)?;
        let headings = ["Total", "%", "Own", "%", "Blocks", "function"];
        let mut columns = Columns::new(headings, self.width);
        for row in &self.rows {
            let share = |part| {
                Share {
                    part,
                    whole: total.bytes,
                }
                .to_string()
            };
            let place = match row.file.as_str() {
                "" => row.function.clone(),
                file => format!("{} ({file})", row.function),
            };
            columns.row([
                Bytes(row.bytes).to_string(),
                share(row.bytes),
                Bytes(row.own_bytes).to_string(),
                share(row.own_bytes),
                Count(row.blocks).to_string(),
                place,
            ]);
        }
        write!(out, "{columns}")?;
        More(self.more, "functions").fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;
    use crate::profile::{Profile, Totals, sample};
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn a_function_has_its_own_and_what_it_called() {
        let summary = Summary::new(&sample::profile(), None, None);
        let expected = "\
Heap at peak: 10.4 KiB in 13 blocks

   Total      %       Own      %  Blocks  function
10.4 KiB  99.5%     400 B   3.7%      12  load (/home/me/app/models.py)
10.4 KiB  99.5%       0 B   0.0%      12  <module> (/home/me/app/main.py)
10.0 KiB  95.8%  10.0 KiB  95.8%      10  decode (/usr/lib/python3.11/json/decoder.py)
    50 B   0.5%      50 B   0.5%       1  <no stack>
";
        assert_eq!(summary.to_string(), expected);
    }

    #[test]
    fn recursion_counts_a_stack_once() {
        let profile = sample::recursion();
        let summary = Summary::new(&profile, Some(1), None);
        let row = &summary.rows[0];
        assert_eq!(
            (row.function.as_str(), row.bytes, row.own_bytes),
            ("walk", 70, 70)
        );
    }

    /// What each function holds, found by going through all frames of all rows.
    fn naive(profile: &Profile) -> BTreeMap<(String, String), [Totals; 2]> {
        let stacks = &profile.stacks;
        let mut functions: BTreeMap<_, [Totals; 2]> = BTreeMap::new();
        for row in &profile.rows {
            let names: Vec<_> = stacks
                .inward(row.stack)
                .map(|frame| {
                    let frame = stacks.frame(frame);
                    let name = |name| stacks.name(name).to_owned();
                    (name(frame.function), name(frame.file))
                })
                .collect();
            for name in names.iter().collect::<BTreeSet<_>>() {
                functions.entry(name.clone()).or_default()[0] += row.totals;
            }
            if let Some(innermost) = names.first() {
                functions.entry(innermost.clone()).or_default()[1] += row.totals;
            }
        }
        functions
    }

    #[test]
    fn every_stack_counts_once_for_each_of_its_functions() {
        // two lines of one function, one of another file, and rows that add up to nothing
        let functions = [
            ("f", "/a.py", 1),
            ("f", "/a.py", 2),
            ("f", "/b.py", 1),
            ("g", "/a.py", 3),
            ("gone", "/a.py", 4),
            ("missing", "/a.py", 5),
        ];
        let mut profile = sample::of_stacks(
            &functions,
            &[
                (&[0], 1),
                (&[0, 1, 0], 10),
                (&[0, 2, 1], 100),
                (&[3, 0, 3, 2, 3], 1_000),
                (&[3, 0], 10_000),
                (&[3, 4], 100_000),
                (&[3, 4], -100_000),
                (&[5, 5], 1_000_000),
            ],
        );
        profile.rows[6].totals.blocks = -1;
        // a stack that nothing is left of after a filter
        profile.rows.pop();
        let summary = Summary::new(&profile, None, None);
        let found = summary.rows.into_iter().map(|row| {
            let totals = |bytes, blocks| Totals { bytes, blocks };
            let total = totals(row.bytes, row.blocks);
            let own = totals(row.own_bytes, row.own_blocks);
            ((row.function, row.file), [total, own])
        });
        assert_eq!(found.collect::<BTreeMap<_, _>>(), naive(&profile));
    }
}
