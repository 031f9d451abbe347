//! Which lines belong to which function.

use crate::replay::{CodeObject, Definitions};
use crate::symbols::python;
use std::collections::HashMap;

/// The first and last lines of all functions, by name and file.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    known: HashMap<(String, String), Vec<(u32, u32)>>,
}

impl Ranges {
    /// Of all functions that were seen.
    pub(super) fn new(definitions: &Definitions) -> Self {
        let mut ranges = Self::default();
        for code in definitions.codes() {
            ranges.add(code);
        }
        ranges
    }

    fn add(&mut self, code: &CodeObject) {
        let range = (code.first_line, python::last_line(code));
        let key = (code.name.clone(), code.file.clone());
        let known = self.known.entry(key).or_default();
        if !known.contains(&range) {
            known.push(range);
        }
    }

    /// The function of this name that a line is in. Several have one name (methods before 3.11,
    /// lambdas): it is the one that begins last before the line. Of machine code no range is
    /// known: then a line stands for itself.
    pub(super) fn of(&self, function: &str, file: &str, line: u32) -> Option<(u32, u32)> {
        let key = (function.to_owned(), file.to_owned());
        let known = self.known.get(&key)?.iter().copied();
        known
            .filter(|&(first, last)| (first..=last).contains(&line))
            .max_by_key(|&(first, _)| first)
    }
}
