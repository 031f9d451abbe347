//! `memprof leaks`: what was never freed, by the stack that allocated it.

use super::measure::{Bytes, Count, Share};
use crate::profile::{Language, Profile, StackId, Stacks, Totals};
use crate::symbols::Origin;
use serde::Serialize;
use std::collections::HashMap;
use std::fmt;

/// What was never freed, biggest first.
#[derive(Debug, Serialize)]
pub struct Leaks {
    /// The moment: the end, unless another one was asked for.
    pub moment: String,
    /// Whether the recording holds everything that happened.
    pub complete: bool,
    /// The sum of everything that is left.
    pub total: Totals,
    /// The part of it whose stacks have none of the user's own code: mostly what the interpreter
    /// keeps for itself until the process is gone.
    pub without_own_code: Totals,
    /// The stacks.
    pub rows: Vec<LeakRow>,
    /// How many stacks are not shown.
    pub more: usize,
}

/// A stack, and what is left of what it allocated.
#[derive(Debug, Serialize)]
pub struct LeakRow {
    /// The innermost function.
    pub function: String,
    /// Its file.
    pub file: String,
    /// Its line.
    pub line: u32,
    /// Bytes that are left.
    pub bytes: i64,
    /// Blocks that are left.
    pub blocks: i64,
    /// The stack, from the root.
    pub frames: Vec<Place>,
}

/// A frame as JSON has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The function.
    pub function: String,
    /// Its file.
    pub file: String,
    /// The line, 0 where none is known.
    pub line: u32,
}

impl Place {
    /// The frames of a stack, from the root.
    pub fn of_stack(stacks: &Stacks, stack: StackId) -> Vec<Self> {
        let frames = stacks
            .outward(stack)
            .into_iter()
            .map(|frame| stacks.frame(frame));
        frames
            .map(|frame| Self {
                function: stacks.name(frame.function).to_owned(),
                file: stacks.name(frame.file).to_owned(),
                line: frame.line,
            })
            .collect()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file.as_str(), self.line) {
            ("", _) => out.write_str(&self.function),
            (file, 0) => write!(out, "{} ({file})", self.function),
            (file, line) => write!(out, "{} ({file}:{line})", self.function),
        }
    }
}

impl Leaks {
    /// The biggest `top` stacks of a profile, all without one.
    pub fn new(profile: &Profile, top: Option<usize>) -> Self {
        let stacks = &profile.stacks;
        let mut sums: HashMap<StackId, Totals> = HashMap::new();
        for row in &profile.rows {
            *sums.entry(row.stack).or_default() += row.totals;
        }
        let foreign = sums
            .iter()
            .filter(|(stack, _)| !has_own_code(stacks, **stack));
        let without_own_code = foreign.map(|(_, totals)| *totals).sum();
        let mut sums: Vec<(StackId, Totals)> = sums.into_iter().collect();
        sums.sort_by_key(|(stack, totals)| {
            (std::cmp::Reverse((totals.bytes, totals.blocks)), *stack)
        });
        let shown = top.unwrap_or(usize::MAX).min(sums.len());
        let rows = sums
            .iter()
            .take(shown)
            .map(|&(stack, totals)| leak_row(stacks, stack, totals));
        Self {
            moment: profile.moment.clone(),
            complete: profile.complete,
            total: profile.total,
            without_own_code,
            rows: rows.collect(),
            more: sums.len() - shown,
        }
    }
}

fn leak_row(stacks: &Stacks, stack: StackId, totals: Totals) -> LeakRow {
    let frames = Place::of_stack(stacks, stack);
    let innermost = frames.last().cloned().unwrap_or_else(|| Place {
        function: crate::profile::group::NO_FRAME.to_owned(),
        file: String::new(),
        line: 0,
    });
    let Place {
        function,
        file,
        line,
    } = innermost;
    LeakRow {
        function,
        file,
        line,
        bytes: totals.bytes,
        blocks: totals.blocks,
        frames,
    }
}

