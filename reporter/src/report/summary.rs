//! `memprof summary`: each function with what it holds itself, and with what it calls.

use super::columns::Columns;
use super::cut::{More, cut};
use super::measure::{Bytes, Count, Share};
use crate::profile::group::NO_FRAME;
use crate::profile::{NameId, Profile, StackId, Totals};
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

/// What a function was found to hold.
#[derive(Clone, Copy, Default)]
struct Sums {
    total: Totals,
    own: Totals,
    /// The stack that was counted last.
    seen: Option<StackId>,
}

impl Summary {
    /// The biggest `top` functions of a profile, all without one.
    pub fn new(profile: &Profile, top: Option<usize>, width: Option<usize>) -> Self {
        let stacks = &profile.stacks;
        let mut functions: HashMap<(NameId, NameId), Sums> = HashMap::new();
        let mut nowhere = Totals::ZERO;
        for (stack, totals) in by_stack(profile) {
            let mut innermost = true;
            for frame in stacks.inward(stack) {
                let frame = stacks.frame(frame);
                let sums = functions.entry((frame.function, frame.file)).or_default();
                if sums.seen != Some(stack) {
                    sums.seen = Some(stack);
                    sums.total += totals;
                }
                if std::mem::take(&mut innermost) {
                    sums.own += totals;
                }
            }
            if innermost {
                nowhere += totals;
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
        let mut rows: Vec<FunctionRow> = functions
            .into_iter()
            .map(|((function, file), sums)| row(stacks.name(function), stacks.name(file), sums))
            .collect();
        if !nowhere.is_zero() {
            rows.push(row(
                NO_FRAME,
                "",
                Sums {
                    total: nowhere,
                    own: nowhere,
                    seen: None,
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

/// The rows of a profile without threads, allocators and types.
fn by_stack(profile: &Profile) -> HashMap<StackId, Totals> {
    let mut stacks: HashMap<StackId, Totals> = HashMap::new();
    for row in &profile.rows {
        *stacks.entry(row.stack).or_default() += row.totals;
    }
    stacks
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
    use crate::profile::sample;

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
}
