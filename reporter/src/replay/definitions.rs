//! What the streams say about themselves: code objects, types, names, marks.

use super::calls::{Call, Calls};
use super::descriptions::Descriptions;
use super::ledger::Stamp;
use super::numbers::Numbers;
use super::space::SpaceIndex;
use super::stream::{StackTable, StreamIndex};
use crate::hashing::NumberMap;
use memprof_wire::event::{Event, LineTable, MarkKind, Note};
use memprof_wire::units::{CodeId, Microseconds, TypeId};

/// A code object, as the interpreter described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeObject {
    /// `co_filename`
    pub file: String,
    /// `co_qualname`, or `co_name` before 3.11.
    pub name: String,
    /// `co_firstlineno`
    pub first_line: u32,
    /// How `lines` is written.
    pub table: LineTable,
    /// The line table.
    pub lines: Vec<u8>,
}

/// The interpreter that ran in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// `PY_VERSION_HEX`
    pub version: u32,
    /// Whether Python stacks were recorded.
    pub stacks: bool,
    /// The allocator below the hooks, as `PYTHONMALLOC` names it.
    pub allocator: String,
}

/// A moment that somebody named, where it stands in the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkSeen {
    /// A point, or one end of a span.
    pub kind: MarkKind,
    /// The name.
    pub name: String,
    /// When.
    pub time: Microseconds,
    /// How many births there had been.
    pub stamp: Stamp,
    /// Whose.
    pub stream: StreamIndex,
}

impl MarkSeen {
    /// What the moment is called on the command line: a point or the begin of a span by its name,
    /// the end of a span by its name and `:end`.
    pub fn label(&self) -> String {
        match self.kind {
            MarkKind::End => format!("{}:end", self.name),
            MarkKind::Point | MarkKind::Begin => self.name.clone(),
        }
    }
}

/// The names a thread went by, last one last.
pub type StreamNames = Vec<String>;

/// Everything that was defined so far, in whatever stream.
#[derive(Debug, Default)]
pub struct Definitions {
    /// Who called whom.
    pub calls: Calls,
    numbers: Numbers,
    codes: NumberMap<u32, CodeObject>,
    types: NumberMap<u32, String>,
    /// How many descriptions have a name.
    adopted: usize,
    names: Vec<StreamNames>,
    pending: NumberMap<u32, Pending>,
    /// What the recording has to say about itself, each once.
    pub notes: Vec<Note>,
    /// The interpreter, if one was found. The last one where it was initialised again.
    pub interpreter: Option<Interpreter>,
    /// Whose it is.
    interpreter_space: Option<SpaceIndex>,
}

/// A code object whose texts are still coming.
#[derive(Debug)]
struct Pending {
    code: CodeId,
    first_line: u32,
    table: LineTable,
    file: usize,
    name: usize,
    lines: usize,
    bytes: Vec<u8>,
}

impl Definitions {
    /// Takes what an event defines. Other events are none of its business.
    pub fn take(&mut self, stream: StreamIndex, stacks: &mut StackTable, event: &Event<'_>) {
        match *event {
            Event::PythonFrame {
                stack,
                parent,
                code,
                instruction,
            } => {
                let code = self.numbers.code(stacks.space(), code);
                let call = Call::Python { code, instruction };
                stacks.define(stack, self.calls.child(stacks.call(parent), call));
            }
            Event::NativeFrame {
                stack,
                parent,
                address,
            } => {
                let call = Call::Native(stacks.space().distinguish(address));
                stacks.define(stack, self.calls.child(stacks.call(parent), call));
            }
            Event::Code {
                code,
                first_line,
                table,
                file,
                name,
                lines,
            } => {
                let [file, name, lines] = [file, name, lines].map(|length| length as usize);
                let bytes = Vec::new();
                let pending = Pending {
                    code: self.numbers.code(stacks.space(), code),
                    first_line,
                    table,
                    file,
                    name,
                    lines,
                    bytes,
                };
                self.pending.insert(stream.0, pending);
                self.finish_code(stream);
            }
            Event::Bytes(bytes) => {
                if let Some(pending) = self.pending.get_mut(&stream.0) {
                    pending.bytes.extend_from_slice(bytes);
                    self.finish_code(stream);
                }
            }
            Event::Type { type_id, name } => {
                let type_id = self.numbers.type_id(stacks.space(), type_id);
                self.types.insert(type_id.0, text(name));
            }
            Event::ThreadName(name) => {
                let place = stream.0 as usize;
                if self.names.len() <= place {
                    self.names.resize(place + 1, StreamNames::new());
                }
                self.names[place].push(text(name));
            }
            Event::Note(note) if !self.notes.contains(&note) => self.notes.push(note),
            Event::Interpreter {
                version,
                stacks: recorded,
                allocator,
            } => {
                // the first program's, where there are several: the one that was started
                let space = stacks.space();
                if *self.interpreter_space.get_or_insert(space) < space {
                    return;
                }
                self.interpreter_space = Some(space);
                let allocator = text(allocator);
                self.interpreter = Some(Interpreter {
                    version,
                    stacks: recorded,
                    allocator,
                });
            }
            _ => {}
        }
    }

