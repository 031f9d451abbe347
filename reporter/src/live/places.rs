//! The names of what rows stand for, found once and kept while the replay goes on.

use crate::profile::{FrameId, Recursion, Resolved, Resolver, StackId, Stacks};
use crate::replay::{Definitions, RowId, Rows};
use crate::symbols::{Mapped, NativeNames};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// A function, as all frames of one name and file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionId(pub u32);

/// Whether the innermost line and function of a stack are not among its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outermost {
    /// The line.
    pub line: bool,
    /// The function, at whatever line.
    pub function: bool,
}

/// Stacks, frames and functions of a replay that goes on. Their numbers stay.
#[derive(Default)]
pub struct Places {
    resolved: Resolved,
    native: NativeNames,
    /// By row.
    row_stacks: Vec<StackId>,
    /// By frame: `function (file:line)`, and the function.
    frames: Vec<(Rc<str>, FunctionId)>,
    /// By function: `function (file)`.
    functions: Vec<Rc<str>>,
    known: HashMap<(u32, u32), FunctionId>,
    /// Whose callers are the same line, or the same function, so that recursion counts once.
    recursive_lines: Recursion,
    recursive_functions: Recursion,
}

impl Places {
    /// Names everything anew, now that these modules are known of each address space.
    pub fn rename(&mut self, mapped: Arc<Mapped>) {
        let native = std::mem::take(&mut self.native).with_modules(mapped);
        *self = Self {
            native,
            ..Self::default()
        };
    }

    /// Finds what is new among the rows.
    pub fn extend(&mut self, definitions: &Definitions, rows: &Rows) {
        let found = std::mem::take(&mut self.resolved);
        let mut resolver = Resolver::resume(definitions, &self.native, found);
        self.row_stacks
            .resize(self.row_stacks.len().max(1), Stacks::EMPTY);
        for row in self.row_stacks.len()..rows.count_of_numbers() {
            let call = rows.get(RowId(row as u32)).call;
            self.row_stacks.push(resolver.stack(call));
        }
        self.resolved = resolver.suspend();
        self.name_frames();
        self.mark_outermost();
    }

    /// The stack of a row.
    pub fn stack(&self, row: RowId) -> StackId {
        self.row_stacks[row.0 as usize]
    }

    /// All stacks.
    pub fn stacks(&self) -> &Stacks {
        self.resolved.stacks()
    }

    /// A frame as text, and its function.
    pub fn frame(&self, frame: FrameId) -> (&Rc<str>, FunctionId) {
        let (name, function) = &self.frames[frame.0 as usize];
        (name, *function)
    }

    /// A function as text.
    pub fn function(&self, function: FunctionId) -> &Rc<str> {
        &self.functions[function.0 as usize]
    }

    /// How many functions there are.
    pub fn functions(&self) -> usize {
        self.functions.len()
    }

    /// What of a stack's innermost frame is not among its callers.
    pub fn outermost(&self, stack: StackId) -> Outermost {
        Outermost {
            line: !self.recursive_lines.is_recursive(stack),
            function: !self.recursive_functions.is_recursive(stack),
        }
    }

    fn name_frames(&mut self) {
        let stacks = self.resolved.stacks();
        for &frame in &stacks.frames()[self.frames.len()..] {
            let (function, file) = (stacks.name(frame.function), stacks.name(frame.file));
            let new = FunctionId(self.functions.len() as u32);
            let key = (frame.function.0, frame.file.0);
            let id = *self.known.entry(key).or_insert(new);
            if id == new {
                self.functions.push(text(function, file, 0).into());
            }
            self.frames
                .push((text(function, file, frame.line).into(), id));
        }
    }

    fn mark_outermost(&mut self) {
        let stacks = self.resolved.stacks();
        self.recursive_lines.extend(stacks, |frame| frame.0);
        let function = |frame: FrameId| self.frames[frame.0 as usize].1.0;
        self.recursive_functions.extend(stacks, function);
    }
}

fn text(function: &str, file: &str, line: u32) -> String {
    let place = match (file, line) {
        ("", _) => function.to_owned(),
        (file, 0) => format!("{function} ({file})"),
        (file, line) => format!("{function} ({file}:{line})"),
    };
    printable(&place)
}

/// Names come from a program, and a terminal obeys what it is sent.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_control() {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect()
}

/// A name in so many columns of a terminal. Of `function (path:line)` the front of the path goes
/// first, then the whole folder, then the end of the function.
pub fn fit(name: &str, room: usize) -> String {
    let count = |text: &str| text.chars().count();
    if count(name) <= room {
        return name.to_owned();
    }
    let cut = |text: &str, room: usize| -> String {
        let head = text.chars().take(room.saturating_sub(1));
        head.chain((room > 0).then_some('…')).collect()
    };
    let Some((function, place)) = name.rsplit_once(" (") else {
        return cut(name, room);
    };
    let file = place.rsplit('/').next().unwrap_or(place);
    let left = room.saturating_sub(count(function) + count(" (…"));
    if left > count(file) {
        let tail: String = place.chars().skip(count(place) - left).collect();
        return format!("{function} (…{tail}");
    }
    let room_for_function = room.saturating_sub(count(file) + " (".len());
    if room_for_function >= count(function) {
        format!("{function} ({file}")
    } else if room_for_function >= 8 {
        format!("{} ({file}", cut(function, room_for_function))
    } else {
        cut(name, room)
    }
}

#[cfg(test)]
mod tests {
    use super::{Places, fit, printable};
    use crate::replay::recorded::{Recorded, allocation_at};
    use crate::replay::{Order, Replay, RowId};

    #[test]
    fn recursion_is_marked_and_names_are_kept() {
        let mut recorded = Recorded::default();
        recorded.turn(0, 1).code(0, 1, "walk", "/a.py", 3);
        recorded.stack(0, 1, 0, 1).stack(0, 2, 1, 1);
        recorded.event(0, allocation_at(0x10, 8, 2));
        let mut replay = Replay::new(4096, ());
        let mut order = Order::new(&recorded, recorded.streams()).expect("in memory");
        order.drive(&mut replay).expect("in memory");
        replay.finish();
        let mut places = Places::default();
        places.extend(&replay.definitions, &replay.rows);
        let stack = places.stack(RowId(1));
        let (caller, frame) = places.stacks().split(stack).expect("it has a frame");
        assert!(!places.outermost(stack).line && !places.outermost(stack).function);
        assert!(places.outermost(caller).line && places.outermost(caller).function);
        let (name, function) = places.frame(frame);
        assert_eq!(&**name, "walk (/a.py:3)");
        assert_eq!(&**places.function(function), "walk (/a.py)");
        let before = places.stacks().count();
        places.extend(&replay.definitions, &replay.rows);
        assert_eq!(places.stacks().count(), before);
    }

    #[test]
    fn a_name_keeps_its_file_as_long_as_it_can() {
        let name = "grow.<locals>.<listcomp> (/home/me/app/models.py:12)";
        for (room, text) in [
            (60, name),
            (46, "grow.<locals>.<listcomp> (…e/app/models.py:12)"),
            (39, "grow.<locals>.<listcomp> (models.py:12)"),
            (30, "grow.<locals>.… (models.py:12)"),
            (12, "grow.<local…"),
            (1, "…"),
            (0, ""),
        ] {
            assert_eq!(fit(name, room), text);
        }
        assert_eq!(fit("MainThread", 6), "MainT…");
    }

    #[test]
    fn a_hostile_name_is_only_a_name() {
        assert_eq!(printable("\x1b[2Jf"), "\u{fffd}[2Jf");
    }
}
