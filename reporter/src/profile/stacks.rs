//! Stacks as people know them: functions, files and lines, one tree for all threads.

use super::names::{NameId, Names};
use crate::hashing::NumberMap;
use crate::replay::{Call, CallId, Calls, Definitions};
use crate::symbols::{NativeNames, python};

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

/// What a [`Resolver`] has found out, without what it found it in: kept by somebody who follows a
/// replay that goes on.
#[derive(Debug)]
pub struct Resolved {
    stacks: Stacks,
    known_frames: NumberMap<(u32, u32, u32), FrameId>,
    known_nodes: NumberMap<(u32, u32), StackId>,
    /// What was found for a call's place, and for a whole call.
    places: NumberMap<(u32, u32), FrameId>,
    /// What was found for a native address in a module, outermost first.
    addresses: NumberMap<(u64, u32), Vec<FrameId>>,
    calls: Vec<Option<StackId>>,
}

impl Default for Resolved {
    fn default() -> Self {
        let stacks = Stacks {
            nodes: vec![(Stacks::EMPTY, FrameId(0))],
            ..Stacks::default()
        };
        Self {
            stacks,
            known_frames: NumberMap::default(),
            known_nodes: NumberMap::default(),
            places: NumberMap::default(),
            addresses: NumberMap::default(),
            calls: vec![Some(Stacks::EMPTY)],
        }
    }
}

impl Resolved {
    /// All stacks that were asked for so far. Their numbers stay.
    pub fn stacks(&self) -> &Stacks {
        &self.stacks
    }
}

/// Turns the calls of a replay into stacks, as far as they are asked for.
pub struct Resolver<'a> {
    definitions: &'a Definitions,
    native: &'a NativeNames,
    found: Resolved,
}

impl<'a> Resolver<'a> {
    /// For the calls of these definitions.
    pub fn new(definitions: &'a Definitions, native: &'a NativeNames) -> Self {
        Self::resume(definitions, native, Resolved::default())
    }

    /// Goes on with what was found in the same definitions, when there were fewer of them.
    pub fn resume(
        definitions: &'a Definitions,
        native: &'a NativeNames,
        mut found: Resolved,
    ) -> Self {
        found.calls.resize(definitions.calls.count(), None);
        Self {
            definitions,
            native,
            found,
        }
    }

    /// Everything that was found, to be resumed later.
    pub fn suspend(self) -> Resolved {
        self.found
    }

    /// The stack of a call.
    pub fn stack(&mut self, call: CallId) -> StackId {
        let mut unknown = Vec::new();
        let mut next = call;
        let mut stack = loop {
            if let Some(stack) = self.found.calls[next.0 as usize] {
                break stack;
            }
            unknown.push(next);
            next = self.definitions.calls.parent(next);
        };
        for call in unknown.into_iter().rev() {
            for frame in self.frames(call) {
                stack = self.node(stack, frame);
            }
            self.found.calls[call.0 as usize] = Some(stack);
        }
        stack
    }

    /// The stack of a frame called from another.
    fn node(&mut self, caller: StackId, frame: FrameId) -> StackId {
        let new = StackId(self.found.stacks.nodes.len() as u32);
        let nodes = &mut self.found.known_nodes;
        let known = *nodes.entry((caller.0, frame.0)).or_insert(new);
        if known == new {
            self.found.stacks.nodes.push((caller, frame));
        }
        known
    }

    /// The innermost frame of a call alone; `None` for no call.
    pub fn innermost(&mut self, call: CallId) -> Option<FrameId> {
        let mut next = call;
        while next != Calls::ROOT {
            if let Some(frame) = self.frames(next).last() {
                return Some(*frame);
            }
            next = self.definitions.calls.parent(next);
        }
        None
    }

    /// A name that is no frame's: of a thread, a type.
    pub fn intern(&mut self, name: &str) -> NameId {
        self.found.stacks.names.intern(name)
    }

    /// All stacks that were asked for.
    pub fn finish(self) -> Stacks {
        self.found.stacks
    }

    /// The frames of a call, outermost first: more than one where functions were inlined, none
    /// where they are of no interest.
    fn frames(&mut self, call: CallId) -> Vec<FrameId> {
        match self.definitions.calls.call(call) {
            Some(Call::Python { code, instruction }) => {
                if let Some(frame) = self.found.places.get(&(code.0, instruction)) {
                    return vec![*frame];
                }
                let frame = match self.definitions.code(code) {
                    Some(object) => {
                        let found = python::location(object, instruction);
                        let line = found.line.unwrap_or(0);
                        let frame = self.define(&object.name, &object.file, line, Language::Python);
                        self.seen_at(frame, found.column.map(|column| column + 1));
                        frame
                    }
                    None => self.define("<unknown>", "<unknown>", 0, Language::Python),
                };
                self.found.places.insert((code.0, instruction), frame);
                vec![frame]
            }
            Some(Call::Native(address)) => {
                let place = self
                    .native
                    .place(address, self.definitions.calls.seen(call));
                let key = (address.0, place.module());
                if let Some(frames) = self.found.addresses.get(&key) {
                    return frames.clone();
                }
                let names = self.native.frames_of(place).into_iter().rev();
                let frames: Vec<FrameId> = names
                    .map(|name| {
                        self.define(&name.function, &name.file, name.line, Language::Native)
                    })
                    .collect();
                self.found.addresses.insert(key, frames.clone());
                frames
            }
            None => vec![self.define("<unknown>", "<unknown>", 0, Language::Native)],
        }
    }

    /// An expression of a frame was seen at a column.
    fn seen_at(&mut self, frame: FrameId, column: Option<u32>) {
        let Some(column) = column else { return };
        let known = &mut self.found.stacks.columns[frame.0 as usize];
        *known = match *known {
            Column::None => Column::One(column),
            Column::One(other) if other == column => Column::One(column),
            Column::One(_) | Column::Several => Column::Several,
        };
    }

    fn define(&mut self, function: &str, file: &str, line: u32, language: Language) -> FrameId {
        let function = self.found.stacks.names.intern(function);
        let file = self.found.stacks.names.intern(file);
        let new = FrameId(self.found.stacks.frames.len() as u32);
        let known = *self
            .found
            .known_frames
            .entry((function.0, file.0, line))
            .or_insert(new);
        if known == new {
            self.found.stacks.columns.push(Column::None);
            self.found.stacks.frames.push(Frame {
                function,
                file,
                line,
                language,
            });
        }
        known
    }
}
