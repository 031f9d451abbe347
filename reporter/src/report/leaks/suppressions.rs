//! What a report about leaks leaves out: in the syntax of `LeakSanitizer`, one pattern a line.
//!
//! ```text
//! # a comment
//! leak:libfoo.so
//! leak:^cache_
//! ```
//!
//! A stack is left out when the pattern is found in the function, the file or the module of any of
//! its frames; `*` stands for anything, `^` for the beginning and `$` for the end. `inner:PATTERN`, which
//! `LeakSanitizer` does not know, looks at the innermost frame alone.

use crate::profile::{NO_FRAME, Pattern, Stacks, Totals};
use crate::symbols::origin;
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// Why there are no suppressions.
#[derive(Debug, thiserror::Error)]
pub enum NoSuppressions {
    /// The file cannot be read.
    #[error("cannot read the suppressions {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A line is none.
    #[error("{path}:{line}: {text:?} is no suppression: write leak:PATTERN")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
}

/// Patterns, and what each has left out so far.
#[derive(Debug, Default)]
pub struct Suppressions {
    patterns: Vec<Suppression>,
}

/// A pattern.
#[derive(Clone, Debug)]
struct Suppression {
    text: String,
    pattern: Pattern,
    /// Only the innermost frame is looked at.
    inner: bool,
    left_out: Totals,
}

/// The first pattern that is found, of each kind.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    /// Of those that look at every frame.
    anywhere: Option<usize>,
    /// Of those that look at the innermost one.
    innermost: Option<usize>,
}

impl Found {
    fn place(&self) -> Option<usize> {
        first(self.anywhere, self.innermost)
    }
}

/// The lower of two places, or the only one.
fn first(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    one.into_iter().chain(other).min()
}

/// What a pattern has left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// As it was written.
    pub pattern: String,
    /// Bytes that it left out.
    pub bytes: i64,
    /// Blocks that it left out.
    pub blocks: i64,
}

/// What the C library and the libraries that nearly every program loads keep until the end, by the
/// functions that allocate it; seen with native stacks only.
const OF_THE_SYSTEM: [&str; 9] = [
    "leak:^__nss_module_allocate$",
    "leak:^__gconv_read_conf$",
    "leak:^__new_exitfn$",
    "leak:^tzset_internal$",
    "leak:^dl_open_worker",
    "leak:^_dl_init$",
    "leak:^call_init",
    "leak:^g_main_context_new",
    "leak:^g_thread_self$",
];

/// What CPython keeps as long as it runs: what no Python code allocated (the interpreter itself,
/// as it starts), the code of modules and what the import system knows of them, and the codecs.
const OF_PYTHON: [&str; 8] = [
    "inner:^<no stack>$",
    "inner:^<frozen importlib*>$",
    "inner:^<frozen zipimport>$",
    "inner:^<frozen site>$",
    "inner:^<frozen codecs>$",
    "inner:^<frozen encodings*>$",
    "inner:/lib/python3*/encodings/",
    "inner:/lib/python3*/linecache.py$",
];

impl Suppressions {
    /// Those of a file, or none.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or a line of it is no suppression.
    pub fn new(path: Option<&Path>) -> Result<Self, NoSuppressions> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let path = path.to_owned();
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(source) => Err(NoSuppressions::Unreadable { path, source }),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, NoSuppressions> {
        let mut suppressions = Self::default();
        for (line, text) in text.lines().enumerate() {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if !suppressions.add(text) {
                return Err(NoSuppressions::Line {
                    path: path.to_owned(),
                    line: line + 1,
                    text: text.to_owned(),
                });
            }
        }
        Ok(suppressions)
    }

    /// With those that everybody wants, of Python too if the program is one.
    #[must_use]
    pub fn with_defaults(mut self, python: bool) -> Self {
        let of_python = OF_PYTHON.iter().filter(|_| python);
        for text in OF_THE_SYSTEM.iter().chain(of_python) {
            self.add(text);
        }
        self
    }

