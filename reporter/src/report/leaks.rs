//! `memprof leaks`: what was left, by the stack that allocated it or by what was asked for; what
//! never stops growing first.

mod frames;
mod suppressions;
mod text;

pub use frames::Place;
pub use suppressions::{LeftOut, NoSuppressions, Suppressions};

use super::cut::cut;
use super::trend::{Slope, Trend, picture, slope, trend};
use crate::profile::{
    By, Development, Grouping, Label, Language, NO_FRAME, Part, StackId, Stacks, Totals, group,
};
use crate::symbols::Origin;
use serde::Serialize;
use serde::ser::SerializeMap;
use std::collections::HashMap;

/// What was left.
#[derive(Debug, Serialize)]
pub struct Leaks {
    /// The moment: the end of the program's own code or of the recording, unless another one was
    /// asked for.
    pub moment: String,
    /// When that was, in seconds from the start.
    pub time: f64,
    /// Whether the recording holds everything that happened.
    pub complete: bool,
    /// The sum of everything that was left at the moment, what is left out included.
    pub total: Totals,
    /// What was never freed, not even by the interpreter's shutdown.
    pub never_freed: Totals,
    /// The part of `total` whose stacks have none of the user's own code: mostly what the
    /// interpreter keeps for itself until the process is gone.
    pub without_own_code: Totals,
    /// What suppressions leave out, and which.
    pub suppressed: Suppressed,
    /// What makes this report say less than it seems to.
    pub warnings: Vec<String>,
    /// The rows: what grows without end, that which grew most first, then the rest, biggest first.
    pub rows: Vec<LeakRow>,
    /// How many rows are not shown.
    pub more: usize,
    /// What the rows are, if they are no stacks.
    #[serde(skip)]
    pub heading: Option<String>,
    /// How wide a line may be.
    #[serde(skip)]
    pub width: Option<usize>,
}

/// What is left out.
#[derive(Debug, Default, Serialize)]
pub struct Suppressed {
    /// Bytes.
    pub bytes: i64,
    /// Blocks.
    pub blocks: i64,
    /// By which patterns.
    pub by: Vec<LeftOut>,
}

/// What is left of one stack, type, line and so on.
#[derive(Debug, Default)]
pub struct LeakRow {
    /// What it is, if it is no stack.
    pub labels: Vec<Label>,
    /// The stack, if it is one.
    pub stack: Option<StackId>,
    /// Its frames, from the root.
    pub frames: Option<Vec<Place>>,
    /// How much is left.
    pub totals: Totals,
    /// How much there ever was; of an age nothing is said, since every block was young once.
    pub allocated: Option<Totals>,
    /// How it developed.
    pub trend: Trend,
    /// How fast it grew, in bytes, where time went by.
    pub slope: Option<Slope>,
    /// When what is left was allocated: the first and the last of it, in seconds from the start, as
    /// far as the moments tell at which the run was looked at.
    pub ages: Option<(f64, f64)>,
    /// The bytes over the run.
    pub picture: String,
}

/// What is known beside the rows.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// When the moment was, in seconds from the start.
    pub time: f64,
    /// What was alive when the recording ended.
    pub at_end: Totals,
    /// Whether the program is an interpreter of Python.
    pub python: bool,
    /// Whether CPython's allocators were recorded.
    pub python_allocators: bool,
}

/// Letters of a picture.
const PICTURE: usize = 24;

impl Leaks {
    /// The first `top` rows, all without one; by stack without a grouping.
    pub fn new(
        development: &Development,
        grouping: Option<&Grouping>,
        mut suppressions: Suppressions,
        circumstances: &Circumstances,
        top: Option<usize>,
    ) -> Self {
        let profile = &development.profile;
        let stacks = &profile.stacks;
        let mut groups = Groups::new(development, grouping);
        let (mut total, mut without_own_code) = (Totals::ZERO, Totals::ZERO);
        let mut suppressed = Totals::ZERO;
        let own_code = own_code(stacks);
        let by_stack = suppressions.of_stacks(stacks, &profile.folder);
        for (place, row) in profile.rows.iter().enumerate() {
            let stack = row.stack.0 as usize;
            let (own, left_out) = (own_code[stack], by_stack[stack]);
            if development.parts[place] == Part::Alive {
                total += row.totals;
                if !own {
                    without_own_code += row.totals;
                }
                if let Some(pattern) = left_out {
                    suppressed += row.totals;
                    suppressions.count(pattern, row.totals);
                }
            }
            if left_out.is_some() {
                groups.of_rows[place] = None;
            }
        }
        let mut rows = groups.rows(development);
        rows.retain(|row| !row.totals.is_zero());
        rows.sort_by(|one, other| one.order(other, stacks));
        let more = cut(&mut rows, top);
        // of what is shown alone: all frames of all stacks may be more than there is memory for
        for row in &mut rows {
            row.frames = row.stack.map(|stack| Place::of_stack(stacks, stack));
        }
        Self {
            moment: profile.moment.clone(),
            time: circumstances.time,
            complete: profile.complete,
            total,
            never_freed: circumstances.at_end,
            without_own_code,
            suppressed: Suppressed {
                bytes: suppressed.bytes,
                blocks: suppressed.blocks,
                by: suppressions.left_out(),
            },
            warnings: warnings(circumstances),
            rows,
            more,
            heading: grouping.map(Grouping::to_string),
            width: None,
        }
    }
}

fn warnings(circumstances: &Circumstances) -> Vec<String> {
    let mut warnings = Vec::new();
    if circumstances.python && !circumstances.python_allocators {
        warnings.push(
            "CPython's own allocators were not recorded: it keeps arenas of memory and never gives \
             most of them back, and these are no leaks; record without --no-python-allocators to \
             see the objects in them"
                .to_owned(),
        );
    }
    warnings
}

