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
            Text::Stack => self
                .stacks
                .inward(self.stack)
                .any(|frame| pattern.matches(&self.place(Some(frame)))),
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