    fn add(&mut self, text: &str) -> bool {
        let (inner, pattern) = match text.split_once(':') {
            Some(("leak", pattern)) => (false, pattern),
            Some(("inner", pattern)) => (true, pattern),
            _ => return false,
        };
        if pattern.is_empty() {
            return false;
        }
        self.patterns.push(Suppression {
            text: text.to_owned(),
            pattern: Pattern::part(pattern),
            inner,
            left_out: Totals::ZERO,
        });
        true
    }

    /// Which pattern leaves a stack out, if one does, by the number of the stack: the first.
    pub fn of_stacks(&self, stacks: &Stacks, folder: &str) -> Vec<Option<usize>> {
        let frames: Vec<Found> = stacks
            .frames()
            .iter()
            .map(|frame| {
                self.of_frame(stacks.name(frame.function), stacks.name(frame.file), folder)
            })
            .collect();
        let none = self.of_frame(NO_FRAME, "", folder);
        let found = stacks.by_caller(Found::default(), |callers, frame| {
            let own = frames[frame.0 as usize];
            Found {
                anywhere: first(callers.anywhere, own.anywhere),
                innermost: own.innermost,
            }
        });
        let mut places: Vec<_> = found.iter().map(Found::place).collect();
        places[Stacks::EMPTY.0 as usize] = none.place();
        places
    }

    fn of_frame(&self, function: &str, file: &str, folder: &str) -> Found {
        if self.patterns.is_empty() {
            return Found::default();
        }
        let module = origin::module(file, folder);
        let find = |inner: bool| {
            self.patterns.iter().position(|suppression| {
                let mut names = [function, file, &module].into_iter();
                suppression.inner == inner && names.any(|name| suppression.pattern.matches(name))
            })
        };
        Found {
            anywhere: find(false),
            innermost: find(true),
        }
    }

    /// Counts what a pattern leaves out.
    pub fn count(&mut self, place: usize, totals: Totals) {
        self.patterns[place].left_out += totals;
    }

    /// What the patterns have left out, those that did something.
    pub fn left_out(&self) -> Vec<LeftOut> {
        let used = self.patterns.iter().filter(|it| !it.left_out.is_zero());
        used.map(|it| LeftOut {
            pattern: it.text.clone(),
            bytes: it.left_out.bytes,
            blocks: it.left_out.blocks,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Suppressions;
    use crate::profile::sample;
    use std::path::Path;

    fn left_out(text: &str) -> Vec<bool> {
        let profile = sample::profile();
        let suppressions = Suppressions::parse(text, Path::new("x.supp")).expect("right");
        let left_out = suppressions.of_stacks(&profile.stacks, &profile.folder);
        let rows = profile.rows.iter();
        rows.map(|row| left_out[row.stack.0 as usize].is_some())
            .collect()
    }

    #[test]
    fn any_frames_function_file_or_module_is_looked_at() {
        // no stack; load; load and decode
        for (text, expected) in [
            ("leak:^load$", [false, true, true]),
            ("leak:decoder.py", [false, false, true]),
            ("leak:^json.decoder$", [false, false, true]),
            ("leak:^app.*els$", [false, true, true]),
            ("inner:^load$", [false, true, false]),
            ("inner:^<no stack>$", [true, false, false]),
            ("# leak:load\n\n", [false, false, false]),
            ("leak:^oad", [false, false, false]),
        ] {
            assert_eq!(left_out(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_suppression_is_named_with_its_line() {
        for text in ["leek:x", "leak:", "load"] {
            let text = format!("leak:right\n{text}\n");
            let error = Suppressions::parse(&text, Path::new("x.supp")).expect_err("wrong");
            assert!(error.to_string().starts_with("x.supp:2: "), "{error}");
        }
    }

    #[test]
    fn every_default_is_one() {
        let defaults = Suppressions::default().with_defaults(true);
        let number = super::OF_PYTHON.len() + super::OF_THE_SYSTEM.len();
        assert_eq!(defaults.patterns.len(), number);
    }
}
