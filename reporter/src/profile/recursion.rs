//! Which calls are recursive: of something that already called them.

use super::{FrameId, StackId, Stacks};

/// Stacks whose innermost frame is of a kind (a line, a function) that is among its callers, too. It is
/// kept while there come to be more stacks.
#[derive(Debug, Default)]
pub struct Recursion {
    /// By stack: itself, or its next caller that is not recursive.
    nearest: Vec<StackId>,
}

impl Recursion {
    /// Of all stacks; frames of one kind have one number.
    pub fn of(stacks: &Stacks, kind: impl Fn(FrameId) -> u32) -> Self {
        let mut recursion = Self::default();
        recursion.extend(stacks, kind);
        recursion
    }

    /// Looks at the stacks that are new. Of their callers only those are gone through that are not recursive
    /// themselves: however deep a stack is, they are no more than there are kinds.
    pub fn extend(&mut self, stacks: &Stacks, kind: impl Fn(FrameId) -> u32) {
        for stack in self.nearest.len()..stacks.count() {
            let stack = StackId(stack as u32);
            let nearest = match stacks.split(stack) {
                Some((caller, own)) if self.is_among(stacks, caller, kind(own), &kind) => {
                    self.nearest[caller.0 as usize]
                }
                _ => stack,
            };
            self.nearest.push(nearest);
        }
    }

    /// Whether the innermost frame of a stack is of a kind that called it.
    pub fn is_recursive(&self, stack: StackId) -> bool {
        self.nearest[stack.0 as usize] != stack
    }

    /// Whether a kind is among the frames of a stack.
    fn is_among(
        &self,
        stacks: &Stacks,
        stack: StackId,
        wanted: u32,
        kind: impl Fn(FrameId) -> u32,
    ) -> bool {
        let mut next = stack;
        while let Some((caller, frame)) = stacks.split(self.nearest[next.0 as usize]) {
            if kind(frame) == wanted {
                return true;
            }
            next = caller;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Recursion;
    use crate::profile::{FrameId, StackId, sample};
    use std::cell::Cell;

    #[test]
    fn a_call_is_recursive_if_its_kind_is_anywhere_among_its_callers() {
        let functions = ["a", "b", "c"].map(|name| (name, "/x.py", 1));
        let stacks = [
            (&[0, 0, 0][..], 1),
            (&[0, 1, 0, 1, 2, 0], 1),
            (&[1, 2, 2, 1, 0], 1),
            (&[2, 1, 2], 1),
        ];
        let stacks = sample::of_stacks(&functions, &stacks).stacks;
        for kind in [
            |frame: FrameId| frame.0,
            |frame: FrameId| frame.0 / 2,
            |_: FrameId| 0,
        ] {
            let recursion = Recursion::of(&stacks, kind);
            for stack in (0..stacks.count() as u32).map(StackId) {
                let kinds: Vec<u32> = stacks.inward(stack).map(kind).collect();
                let expected = kinds
                    .split_first()
                    .is_some_and(|(own, callers)| callers.contains(own));
                assert_eq!(recursion.is_recursive(stack), expected, "{kinds:?}");
            }
        }
    }

    #[test]
    fn the_calls_of_a_deep_recursion_are_not_gone_through() {
        // at each depth it calls something else
        let stacks: Vec<Vec<usize>> = (1..200)
            .map(|depth| [vec![0; depth], vec![1]].concat())
            .collect();
        let blocks: Vec<(&[usize], i64)> = stacks.iter().map(|stack| (&stack[..], 1)).collect();
        let functions = ["deep", "other"].map(|name| (name, "/x.py", 1));
        let stacks = sample::of_stacks(&functions, &blocks).stacks;
        let looks = Cell::new(0);
        Recursion::of(&stacks, |frame| {
            looks.set(looks.get() + 1);
            frame.0
        });
        assert!(looks.get() <= 2 * stacks.count(), "{}", looks.get());
    }
}
