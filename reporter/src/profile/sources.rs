//! What the lines of source files said when they ran, as far as a recording tells.

use memprof_recorder::capture::SourceHashes;
use std::collections::HashMap;

/// For each file what its lines say: equal numbers, equal lines; 0 where a line is empty.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: HashMap<String, Vec<u32>>,
}

impl Sources {
    /// Of a recording.
    pub fn new(sources: Vec<SourceHashes>) -> Self {
        let files = sources.into_iter();
        Self {
            files: files.map(|file| (file.path, file.lines)).collect(),
        }
    }

    /// The lines of a file, the first one first.
    pub fn of(&self, file: &str) -> Option<&[u32]> {
        self.files.get(file).map(Vec::as_slice)
    }

    /// Of files with these texts.
    #[cfg(test)]
    pub(crate) fn saying(files: &[(&str, &str)]) -> Self {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let number = |line: &str| match line {
            "" => 0,
            line => {
                let mut hasher = DefaultHasher::new();
                line.hash(&mut hasher);
                hasher.finish() as u32
            }
        };
        let files = files.iter().map(|(path, text)| {
            let lines = text.lines().map(|line| number(line.trim())).collect();
            ((*path).to_owned(), lines)
        });
        Self {
            files: files.collect(),
        }
    }
}
