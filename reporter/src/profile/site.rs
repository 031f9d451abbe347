//! The line in the user's own code that an allocation is charged to.

use super::{FrameId, Language, NameId, StackId, Stacks};
use crate::hashing::NumberMap;
use crate::symbols::Origin;

/// Finds the site of each stack, once.
pub(super) struct Sites<'a> {
    stacks: &'a Stacks,
    origins: NumberMap<u32, Origin>,
    found: NumberMap<u32, Option<FrameId>>,
}

impl<'a> Sites<'a> {
    pub(super) fn new(stacks: &'a Stacks) -> Self {
        Self {
            stacks,
            origins: NumberMap::default(),
            found: NumberMap::default(),
        }
    }

    /// The innermost frame in the user's own code; without one, the innermost frame that is not
    /// the import system's, or else of all.
    ///
    /// Code that was made from a string is the user's own only if the program is: `python -c`, not
    /// what a dataclass generates.
    pub(super) fn site(&mut self, stack: StackId) -> Option<FrameId> {
        if let Some(site) = self.found.get(&stack.0) {
            return *site;
        }
        let frames: Vec<FrameId> = self.stacks.inward(stack).collect();
        let program = frames.last().map(|&frame| self.stacks.frame(frame).file);
        let python = frames
            .iter()
            .any(|&frame| self.stacks.frame(frame).language == Language::Python);
        let own = frames.iter().copied().find(|&frame| {
            let frame = self.stacks.frame(frame);
            // where Python runs, it is what the user wrote: machine code below is a library's
            (frame.language == Language::Python) == python
                && match self.origin(frame.file) {
                    Origin::Own => true,
                    Origin::Generated => program == Some(frame.file),
                    Origin::StandardLibrary | Origin::Package | Origin::Frozen => false,
                }
        });
        let loaded = || {
            frames.iter().copied().find(|&frame| {
                let frame = self.stacks.frame(frame);
                frame.language == Language::Python && self.origin(frame.file) != Origin::Frozen
            })
        };
        let site = own.or_else(loaded).or(frames.first().copied());
        self.found.insert(stack.0, site);
        site
    }

    fn origin(&mut self, file: NameId) -> Origin {
        let stacks = self.stacks;
        *self
            .origins
            .entry(file.0)
            .or_insert_with(|| Origin::of(stacks.name(file)))
    }
}

#[cfg(test)]
mod tests {
    use super::Sites;
    use crate::profile::sample;

    /// The function and line that the last stack is charged to.
    fn site_of(functions: &[(&str, &str, u32)]) -> (String, u32) {
        let all: Vec<usize> = (0..functions.len()).collect();
        let profile = sample::of_stacks(functions, &[(&all, 1)]);
        let site = Sites::new(&profile.stacks)
            .site(profile.rows[0].stack)
            .expect("there are frames");
        let frame = profile.stacks.frame(site);
        (profile.stacks.name(frame.function).to_owned(), frame.line)
    }

    const MAIN: (&str, &str, u32) = ("main", "/home/me/app.py", 7);
    const LOGGING: (&str, &str, u32) = ("info", "/usr/lib/python3.11/logging/__init__.py", 1477);
    const IMPORT: (&str, &str, u32) = ("_find_and_load", "<frozen importlib._bootstrap>", 1176);

    #[test]
    fn a_library_is_charged_to_the_line_that_called_it() {
        assert_eq!(site_of(&[MAIN, LOGGING]), ("main".into(), 7));
        assert_eq!(
            site_of(&[LOGGING, MAIN, LOGGING, IMPORT]),
            ("main".into(), 7)
        );
    }

    #[test]
    fn without_own_code_the_import_system_is_skipped() {
        assert_eq!(site_of(&[LOGGING, IMPORT]), ("info".into(), 1477));
        assert_eq!(site_of(&[IMPORT]), ("_find_and_load".into(), 1176));
    }

    #[test]
    fn generated_code_is_own_code_if_the_program_is() {
        let generated = ("__init__", "<string>", 2);
        assert_eq!(site_of(&[MAIN, generated]), ("main".into(), 7));
        assert_eq!(
            site_of(&[("<module>", "<string>", 1), generated, LOGGING]),
            ("__init__".into(), 2)
        );
    }
}
