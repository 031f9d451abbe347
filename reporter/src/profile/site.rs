//! The line in the user's own code that an allocation is charged to.

use super::{FrameId, Language, NameId, StackId, Stacks};
use crate::symbols::Origin;

/// Finds the sites of all stacks, once somebody asks for one.
pub(super) struct Sites<'a> {
    stacks: &'a Stacks,
    /// By stack.
    found: Vec<Option<FrameId>>,
}

/// What of a stack's frames decides the sites of those that it calls.
#[derive(Clone, Copy, Default)]
struct Callers {
    /// The file of the outermost one.
    program: Option<NameId>,
    /// Whether one of them is Python's.
    python: bool,
    /// The innermost one in the user's own code.
    own: Option<FrameId>,
    /// The innermost one of Python's that is not the import system's.
    loaded: Option<FrameId>,
    innermost: Option<FrameId>,
}

impl<'a> Sites<'a> {
    pub(super) fn new(stacks: &'a Stacks) -> Self {
        Self {
            stacks,
            found: Vec::new(),
        }
    }

    /// The innermost frame in the user's own code; without one, the innermost frame that is not
    /// the import system's, or else of all.
    ///
    /// Code that was made from a string is the user's own only if the program is: `python -c`, not
    /// what a dataclass generates.
    pub(super) fn site(&mut self, stack: StackId) -> Option<FrameId> {
        if self.found.is_empty() {
            self.found = find(self.stacks);
        }
        self.found[stack.0 as usize]
    }
}

fn find(stacks: &Stacks) -> Vec<Option<FrameId>> {
    let origins: Vec<Origin> = stacks
        .frames()
        .iter()
        .map(|frame| Origin::of(stacks.name(frame.file)))
        .collect();
    let all = stacks.by_caller(Callers::default(), |callers, frame| {
        callers.call(stacks, frame, origins[frame.0 as usize])
    });
    let site = |callers: &Callers| callers.own.or(callers.loaded).or(callers.innermost);
    all.iter().map(site).collect()
}

impl Callers {
    /// With a frame that they call.
    fn call(self, stacks: &Stacks, id: FrameId, origin: Origin) -> Self {
        let frame = stacks.frame(id);
        let is_python = frame.language == Language::Python;
        let program = self.program.unwrap_or(frame.file);
        let python = self.python || is_python;
        let is_own = match origin {
            Origin::Own => true,
            Origin::Generated => program == frame.file,
            Origin::StandardLibrary | Origin::Package | Origin::Frozen => false,
        };
        Self {
            program: Some(program),
            python,
            // where Python runs, it is what the user wrote: machine code below is a library's
            own: (is_own && is_python == python)
                .then_some(id)
                .or(self.own.filter(|_| self.python == python)),
            loaded: (is_python && origin != Origin::Frozen)
                .then_some(id)
                .or(self.loaded),
            innermost: Some(id),
        }
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
