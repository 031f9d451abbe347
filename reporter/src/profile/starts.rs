//! Where functions begin: what makes a line comparable between two versions of a file.

use crate::replay::Definitions;
use std::collections::HashMap;

/// The first line of each function, by its name and file.
#[derive(Clone, Debug, Default)]
pub struct Starts {
    /// `None` for several functions of one name.
    lines: HashMap<String, HashMap<String, Option<u32>>>,
}

impl Starts {
    /// Of all functions that were seen.
    pub fn new(definitions: &Definitions) -> Self {
        let mut starts = Self::default();
        for code in definitions.codes() {
            starts.add(&code.name, &code.file, code.first_line);
        }
        starts
    }

    /// Adds a function.
    pub fn add(&mut self, function: &str, file: &str, line: u32) {
        let functions = match self.lines.get_mut(file) {
            Some(functions) => functions,
            None => self.lines.entry(file.to_owned()).or_default(),
        };
        functions
            .entry(function.to_owned())
            .and_modify(|known| *known = known.filter(|known| *known == line))
            .or_insert(Some(line));
    }

    /// The first line of the only function of this name in this file.
    pub fn of(&self, function: &str, file: &str) -> Option<u32> {
        *self.lines.get(file)?.get(function)?
    }
}
