//! What a filter is asked about: a row of a profile in the making.

use super::super::site::Sites;
use super::super::{FrameId, NO_FRAME, NameId, StackId, Stacks, Thread};
use super::{Pattern, Text};
use crate::symbols::origin;
use memprof_wire::allocator::Allocator;

/// A row of a profile.
pub struct Subject<'a> {
    /// The stacks.
    pub stacks: &'a Stacks,
    /// The sites of those stacks.
    pub(in crate::profile) sites: Sites<'a>,
    /// How many frames each stack has, once somebody asked.
    depths: Vec<u32>,
    /// Patterns that were looked for among all frames, each with the stacks that have one.
    found: Vec<(Pattern, Vec<bool>)>,
    /// The threads.
    pub threads: &'a [Thread],
    /// Where the program was started.
    pub folder: &'a str,
    /// Where the program was.
    pub stack: StackId,
    /// The thread that allocated.
    pub thread: u32,
    /// Who handed the blocks out.
    pub allocator: Allocator,
    /// The type, where it is known.
    pub kind: Option<NameId>,
}

impl<'a> Subject<'a> {
    /// Of rows with these stacks and threads; the row itself is set one by one.
    pub fn new(stacks: &'a Stacks, threads: &'a [Thread], folder: &'a str) -> Self {
        Self {
            stacks,
            sites: Sites::new(stacks),
            depths: Vec::new(),
            found: Vec::new(),
            threads,
            folder,
            stack: Stacks::EMPTY,
            thread: 0,
            allocator: Allocator::Malloc,
            kind: None,
        }
    }

    /// Whether a property of the row is what was meant.
    pub(super) fn matches(&mut self, text: Text, pattern: &Pattern) -> bool {
        let innermost = self.stacks.split(self.stack).map(|(_, frame)| frame);
        match text {
            Text::Type => match self.kind {
                Some(kind) => pattern.matches(self.stacks.name(kind)),
                None => pattern.matches(&format!("<{}>", self.allocator.name())),
            },
            Text::Function => pattern.matches(self.function(innermost)),
            Text::File => pattern.matches(self.file(innermost)),
            Text::Line => pattern.matches(&self.place(innermost)),
            Text::Module => pattern.matches(&origin::module(self.file(innermost), self.folder)),
            Text::Site => {
                let site = self.sites.site(self.stack);
                pattern.matches(&self.place(site))
            }
            Text::Stack => self.has_frame(pattern),
            Text::Thread => {
                let thread = &self.threads[self.thread as usize];
                pattern.matches(&thread.name) || pattern.matches(&thread.id.to_string())
            }
            Text::Process => {
                let thread = &self.threads[self.thread as usize];
                pattern.matches(&thread.process.to_string())
            }
            Text::Domain => pattern.matches(self.allocator.domain().name()),
            Text::Allocator => pattern.matches(self.allocator.name()),
        }
    }

    /// How many frames the stack has.
    pub(super) fn depth(&mut self) -> u32 {
        if self.depths.is_empty() {
            self.depths = self.stacks.by_caller(0, |callers, _| callers + 1);
        }
        self.depths[self.stack.0 as usize]
    }

    /// Whether one of the frames is what was meant.
    fn has_frame(&mut self, pattern: &Pattern) -> bool {
        let known = self.found.iter().position(|(known, _)| known == pattern);
        let place = known.unwrap_or_else(|| {
            let found = self.with_frame(pattern);
            self.found.push((pattern.clone(), found));
            self.found.len() - 1
        });
        self.found[place].1[self.stack.0 as usize]
    }

    /// Which stacks, by their numbers, have a frame that is what was meant.
    fn with_frame(&self, pattern: &Pattern) -> Vec<bool> {
        let frames: Vec<bool> = self
            .stacks
            .frame_ids()
            .map(|frame| pattern.matches(&self.place(Some(frame))))
            .collect();
        self.stacks
            .by_caller(false, |callers, frame| callers || frames[frame.0 as usize])
    }

    fn function(&self, frame: Option<FrameId>) -> &'a str {
        let stacks = self.stacks;
        frame.map_or(NO_FRAME, |frame| stacks.name(stacks.frame(frame).function))
    }

    fn file(&self, frame: Option<FrameId>) -> &'a str {
        let stacks = self.stacks;
        frame.map_or("", |frame| stacks.name(stacks.frame(frame).file))
    }

    /// `function (file:line)`, as reports show it.
    fn place(&self, frame: Option<FrameId>) -> String {
        let line = frame.map_or(0, |frame| self.stacks.frame(frame).line);
        format!("{} ({}:{line})", self.function(frame), self.file(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::Subject;
    use crate::profile::{Filter, StackId, sample};
    use crate::replay::Answers;

    #[test]
    fn all_frames_of_a_stack_are_asked_about() {
        let functions = ["f", "g", "h"].map(|name| (name, "/a.py", 1));
        let stacks = [(&[0, 1, 0, 2][..], 1), (&[1, 1, 2], 1), (&[2, 0], 1)];
        let profile = sample::of_stacks(&functions, &stacks);
        let stacks = &profile.stacks;
        let mut subject = Subject::new(stacks, &profile.threads, "/");
        let questions = [
            "stack~\"^f \"",
            "stack~\"^g \" and not stack~\"^f \"",
            "stack==\"h (/a.py:1)\" or depth>3",
            "depth==2",
        ];
        let filters = questions.map(|text| text.parse::<Filter>().expect("it is one"));
        for stack in (0..stacks.count() as u32).map(StackId) {
            subject.stack = stack;
            let names: Vec<&str> = stacks
                .inward(stack)
                .map(|frame| stacks.name(stacks.frame(frame).function))
                .collect();
            let has = |name| names.contains(&name);
            let expected = [
                has("f"),
                has("g") && !has("f"),
                has("h") || names.len() > 3,
                names.len() == 2,
            ];
            for ((filter, expected), text) in filters.iter().zip(expected).zip(questions) {
                let passes = filter.passes(&mut subject, Answers(0));
                assert_eq!(passes, expected, "{text} of {names:?}");
            }
        }
    }
}
