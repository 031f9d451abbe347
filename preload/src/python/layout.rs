//! Where each version of CPython keeps what a stack needs: one table a version.
//!
//! The offsets are those of the debug information of CPython's own builds, confirmed on running
//! interpreters; they did not change within any of these series. From 3.13 on the interpreter
//! publishes some of them itself, and [`super::published`] holds the table against that.

use memprof_wire::event::LineTable;

/// The versions that are known, by `PY_VERSION_HEX >> 16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Family {
    /// 3.9
    V39 = 0x309,
    /// 3.10
    V310 = 0x30a,
    /// 3.11
    V311 = 0x30b,
    /// 3.12
    V312 = 0x30c,
    /// 3.13
    V313 = 0x30d,
    /// 3.14
    V314 = 0x30e,
    /// 3.15
    V315 = 0x30f,
}

impl Family {
    /// The family of a version.
    pub const fn of(version: u32) -> Option<Self> {
        Self::from_number(version)
    }

    /// The family of its number.
    #[inline(always)]
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            0x309 => Some(Self::V39),
            0x30a => Some(Self::V310),
            0x30b => Some(Self::V311),
            0x30c => Some(Self::V312),
            0x30d => Some(Self::V313),
            0x30e => Some(Self::V314),
            0x30f => Some(Self::V315),
            _ => None,
        }
    }
}

/// How a native frame of the evaluation function is known to run certain Python frames; see
/// `stack/native/anchors.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// By its code alone; each runs one frame.
    Code,
    /// By a `CFrame` on the native stack; each runs one frame.
    CFrameEach {
        /// `PyThreadState.cframe`
        thread: usize,
        /// `CFrame.previous`
        previous: usize,
    },
    /// By a `_PyCFrame` on the native stack.
    CFrames {
        /// `PyThreadState.cframe`
        thread: usize,
        /// `_PyCFrame.previous`
        previous: usize,
    },
    /// By a frame that stands on the native stack itself.
    Shims,
}

/// Where an ordinary object keeps its attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attributes {
    /// In a dictionary, at the offset that its type gives.
    Dict,
    /// In front of the object: an array of values, and a dictionary if somebody asked for one.
    ValuesAndDict,
    /// In front of the object, one word: an array of values if it is odd, else a dictionary.
    Tagged,
    /// Behind the object, or in a dictionary that a word in front of it gives.
    Inline,
}

/// Offsets, in bytes, within the interpreter's structures.
pub trait Layout {
    /// `_PyRuntime.gilstate.tstate_current`, or 0 where a thread-local took its place.
    const RUNTIME_THREAD: usize = 0;
    /// `PyThreadState.thread_id`
    const THREAD_ID: usize;
    /// `PyThreadState.frame`, `.cframe` or `.current_frame`
    const THREAD_FRAME: usize;
    /// `_PyCFrame.current_frame`, where `.cframe` stands between.
    const CFRAME_FRAME: Option<usize> = None;
    /// `PyThreadState.datastack_chunk`, or 0 where chunks tell nothing.
    const THREAD_CHUNK: usize = 0;
    /// `_PyStackChunk.data`
    const CHUNK_DATA: usize = 24;
    /// The third number of the first version that may keep a chunk instead of unmapping it, so that
    /// the same chunk may hold other frames; 0 where none does. The change came in the spring of
    /// 2026 (gh-142183), behind 3.13.12 and 3.14.3, so builds between two releases may have it.
    const CHUNKS_KEPT_FROM: u32 = 0;

    /// The code object of a frame; its low bits may be tags.
    const FRAME_CODE: usize;
    /// The caller's frame.
    const FRAME_PREVIOUS: usize;
    /// `f_lasti` (an `int`, to 3.10) or a pointer to the instruction.
    const FRAME_INSTRUCTION: usize;
    /// Whether the instruction is a pointer into the code, which then identifies the code too.
    const INSTRUCTION_IS_POINTER: bool = true;
    /// Bytes of one unit of `f_lasti`.
    const LASTI_UNIT: usize = 1;
    /// `f_trace_lines`, a `char`, to 3.10; else 0.
    const FRAME_TRACE_LINES: usize = 0;
    /// `f_gen`, where there is `f_trace_lines`.
    const FRAME_GENERATOR: usize = 0;
    /// Who owns the frame, a `char`, or 0 where frames are objects.
    const FRAME_OWNER: usize = 0;

    /// What ties Python frames to native ones.
    const RUNS: Runs = Runs::Shims;

