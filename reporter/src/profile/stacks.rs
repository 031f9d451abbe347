//! Stacks as people know them: functions, files and lines, one tree for all threads.

use super::names::{NameId, Names};

/// A stack: the innermost frame, whose callers are its ancestors. 0 is the empty stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackId(pub u32);

/// A frame, as all equal ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(pub u32);

/// What runs in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Python code.
    Python,
    /// Machine code.
    Native,
}

/// A function at work, at a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Its name.
    pub function: NameId,
    /// The file it is in.
    pub file: NameId,
    /// The line, 0 where none is known.
    pub line: u32,
    /// Python or machine code.
    pub language: Language,
}

/// Where in its line a frame's expressions begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    None,
    One(u32),
    Several,
}

/// All stacks of a profile.
#[derive(Debug, Default)]
pub struct Stacks {
    names: Names,
    frames: Vec<Frame>,
    /// Of each frame, the column of its only expression.
    columns: Vec<Column>,
    /// Of each stack: that of the caller, and the innermost frame. The first is the empty stack.
    nodes: Vec<(StackId, FrameId)>,
}

impl Stacks {
    /// The stack without any frame.
    pub const EMPTY: StackId = StackId(0);

    /// The number of a name.
    pub(super) fn intern(&mut self, name: &str) -> NameId {
        self.names.intern(name)
    }

    /// A frame that is not there yet.
    pub(super) fn add_frame(&mut self, frame: Frame) -> FrameId {
        self.frames.push(frame);
        self.columns.push(Column::None);
        FrameId(self.frames.len() as u32 - 1)
    }

    /// A stack that is not there yet.
    pub(super) fn add(&mut self, caller: StackId, frame: FrameId) -> StackId {
        if self.nodes.is_empty() {
            self.nodes.push((Self::EMPTY, FrameId::default()));
        }
        self.nodes.push((caller, frame));
        StackId(self.nodes.len() as u32 - 1)
    }

    /// An expression of a frame was seen at a column.
    pub(super) fn seen_at(&mut self, frame: FrameId, column: Option<u32>) {
        let Some(column) = column else { return };
        let known = &mut self.columns[frame.0 as usize];
        *known = match *known {
            Column::None => Column::One(column),
            Column::One(other) if other == column => Column::One(column),
            Column::One(_) | Column::Several => Column::Several,
        };
    }

    /// A name.
    pub fn name(&self, name: NameId) -> &str {
        self.names.get(name)
    }

    /// A frame.
    pub fn frame(&self, frame: FrameId) -> Frame {
        self.frames[frame.0 as usize]
    }

    /// All frames, by their numbers.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The numbers of all frames.
    pub fn frame_ids(&self) -> impl Iterator<Item = FrameId> + use<> {
        (0..self.frames.len() as u32).map(FrameId)
    }

    /// The column of a frame's expression, from 1; `None` where it is not known, or where several
    /// expressions of the line are one frame.
    pub fn column(&self, frame: FrameId) -> Option<u32> {
        match self.columns[frame.0 as usize] {
            Column::One(column) => Some(column),
            Column::None | Column::Several => None,
        }
    }

    /// How many stacks there are, the empty one included.
    pub fn count(&self) -> usize {
        self.nodes.len().max(1)
    }

    /// The caller's stack and the innermost frame; `None` for the empty stack.
    pub fn split(&self, stack: StackId) -> Option<(StackId, FrameId)> {
        (stack != Self::EMPTY).then(|| self.nodes[stack.0 as usize])
    }

    /// What each stack, by its number, makes of its innermost frame and of what its caller's made: one
    /// step a stack, where going through the frames of each would take as many as all are deep together.
    pub fn by_caller<T: Copy>(&self, empty: T, mut make: impl FnMut(T, FrameId) -> T) -> Vec<T> {
        let mut made = vec![empty];
        // a caller's number is smaller
        for &(caller, frame) in self.nodes.iter().skip(1) {
            made.push(make(made[caller.0 as usize], frame));
        }
        made
    }

    /// What each stack has, by its number, together with what those have that it is a caller of: one step
    /// a stack, too.
    pub fn with_callees<T: Copy>(&self, mut of: Vec<T>, mut add: impl FnMut(&mut T, T)) -> Vec<T> {
        for (stack, &(caller, _)) in self.nodes.iter().enumerate().skip(1).rev() {
            let own = of[stack];
            add(&mut of[caller.0 as usize], own);
        }
        of
    }

    /// The frames, innermost first.
    pub fn inward(&self, stack: StackId) -> impl Iterator<Item = FrameId> {
        let mut next = stack;
        std::iter::from_fn(move || {
            let (caller, frame) = self.split(next)?;
            next = caller;
            Some(frame)
        })
    }

    /// The frames, outermost first.
    pub fn outward(&self, stack: StackId) -> Vec<FrameId> {
        let mut frames: Vec<FrameId> = self.inward(stack).collect();
        frames.reverse();
        frames
    }
}