/// Which row of the report each row of the profile belongs to.
struct Groups {
    /// The labels of each, if rows are no stacks.
    labels: Vec<Vec<Label>>,
    /// The stack of each, if rows are stacks.
    stacks: Vec<StackId>,
    of_rows: Vec<Option<usize>>,
    /// Whether they tell ages apart.
    of_ages: bool,
}

impl Groups {
    fn new(development: &Development, grouping: Option<&Grouping>) -> Self {
        let profile = &development.profile;
        if let Some(grouping) = grouping {
            let group::Assignment { labels, groups } = group::assign(profile, grouping);
            return Self {
                labels,
                stacks: Vec::new(),
                of_rows: groups.into_iter().map(Some).collect(),
                of_ages: grouping.properties().contains(&By::Age),
            };
        }
        let mut places: HashMap<StackId, usize> = HashMap::new();
        let mut stacks = Vec::new();
        let of_rows = profile.rows.iter().map(|row| {
            Some(*places.entry(row.stack).or_insert_with(|| {
                stacks.push(row.stack);
                stacks.len() - 1
            }))
        });
        Self {
            labels: Vec::new(),
            of_rows: of_rows.collect(),
            stacks,
            of_ages: false,
        }
    }

    fn rows(self, development: &Development) -> Vec<LeakRow> {
        let number = self.labels.len().max(self.stacks.len());
        let alive = development.sums(Part::Alive, number, &self.of_rows);
        let allocated = development.sums(Part::Allocated, number, &self.of_rows);
        let mut rows: Vec<LeakRow> = alive
            .into_iter()
            .zip(allocated)
            .map(|(totals, allocated)| LeakRow {
                totals,
                allocated: (!self.of_ages).then_some(allocated),
                ..LeakRow::default()
            })
            .collect();
        for (row, &stack) in rows.iter_mut().zip(&self.stacks) {
            row.stack = Some(stack);
        }
        for (row, labels) in rows.iter_mut().zip(self.labels) {
            row.labels = labels;
        }
        let seconds = development.seconds();
        development.courses(&self.of_rows, |group, course| {
            let row = &mut rows[group];
            if row.totals.is_zero() {
                return;
            }
            let bytes: Vec<i64> = course.totals.iter().map(|totals| totals.bytes).collect();
            row.trend = trend(&bytes);
            row.slope = slope(&seconds, &bytes);
            row.picture = picture(&bytes, PICTURE);
            row.ages = course.ages;
        });
        rows
    }
}

impl LeakRow {
    /// The share of its blocks that is left, where it is known how many there ever were.
    pub fn survival(&self) -> Option<f64> {
        Some(match self.allocated?.blocks {
            0 => 1.0,
            blocks => (self.totals.blocks as f64 / blocks as f64).min(1.0),
        })
    }

    fn order(&self, other: &Self, stacks: &Stacks) -> std::cmp::Ordering {
        let innermost = |row: &Self| {
            let (_, frame) = row.stack.and_then(|stack| stacks.split(stack))?;
            let frame = stacks.frame(frame);
            Some((
                stacks.name(frame.function),
                stacks.name(frame.file),
                frame.line,
            ))
        };
        let grows = |row: &Self| row.trend == Trend::Grows;
        let grown = |row: &Self| match (row.trend, row.slope) {
            (Trend::Grows, Some(slope)) => slope.grown,
            (Trend::Grows, None) => row.totals.bytes as f64,
            _ => 0.0,
        };
        let size = |row: &Self| (row.totals.bytes, row.totals.blocks);
        grows(other)
            .cmp(&grows(self))
            .then_with(|| grown(other).total_cmp(&grown(self)))
            .then_with(|| size(other).cmp(&size(self)))
            .then_with(|| self.labels.cmp(&other.labels))
            .then_with(|| innermost(self).cmp(&innermost(other)))
            .then_with(|| self.stack.cmp(&other.stack))
    }
}

/// A stack has the keys of its innermost frame, and its frames; other rows those of their labels.
impl Serialize for LeakRow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(frames) = &self.frames {
            let innermost = frames.last().cloned().unwrap_or_else(|| Place {
                function: NO_FRAME.to_owned(),
                ..Place::default()
            });
            map.serialize_entry("function", &innermost.function)?;
            map.serialize_entry("file", &innermost.file)?;
            map.serialize_entry("line", &innermost.line)?;
        }
        for label in &self.labels {
            label.serialize_into(&mut map)?;
        }
        map.serialize_entry("bytes", &self.totals.bytes)?;
        map.serialize_entry("blocks", &self.totals.blocks)?;
        map.serialize_entry("allocated", &self.allocated)?;
        map.serialize_entry("survival", &self.survival())?;
        map.serialize_entry("trend", &self.trend)?;
        map.serialize_entry("bytes_per_second", &self.slope.map(|it| it.per_second))?;
        map.serialize_entry("oldest", &self.ages.map(|ages| ages.0))?;
        map.serialize_entry("newest", &self.ages.map(|ages| ages.1))?;
        if let Some(frames) = &self.frames {
            map.serialize_entry("frames", frames)?;
        }
        map.end()
    }
}

/// Whether a stack has a frame of the user's own code, by its number.
fn own_code(stacks: &Stacks) -> Vec<bool> {
    let frames: Vec<bool> = stacks
        .frames()
        .iter()
        .map(|frame| {
            frame.language == Language::Python
                && matches!(
                    Origin::of(stacks.name(frame.file)),
                    Origin::Own | Origin::Generated
                )
        })
        .collect();
    stacks.by_caller(false, |callers, frame| callers || frames[frame.0 as usize])
}

#[cfg(test)]
#[path = "leaks/tests.rs"]
mod tests;