    /// `co_filename`
    const CODE_FILE: usize;
    /// `co_qualname`, to 3.10 `co_name`
    const CODE_NAME: usize;
    /// `co_firstlineno`
    const CODE_FIRST_LINE: usize;
    /// `co_lnotab` or `co_linetable`
    const CODE_LINES: usize;
    /// `_co_firsttraceable`, or 0
    const CODE_FIRST_TRACEABLE: usize = 0;
    /// `co_code_adaptive`, or 0
    const CODE_START: usize = 0;
    /// How the line table is written.
    const TABLE: LineTable = LineTable::Locations;

    /// `PyHeapTypeObject.ht_qualname`
    const TYPE_QUALIFIED_NAME: usize;
    /// Flags of a type that put two more words in front of its objects.
    const PRE_HEADER_FLAGS: u64 = 0b1_1000;
    /// The first local variable of a frame, or 0 where threads tell the kernel their names anyway.
    const FRAME_LOCALS: usize = 0;
    /// Where the attributes of an ordinary object are.
    const ATTRIBUTES: Attributes = Attributes::Inline;
    /// Where the values begin in an array of values.
    const VALUES_OFFSET: usize = 0;
    /// Whether the keys of a dictionary are laid out as from 3.11 on.
    const COMPACT_KEYS: bool = true;

    /// Bytes of a pool of the interpreter's allocator.
    const POOL: usize = 16 << 10;
    /// Whether dead objects in free lists are linked by the word of their reference count.
    const LINKS_IN_REFERENCES: bool = false;

    /// Where the characters of a compact ASCII text begin.
    const TEXT_ASCII: usize = 40;
    /// Where the characters of any other compact text begin.
    const TEXT_WIDE: usize = 56;
    /// The first bit of `kind` in a text's state word; `compact` and `ascii` follow.
    const TEXT_KIND_BIT: u32 = 2;
}

/// CPython 3.9
#[derive(Debug)]
pub struct V39;
/// CPython 3.10
#[derive(Debug)]
pub struct V310;
/// CPython 3.11
#[derive(Debug)]
pub struct V311;
/// CPython 3.12
#[derive(Debug)]
pub struct V312;
/// CPython 3.13
#[derive(Debug)]
pub struct V313;
/// CPython 3.14
#[derive(Debug)]
pub struct V314;
/// CPython 3.15
#[derive(Debug)]
pub struct V315;

impl Layout for V39 {
    const RUNTIME_THREAD: usize = 568;
    const THREAD_ID: usize = 176;
    const THREAD_FRAME: usize = 24;
    const FRAME_CODE: usize = 32;
    const FRAME_PREVIOUS: usize = 24;
    const FRAME_INSTRUCTION: usize = 104;
    const FRAME_TRACE_LINES: usize = 88;
    const FRAME_GENERATOR: usize = 96;
    const RUNS: Runs = Runs::Code;
    const INSTRUCTION_IS_POINTER: bool = false;
    const CODE_FILE: usize = 104;
    const CODE_NAME: usize = 112;
    const CODE_FIRST_LINE: usize = 40;
    const CODE_LINES: usize = 120;
    const TABLE: LineTable = LineTable::Lnotab;
    const TEXT_ASCII: usize = 48;
    const TEXT_WIDE: usize = 72;
    const TYPE_QUALIFIED_NAME: usize = 856;
    const PRE_HEADER_FLAGS: u64 = 0;
    const COMPACT_KEYS: bool = false;
    const POOL: usize = 4 << 10;
    const FRAME_LOCALS: usize = 360;
    const ATTRIBUTES: Attributes = Attributes::Dict;
}

impl Layout for V310 {
    const RUNTIME_THREAD: usize = 568;
    const THREAD_ID: usize = 176;
    const THREAD_FRAME: usize = 24;
    const FRAME_CODE: usize = 32;
    const FRAME_PREVIOUS: usize = 24;
    const FRAME_INSTRUCTION: usize = 96;
    const FRAME_TRACE_LINES: usize = 84;
    const FRAME_GENERATOR: usize = 88;
    const RUNS: Runs = Runs::CFrameEach {
        thread: 48,
        previous: 8,
    };
    const INSTRUCTION_IS_POINTER: bool = false;
    const LASTI_UNIT: usize = 2;
    const CODE_FILE: usize = 104;
    const CODE_NAME: usize = 112;
    const CODE_FIRST_LINE: usize = 40;
    const CODE_LINES: usize = 120;
    const TABLE: LineTable = LineTable::Lines310;
    const TEXT_ASCII: usize = 48;
    const TEXT_WIDE: usize = 72;
    const TYPE_QUALIFIED_NAME: usize = 864;
    const PRE_HEADER_FLAGS: u64 = 0;
    const COMPACT_KEYS: bool = false;
    const FRAME_LOCALS: usize = 352;
    const ATTRIBUTES: Attributes = Attributes::Dict;
}

