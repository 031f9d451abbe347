//! From calls to stacks: the functions, files and lines of those that are asked for.

use super::names::NameId;
use super::stacks::{Frame, FrameId, Language, StackId, Stacks};
use crate::hashing::NumberMap;
use crate::replay::{Call, CallId, Calls, Definitions, PlaceId};
use crate::symbols::{NativeNames, python};
use std::collections::HashSet;
use std::num::NonZeroU32;
use std::ops::Range;

/// What a [`Resolver`] has found out, without what it found it in: kept by somebody who follows a
/// replay that goes on.
#[derive(Debug, Default)]
pub struct Resolved {
    stacks: Stacks,
    known_frames: NumberMap<(u32, u32, u32), FrameId>,
    known_nodes: NumberMap<(u32, u32), StackId>,
    /// Where in `lists` the frames of a place are.
    places: Vec<Option<List>>,
    /// The same of a native address in a module: a place is another one when a library was unloaded.
    addresses: NumberMap<(u64, u32), List>,
    /// The frames of one place after the other, each outermost first.
    lists: Vec<FrameId>,
    /// Frames that are left out where they are the outermost ones.
    starts: HashSet<FrameId>,
    /// The stack of a call, and one more.
    calls: Vec<Option<NonZeroU32>>,
}

/// Frames that follow each other: the first of them, and how many.
type List = (u32, u32);

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
        let calls = &definitions.calls;
        if found.calls.is_empty() {
            // memory that nobody touches before a call is asked for
            found.calls = vec![None; calls.count()];
        }
        found.calls.resize(calls.count(), None);
        found.places.resize(calls.count_of_places(), None);
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
            if next == Calls::ROOT {
                break Stacks::EMPTY;
            }
            if let Some(known) = self.found.calls[next.0 as usize] {
                break StackId(known.get() - 1);
            }
            unknown.push(next);
            next = self.definitions.calls.parent(next);
        };
        for call in unknown.into_iter().rev() {
            for place in self.frames(call) {
                let frame = self.found.lists[place];
                if stack != Stacks::EMPTY || !self.found.starts.contains(&frame) {
                    stack = self.node(stack, frame);
                }
            }
            self.found.calls[call.0 as usize] = NonZeroU32::new(stack.0 + 1);
        }
        stack
    }

    /// The stack of a frame called from another.
    fn node(&mut self, caller: StackId, frame: FrameId) -> StackId {
        let Resolved {
            stacks,
            known_nodes,
            ..
        } = &mut self.found;
        *known_nodes
            .entry((caller.0, frame.0))
            .or_insert_with(|| stacks.add(caller, frame))
    }

    /// The innermost frame of a call alone; `None` for no call.
    pub fn innermost(&mut self, call: CallId) -> Option<FrameId> {
        let mut next = call;
        while next != Calls::ROOT {
            if let Some(place) = self.frames(next).last() {
                let frame = self.found.lists[place];
                let is_start = self.found.starts.contains(&frame);
                return (!is_start || self.stack(next) != Stacks::EMPTY).then_some(frame);
            }
            next = self.definitions.calls.parent(next);
        }
        None
    }

    /// A name that is no frame's: of a thread, a type.
    pub fn intern(&mut self, name: &str) -> NameId {
        self.found.stacks.intern(name)
    }

    /// All stacks that were asked for.
    pub fn finish(self) -> Stacks {
        self.found.stacks
    }

    /// Where the frames of a call are, outermost first: more than one where functions were inlined,
    /// none where they are of no interest.
    fn frames(&mut self, call: CallId) -> Range<usize> {
        let PlaceId(place) = self.definitions.calls.place(call);
        let known = self.found.places[place as usize];
        let (first, count) = known.unwrap_or_else(|| {
            let list = self.frames_at(call);
            self.found.places[place as usize] = Some(list);
            list
        });
        first as usize..(first + count) as usize
    }

    #[cold]
    fn frames_at(&mut self, call: CallId) -> List {
        match self.definitions.calls.call(call) {
            Some(Call::Python { code, instruction }) => {
                let frame = match self.definitions.code(code) {
                    Some(object) => {
                        let found = python::location(object, instruction);
                        let line = found.line.unwrap_or(0);
                        let frame = self.define(&object.name, &object.file, line, Language::Python);
                        self.found
                            .stacks
                            .seen_at(frame, found.column.map(|column| column + 1));
                        frame
                    }
                    None => self.define("<unknown>", "<unknown>", 0, Language::Python),
                };
                self.list([frame])
            }
            Some(Call::Native(address)) => {
                let place = self
                    .native
                    .place(address, self.definitions.calls.seen(call));
                let key = (address.0, place.module());
                if let Some(list) = self.found.addresses.get(&key) {
                    return *list;
                }
                let names = self.native.frames_of(place).into_iter().rev();
                let mut frames = Vec::new();
                for name in names {
                    let frame =
                        self.define(&name.function, &name.file, name.line, Language::Native);
                    if self.native.may_be_a_start(&name) {
                        self.found.starts.insert(frame);
                    }
                    frames.push(frame);
                }
                let list = self.list(frames);
                self.found.addresses.insert(key, list);
                list
            }
            None => {
                let frame = self.define("<unknown>", "<unknown>", 0, Language::Native);
                self.list([frame])
            }
        }
    }

    fn list(&mut self, frames: impl IntoIterator<Item = FrameId>) -> List {
        let lists = &mut self.found.lists;
        let first = lists.len();
        lists.extend(frames);
        (first as u32, (lists.len() - first) as u32)
    }

    fn define(&mut self, function: &str, file: &str, line: u32, language: Language) -> FrameId {
        let Resolved {
            stacks,
            known_frames,
            ..
        } = &mut self.found;
        let function = stacks.intern(function);
        let file = stacks.intern(file);
        let frame = Frame {
            function,
            file,
            line,
            language,
        };
        *known_frames
            .entry((function.0, file.0, line))
            .or_insert_with(|| stacks.add_frame(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::{Resolver, Stacks};
    use crate::replay::{Call, Calls, Definitions};
    use crate::symbols::NativeNames;
    use memprof_recorder::capture::Module;
    use memprof_wire::units::Address;

    fn module(path: &str, start: u64) -> Module {
        Module {
            path: path.into(),
            start,
            end: start + 0x1000,
            ..Module::default()
        }
    }

    #[test]
    fn what_starts_a_thread_is_left_out_if_it_has_no_name() {
        let modules = vec![
            module("/nowhere/libc.so.6", 0x1000),
            module("/nowhere/server", 0x5000),
        ];
        let native = NativeNames::new(modules);
        let mut definitions = Definitions::default();
        let mut call = |caller, address| {
            definitions
                .calls
                .child(caller, Call::Native(Address(address)))
        };
        // clone3, start_thread, two functions of the program, and the C library again
        let clone = call(Calls::ROOT, 0x1100);
        let start = call(clone, 0x1200);
        let work = call(start, 0x5100);
        let sort = call(work, 0x1300);
        let compare = call(sort, 0x5200);
        let mut resolver = Resolver::new(&definitions, &native);
        assert_eq!(resolver.innermost(start), None);
        assert_eq!(resolver.stack(start), Stacks::EMPTY);
        let innermost = resolver.innermost(sort);
        let stack = resolver.stack(compare);
        let stacks = resolver.finish();
        let name = |frame| stacks.name(stacks.frame(frame).function);
        assert_eq!(innermost.map(name), Some("0x300 in libc.so.6"));
        let names: Vec<_> = stacks.inward(stack).map(name).collect();
        let wanted = ["0x200 in server", "0x300 in libc.so.6", "0x100 in server"];
        assert_eq!(names, wanted);
    }
}
