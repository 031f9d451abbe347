//! The frames of a stack, as reports show them.

use crate::profile::{StackId, Stacks};
use serde::Serialize;
use std::fmt;

/// A frame as JSON has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

/// A stack, innermost frame first, each step of the import system as one line; of a stack that is
/// very deep, both ends.
pub(super) fn write_frames(out: &mut fmt::Formatter<'_>, frames: &[Place]) -> fmt::Result {
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
