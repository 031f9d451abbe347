//! What is recorded: one [`Event`] at a time, in the order of its thread.

use crate::allocator::Allocator;
use crate::units::{Address, CodeId, Microseconds, Size, StackId, Turn, TypeId};

/// One thing that happened in the program under test.
///
/// Frees, unmappings and the old half of a reallocation are recorded before the real call,
/// allocations and mappings after it; so an address is never seen allocated twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A block was handed out.
    Allocation {
        /// Where it begins.
        address: Address,
        /// What was asked for.
        size: Size,
        /// Who handed it out.
        allocator: Allocator,
        /// Where the program was.
        stack: StackId,
    },
    /// A block is about to be given back.
    Free {
        /// Where it begins.
        address: Address,
        /// The type of the object that died in it; `None` where nobody looked.
        type_id: Option<TypeId>,
    },
    /// The last [`Event::Free`] of this stream did not happen: a reallocation failed.
    FreeCancelled,
    /// A new run of events begins: what follows in this stream happened after all runs with a
    /// smaller turn, and before all with a greater one.
    Turn {
        /// The place in the total order.
        turn: Turn,
        /// When, as the recorder last told the time.
        time: Microseconds,
    },
    /// All predictions start afresh, so that decoding can begin here. Carries what a reader that
    /// begins here has to know.
    Restart {
        /// The turn that goes on.
        turn: Turn,
        /// The time that goes on.
        time: Microseconds,
        /// How many stacks this stream has defined so far.
        stacks: u32,
        /// How often predictions were started afresh before.
        epoch: u16,
    },
    /// A stack whose innermost frame is Python code.
    PythonFrame {
        /// The stack that is defined; always the next number.
        stack: StackId,
        /// The stack of the caller.
        parent: StackId,
        /// The code object that runs.
        code: CodeId,
        /// The instruction, in code units of two bytes from the start of the code.
        instruction: u32,
    },
    /// A stack whose innermost frame is machine code.
    NativeFrame {
        /// The stack that is defined; always the next number.
        stack: StackId,
        /// The stack of the caller.
        parent: StackId,
        /// The return address (or, innermost, the instruction).
        address: Address,
    },
    /// A code object is defined; its three texts follow, end to end, as [`Event::Bytes`].
    Code {
        /// Its number.
        code: CodeId,
        /// `co_firstlineno`
        first_line: u32,
        /// How the line table is written.
        table: LineTable,
        /// Bytes of the file name (UTF-8).
        file: u32,
        /// Bytes of the qualified name (UTF-8).
        name: u32,
        /// Bytes of the line table.
        lines: u32,
    },
    /// A piece of a definition that was announced in this stream.
    Bytes(&'a [u8]),
    /// A range of addresses was mapped; what it covered before is gone.
    Map {
        /// Where it begins, a multiple of the page size.
        address: Address,
        /// How long it is, as asked for.
        length: Size,
        /// What stands behind it.
        kind: MappingKind,
        /// Where the program was.
        stack: StackId,
    },
    /// A range of addresses is about to be unmapped.
    Unmap {
        /// Where it begins.
        address: Address,
        /// How long it is.
        length: Size,
    },
    /// The last [`Event::Unmap`] of this stream did not happen: the call failed.
    UnmapCancelled,
    /// A mapping was moved or resized by `mremap`.
    Remap {
        /// Where it was.
        old: Address,
        /// How long it was.
        old_length: Size,
        /// Where it is.
        new: Address,
        /// How long it is.
        new_length: Size,
        /// Where the program was.
        stack: StackId,
    },
    /// The protection of a range was changed.
    Protect {
        /// Where it begins.
        address: Address,
        /// How long it is.
        length: Size,
        /// Whether it can be used now, or is a mere reservation (`PROT_NONE`).
        usable: bool,
    },
    /// The thread's name from here on.
    ThreadName(&'a [u8]),
    /// A type is defined: its name, as `module.Qualname`.
    Type {
        /// Its number.
        type_id: TypeId,
        /// The name, UTF-8.
        name: &'a [u8],
    },
    /// A moment that somebody named.
    Mark {
        /// A point, or one end of a span.
        kind: MarkKind,
        /// The name, UTF-8.
        name: &'a [u8],
    },
    /// Something a report has to say about this recording.
    Note(Note),
    /// The interpreter that runs in this image.
    Interpreter {
        /// `PY_VERSION_HEX`
        version: u32,
        /// Whether Python stacks are recorded.
        stacks: bool,
        /// The allocator below the hooks, as `PYTHONMALLOC` names it.
        allocator: &'a [u8],
    },
    /// The types of living objects follow: the program stands still until [`Event::CensusEnd`].
    CensusBegin,
    /// An object that is alive at a census.
    CensusObject {
        /// The block it lives in.
        address: Address,
        /// Its type.
        type_id: TypeId,
        /// Whether it is dead, and waits in a free list of the interpreter.
        waiting: bool,
    },
    /// What an object points to and nobody else has: its dictionary, its buffer. Follows the
    /// [`Event::CensusObject`] of the owner; without one, the owner is no block.
    CensusOwned {
        /// The pointer that the owner holds, into the block or to the object in it.
        address: Address,
        /// What it is to the owner.
        role: Role,
        /// The type of the owner.
        owner: TypeId,
    },
    /// The census is complete.
    CensusEnd,
    /// How long the program stood still for the census before.
    CensusTook(Microseconds),
    /// This process is the child of a fork: its memory began as that of another image.
    Inherits {
        /// The image it was forked from.
        image: u32,
        /// Everything in that image with a smaller turn happened before the fork; 0 where nobody
        /// saw the fork itself, which then was shortly before this event.
        turn: Turn,
    },
    /// The process ends here, by `_exit`: what is alive in it is nobody's from now on.
    Exits,
}

/// What a block is to the object that points to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Role {
    /// The dictionary of its attributes: an object of its own.
    Dict = 0,
    /// The table of keys of a dictionary.
    Keys = 1,
    /// The values of attributes, or of a dictionary whose keys are shared.
    Values = 2,
    /// The items of a list.
    Items = 3,
    /// The table of a set.
    Table = 4,
    /// Whatever else it keeps outside itself.
    Buffer = 5,
}

