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

    /// The innermost frame in the user's own code; without one, the innermost frame of all.
    ///
    /// Code that was made from a string is the user's own only if the program is: `python -c`, not
    /// what a dataclass generates.
    pub(super) fn site(&mut self, stack: StackId) -> Option<FrameId> {
        if let Some(site) = self.found.get(&stack.0) {
            return *site;
        }
        let frames: Vec<FrameId> = self.stacks.inward(stack).collect();
        let program = frames.last().map(|&frame| self.stacks.frame(frame).file);
        let own = frames.iter().copied().find(|&frame| {
            let frame = self.stacks.frame(frame);
            frame.language == Language::Python
                && match self.origin(frame.file) {
                    Origin::Own => true,
                    Origin::Generated => program == Some(frame.file),
                    Origin::StandardLibrary | Origin::Package | Origin::Frozen => false,
                }
        });
        let site = own.or(frames.first().copied());
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