fn has_own_code(stacks: &Stacks, stack: StackId) -> bool {
    stacks.inward(stack).any(|frame| {
        let frame = stacks.frame(frame);
        frame.language == Language::Python
            && matches!(
                Origin::of(stacks.name(frame.file)),
                Origin::Own | Origin::Generated
            )
    })
}

impl fmt::Display for Leaks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total;
        let (bytes, blocks) = (Bytes(total.bytes), Count(total.blocks));
        writeln!(out, "Never freed: {bytes} in {blocks} blocks")?;
        if !self.without_own_code.is_zero() && self.without_own_code != total {
            writeln!(
                out,
                "of which {} in {} blocks by no code of your own: the interpreter and libraries keep some until the end",
                Bytes(self.without_own_code.bytes),
                Count(self.without_own_code.blocks)
            )?;
        }
        for row in &self.rows {
            let share = Share {
                part: row.bytes,
                whole: total.bytes,
            };
            let (bytes, blocks) = (Bytes(row.bytes), Count(row.blocks));
            writeln!(out, "\n{bytes} in {blocks} blocks, {share}")?;
            if row.frames.is_empty() {
                writeln!(out, "    {}", row.function)?;
            }
            write_frames(out, &row.frames)?;
        }
        match self.more {
            0 => Ok(()),
            more => writeln!(out, "\n<{more} more stacks. Use --top N to view.>"),
        }
    }
}

/// A stack, innermost frame first, each step of the import system as one line; of a stack that is
/// very deep, both ends.
fn write_frames(out: &mut fmt::Formatter<'_>, frames: &[Place]) -> fmt::Result {
    const INNER: usize = 20;
    const OUTER: usize = 5;
    let mut lines: Vec<String> = Vec::new();
    let mut importing = 0;
    for frame in frames.iter().rev() {
        if frame.file.starts_with("<frozen importlib") {
            importing += 1;
            continue;
        }
        lines.extend(import_line(std::mem::take(&mut importing)));
        lines.push(frame.to_string());
    }
    lines.extend(import_line(importing));
    let hidden = lines.len().saturating_sub(INNER + OUTER);
    for (place, line) in lines.iter().enumerate() {
        if hidden > 1 && place == INNER {
            writeln!(out, "    … {hidden} more frames")?;
        }
        if hidden <= 1 || place < INNER || place >= INNER + hidden {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

/// What stands for so many frames of the import system.
fn import_line(frames: usize) -> Option<String> {
    match frames {
        0 => None,
        1 => Some("… 1 frame of the import system".to_owned()),
        frames => Some(format!("… {frames} frames of the import system")),
    }
}

#[cfg(test)]
mod tests {
    use super::Leaks;
    use crate::profile::sample;

    #[test]
    fn stacks_are_shown_innermost_first() {
        let expected = "\
Never freed: 10.4 KiB in 13 blocks
of which 50 B in 1 blocks by no code of your own: the interpreter and libraries keep some until the end

10.0 KiB in 10 blocks, 95.8%
    decode (/usr/lib/python3.11/json/decoder.py:355)
    load (/home/me/app/models.py:12)
    <module> (/home/me/app/main.py:3)

400 B in 2 blocks, 3.7%
    load (/home/me/app/models.py:12)
    <module> (/home/me/app/main.py:3)

50 B in 1 blocks, 0.5%
    <no stack>
";
        assert_eq!(Leaks::new(&sample::profile(), None).to_string(), expected);
    }

    #[test]
    fn the_import_system_is_one_line() {
        let text = Leaks::new(&sample::import(), None).to_string();
        let expected = "
    <module> (/home/me/models.py:1)
    … 2 frames of the import system
    <module> (/home/me/main.py:3)
";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn of_deep_stacks_both_ends_are_shown() {
        let leaks = Leaks::new(&sample::nested(1000), Some(10));
        assert_eq!(leaks.rows[0].frames.len(), 1000);
        let text = leaks.to_string();
        assert!(text.contains("    … 975 more frames\n"), "{text}");
        assert_eq!(text.lines().count(), 3 + 20 + 1 + 5);
    }
}