impl Role {
    /// The role of a number, if there is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Dict),
            1 => Some(Self::Keys),
            2 => Some(Self::Values),
            3 => Some(Self::Items),
            4 => Some(Self::Table),
            5 => Some(Self::Buffer),
            _ => None,
        }
    }
}

/// How a code object's line table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LineTable {
    /// `co_lnotab`, to 3.9: pairs of address and line delta.
    Lnotab = 0,
    /// `co_linetable` of 3.10: pairs of range length and line delta.
    Lines310 = 1,
    /// `co_linetable` from 3.11: locations with columns.
    Locations = 2,
}

impl LineTable {
    /// The kind of a number, if there is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Lnotab),
            1 => Some(Self::Lines310),
            2 => Some(Self::Locations),
            _ => None,
        }
    }
}

/// What stands behind a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum MappingKind {
    /// Memory of its own.
    Anonymous = 0,
    /// A file.
    File = 1,
    /// Addresses only: `PROT_NONE`.
    Reserved = 2,
}

impl MappingKind {
    /// The kind of a number, if there is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Anonymous),
            1 => Some(Self::File),
            2 => Some(Self::Reserved),
            _ => None,
        }
    }
}

/// What a mark marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum MarkKind {
    /// A moment.
    Point = 0,
    /// The start of a span.
    Begin = 1,
    /// The end of a span.
    End = 2,
}

impl MarkKind {
    /// The kind of a number, if there is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Point),
            1 => Some(Self::Begin),
            2 => Some(Self::End),
            _ => None,
        }
    }
}

/// The name of the mark that the library itself makes where CPython's shutdown begins: the program's
/// own code has ended, and nearly everything that it kept is still there.
pub const MAIN_END: &str = "main-end";

/// Something a report has to say about a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Note {
    /// The interpreter is of a version whose frames are unknown: no Python stacks.
    UnknownInterpreter = 0,
    /// The interpreter is a free-threaded build: no Python stacks.
    FreeThreadedInterpreter = 1,
    /// The executable brings its own `malloc`, which a preloaded library cannot see.
    OwnAllocator = 2,
    /// Stacks beyond the limit of the table were merged into their callers.
    StacksMerged = 3,
    /// Stacks deeper than the limit were cut at the outer end.
    StacksCut = 4,
    /// Events from inside signal handlers did not fit and were dropped.
    SignalEventsLost = 5,
    /// The interpreter uses an allocator of its own below the hooks: survivors have no types.
    NoCensus = 6,
    /// A library was loaded with `RTLD_DEEPBIND`: it calls the C library past this one.
    DeepBinding = 7,
    /// The interpreter was finalised and began again, unseen at first: no census from there on.
    CensusLost = 8,
}

impl Note {
    /// The note of a number, if there is one.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::UnknownInterpreter),
            1 => Some(Self::FreeThreadedInterpreter),
            2 => Some(Self::OwnAllocator),
            3 => Some(Self::StacksMerged),
            4 => Some(Self::StacksCut),
            5 => Some(Self::SignalEventsLost),
            6 => Some(Self::NoCensus),
            7 => Some(Self::DeepBinding),
            8 => Some(Self::CensusLost),
            _ => None,
        }
    }
}