    /// A code object, once all of it was seen.
    pub fn code(&self, code: CodeId) -> Option<&CodeObject> {
        self.codes.get(&code.0)
    }

    /// All code objects of which all was seen.
    pub fn codes(&self) -> impl Iterator<Item = &CodeObject> {
        self.codes.values()
    }

    /// The number by which a type of a program is known here.
    #[inline(always)]
    pub fn type_number(&mut self, space: SpaceIndex, type_id: TypeId) -> TypeId {
        if space == SpaceIndex::default() {
            return type_id;
        }
        self.numbers.type_id(space, type_id)
    }

    /// The numbers of the types with a name: each program has its own.
    pub fn types_called(&self, name: &str) -> Vec<TypeId> {
        let found = self.types.iter().filter(|(_, known)| *known == name);
        found.map(|(&number, _)| TypeId(number)).collect()
    }

    /// Takes the names of what censuses found out.
    pub fn adopt(&mut self, descriptions: &Descriptions) {
        for (number, description) in descriptions.since(self.adopted) {
            let name = description.name(|type_id| self.type_name(type_id).unwrap_or("?"));
            self.types.insert(number.0, name);
            self.adopted += 1;
        }
    }

    /// The name of a type.
    pub fn type_name(&self, type_id: TypeId) -> Option<&str> {
        self.types.get(&type_id.0).map(String::as_str)
    }

    /// All types that were named.
    pub fn types(&self) -> impl Iterator<Item = (TypeId, &str)> {
        let types = self.types.iter();
        types.map(|(&number, name)| (TypeId(number), name.as_str()))
    }

    /// Whether any type was named.
    pub fn has_types(&self) -> bool {
        !self.types.is_empty()
    }

    /// The names a stream's thread went by.
    pub fn thread_names(&self, stream: StreamIndex) -> &[String] {
        self.names.get(stream.0 as usize).map_or(&[], Vec::as_slice)
    }

    fn finish_code(&mut self, stream: StreamIndex) {
        let Some(pending) = self.pending.get(&stream.0) else {
            return;
        };
        let name_end = pending.file.saturating_add(pending.name);
        if pending.bytes.len() < name_end.saturating_add(pending.lines) {
            return;
        }
        let object = CodeObject {
            file: text(&pending.bytes[..pending.file]),
            name: text(&pending.bytes[pending.file..name_end]),
            first_line: pending.first_line,
            table: pending.table,
            lines: pending.bytes[name_end..name_end + pending.lines].to_vec(),
        };
        self.codes.insert(pending.code.0, object);
        self.pending.remove(&stream.0);
    }
}

/// Names are UTF-8 as Python writes it; what is not is shown as well as it can be.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::Definitions;
    use crate::replay::stream::{StackTable, StreamIndex};
    use memprof_wire::event::{Event, LineTable};
    use memprof_wire::units::CodeId;

    #[test]
    fn a_code_object_is_known_once_its_last_piece_is_there() {
        let mut definitions = Definitions::default();
        let mut stacks = StackTable::default();
        let mut take = |definitions: &mut Definitions, stream, event| {
            definitions.take(StreamIndex(stream), &mut stacks, &event);
        };
        let code = CodeId(4);
        let table = LineTable::Locations;
        take(
            &mut definitions,
            1,
            Event::Code {
                code,
                first_line: 9,
                table,
                file: 4,
                name: 2,
                lines: 3,
            },
        );
        take(&mut definitions, 1, Event::Bytes(b"a.pyf"));
        take(
            &mut definitions,
            2,
            Event::Bytes(b"another stream's, and of no meaning"),
        );
        assert_eq!(definitions.code(code), None);
        take(&mut definitions, 1, Event::Bytes(b"n\x01\x02\x03"));
        let object = definitions.code(code).expect("complete");
        assert_eq!((object.file.as_str(), object.name.as_str()), ("a.py", "fn"));
        assert_eq!(object.lines, [1, 2, 3]);
    }
}
