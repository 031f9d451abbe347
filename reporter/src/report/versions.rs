//! Two versions of a program: which of their files and lines are the same.
//!
//! A file counts by its place in the folder in which the program was started, a line by its function and by what it says, so that
//! both stay the same when code above is changed. Where a recording does not tell what its lines say, they are counted from where
//! their function begins.

use crate::profile::{Profile, Sources, Starts};
use std::collections::HashMap;
use std::hash::Hash;

/// What a recording tells of its code.
#[derive(Clone, Copy, Debug)]
pub struct Code<'a> {
    /// The folder in which the program was started.
    pub folder: &'a str,
    /// Where its functions begin.
    pub starts: &'a Starts,
    /// What its lines say.
    pub sources: &'a Sources,
}

impl<'a> From<&'a Profile> for Code<'a> {
    fn from(profile: &'a Profile) -> Self {
        Self {
            folder: &profile.folder,
            starts: &profile.starts,
            sources: &profile.sources,
        }
    }
}

/// A line of a function, as both versions have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Line {
    /// What it says is known: equal numbers, equal texts. It is the how manieth that says so, from where its function begins.
    Saying(u32, usize),
    /// Its number, counted from where its function begins if that is known.
    Number(u32),
}

/// The code of a version, as far as another one has it too.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// That version.
    pub one: Code<'a>,
    /// The other one.
    pub other: Code<'a>,
}

impl Shared<'_> {
    /// The place of a file in the folder where the program was started.
    pub fn inside(self, file: &str) -> &str {
        let rest = file.strip_prefix(self.one.folder);
        rest.and_then(|rest| rest.strip_prefix('/')).unwrap_or(file)
    }

    /// A line by what it says, if that is known of both versions, or else counted from where its function begins; and whether it
    /// is known to stand in the other version, too.
    pub fn line(self, function: &str, file: &str, line: u32) -> (Line, bool) {
        let (one, other) = (self.one, self.other);
        let inside = self.inside(file);
        let outside = format!("{}/{inside}", other.folder);
        let begins = other.starts.of(function, &outside);
        let there = begins.or_else(|| other.starts.of(function, inside));
        // of several functions of one name none can be told from another but by its line
        let starts = one.starts.of(function, file).zip(there);
        let says = other.sources.of(&outside);
        let says = says.or_else(|| other.sources.of(inside));
        if let (Some(lines), Some(other_lines)) = (one.sources.of(file), says) {
            let (start, there) = starts.unwrap_or((1, 1));
            if let Some((hash, number)) = saying(lines, start, line) {
                let behind = other_lines.iter().skip(index(there));
                let same = behind.filter(|other| **other == hash);
                return (Line::Saying(hash, number), same.count() >= number);
            }
        }
        let number = starts.map_or(line, |(start, _)| line.saturating_sub(start));
        (Line::Number(number), false)
    }
}

/// What a line of a function says that begins at `start`, and the how manieth it is that does; nothing, if it is empty.
fn saying(lines: &[u32], start: u32, line: u32) -> Option<(u32, usize)> {
    let hash = *lines.get(line.checked_sub(1)? as usize)?;
    let from = index(start.min(line));
    let same = |other: &&u32| **other == hash;
    let number = lines[from..=index(line)].iter().filter(same).count();
    (hash != 0).then_some((hash, number))
}

/// Lines are counted from 1.
fn index(line: u32) -> usize {
    line.saturating_sub(1) as usize
}

/// Lines of one function that only one of the versions has, with their places in its order.
#[derive(Debug)]
struct Lone<P, T> {
    older: Vec<(P, T)>,
    newer: Vec<(P, T)>,
}

/// Finds lines that were rewritten, or that belong to code that is no function of its own, such as that of a module, and has no
/// beginning to count from: within one function, as many lines of the older version alone as of the newer one alone are taken for
/// the same lines, in their order. A line that both have is no other one.
#[derive(Debug)]
pub struct Rewritten<F, P, T>(HashMap<F, Lone<P, T>>);

impl<F, P, T> Default for Rewritten<F, P, T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<F: Eq + Hash, P: Ord, T> Rewritten<F, P, T> {
    /// A line that one version alone has.
    pub fn add(&mut self, function: F, is_newer: bool, place: P, line: T) {
        let lone = self.0.entry(function).or_insert_with(|| Lone {
            older: Vec::new(),
            newer: Vec::new(),
        });
        let lines = if is_newer {
            &mut lone.newer
        } else {
            &mut lone.older
        };
        lines.push((place, line));
    }

    /// The pairs, the older one first.
    pub fn pairs(self) -> impl Iterator<Item = (T, T)> {
        let functions = self.0.into_values();
        let paired = functions.filter(|lone| lone.older.len() == lone.newer.len());
        paired.flat_map(|mut lone| {
            lone.older.sort_by(|one, other| one.0.cmp(&other.0));
            lone.newer.sort_by(|one, other| one.0.cmp(&other.0));
            let older = lone.older.into_iter().map(|(_, line)| line);
            older.zip(lone.newer.into_iter().map(|(_, line)| line))
        })
    }
}