impl Layout for V311 {
    const RUNTIME_THREAD: usize = 576;
    const THREAD_ID: usize = 152;
    const THREAD_FRAME: usize = 56;
    const CFRAME_FRAME: Option<usize> = Some(8);
    const THREAD_CHUNK: usize = 296;
    const FRAME_CODE: usize = 32;
    const FRAME_PREVIOUS: usize = 48;
    const FRAME_INSTRUCTION: usize = 56;
    const FRAME_OWNER: usize = 69;
    const RUNS: Runs = Runs::CFrames {
        thread: 56,
        previous: 16,
    };
    const CODE_FILE: usize = 112;
    const CODE_NAME: usize = 128;
    const CODE_FIRST_LINE: usize = 72;
    const CODE_LINES: usize = 136;
    const CODE_FIRST_TRACEABLE: usize = 168;
    const CODE_START: usize = 184;
    const TEXT_ASCII: usize = 48;
    const TEXT_WIDE: usize = 72;
    const TYPE_QUALIFIED_NAME: usize = 864;
    const PRE_HEADER_FLAGS: u64 = 0b1_0000;
    const FRAME_LOCALS: usize = 72;
    const ATTRIBUTES: Attributes = Attributes::ValuesAndDict;
}

impl Layout for V312 {
    const THREAD_ID: usize = 136;
    const THREAD_FRAME: usize = 56;
    const CFRAME_FRAME: Option<usize> = Some(0);
    const THREAD_CHUNK: usize = 232;
    const FRAME_CODE: usize = 0;
    const FRAME_PREVIOUS: usize = 8;
    const FRAME_INSTRUCTION: usize = 56;
    const FRAME_OWNER: usize = 70;
    const CODE_FILE: usize = 112;
    const CODE_NAME: usize = 128;
    const CODE_FIRST_LINE: usize = 68;
    const CODE_LINES: usize = 136;
    const CODE_FIRST_TRACEABLE: usize = 176;
    const CODE_START: usize = 192;
    const TYPE_QUALIFIED_NAME: usize = 872;
    const FRAME_LOCALS: usize = 72;
    const ATTRIBUTES: Attributes = Attributes::Tagged;
}

impl Layout for V313 {
    const THREAD_ID: usize = 152;
    const THREAD_FRAME: usize = 72;
    const THREAD_CHUNK: usize = 232;
    const CHUNKS_KEPT_FROM: u32 = 12;
    const FRAME_CODE: usize = 0;
    const FRAME_PREVIOUS: usize = 8;
    const FRAME_INSTRUCTION: usize = 56;
    const FRAME_OWNER: usize = 70;
    const CODE_FILE: usize = 112;
    const CODE_NAME: usize = 128;
    const CODE_FIRST_LINE: usize = 68;
    const CODE_LINES: usize = 136;
    const CODE_FIRST_TRACEABLE: usize = 184;
    const CODE_START: usize = 200;
    const TYPE_QUALIFIED_NAME: usize = 872;
    const FRAME_LOCALS: usize = 72;
    const VALUES_OFFSET: usize = 8;
}

impl Layout for V314 {
    const LINKS_IN_REFERENCES: bool = true;
    const THREAD_ID: usize = 152;
    const THREAD_FRAME: usize = 72;
    const THREAD_CHUNK: usize = 232;
    const CHUNKS_KEPT_FROM: u32 = 3;
    const FRAME_CODE: usize = 0;
    const FRAME_PREVIOUS: usize = 8;
    const FRAME_INSTRUCTION: usize = 56;
    const FRAME_OWNER: usize = 74;
    const CODE_FILE: usize = 112;
    const CODE_NAME: usize = 128;
    const CODE_FIRST_LINE: usize = 68;
    const CODE_LINES: usize = 136;
    const CODE_FIRST_TRACEABLE: usize = 192;
    const CODE_START: usize = 208;
    const TYPE_QUALIFIED_NAME: usize = 872;
}

impl Layout for V315 {
    const LINKS_IN_REFERENCES: bool = true;
    const THREAD_ID: usize = 176;
    const THREAD_FRAME: usize = 72;
    const FRAME_CODE: usize = 0;
    const FRAME_PREVIOUS: usize = 8;
    const FRAME_INSTRUCTION: usize = 56;
    const FRAME_OWNER: usize = 74;
    const CODE_FILE: usize = 112;
    const CODE_NAME: usize = 128;
    const CODE_FIRST_LINE: usize = 68;
    const CODE_LINES: usize = 136;
    const CODE_FIRST_TRACEABLE: usize = 192;
    const CODE_START: usize = 208;
    const TYPE_QUALIFIED_NAME: usize = 880;
}
