//! Where each version of CPython keeps what a stack needs: one table a version.
//!
//! The offsets are those of the debug information of CPython's own builds, confirmed on running
//! interpreters; they did not change within any of these series. From 3.13 on the interpreter
//! publishes some of them itself, and [`check`] holds the table against that.

use super::Support;
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

/// What the interpreter publishes about itself from 3.13 on (`_Py_DebugOffsets`): where an entry
/// stands in it, and the value that the table above relies on.
type Published = [(usize, usize)];

/// Whether the table of a family holds for the runtime at `runtime`.
///
/// # Safety
///
/// `runtime` must be the address of `_PyRuntime` of an interpreter of that family.
pub unsafe fn check(family: Family, runtime: usize) -> Support {
    let published: &Published = match family {
        Family::V313 => &entries::<V313>([184, 192, 232, 240, 248, 264, 280, 296, 304, 312, 344]),
        Family::V314 => &entries::<V314>([208, 216, 256, 264, 272, 288, 320, 336, 344, 352, 384]),
        Family::V315 => &entries::<V315>([208, 240, 320, 328, 336, 352, 384, 400, 408, 416, 448]),
        _ => return Support::Stacks,
    };
    // SAFETY: the published offsets are the first member of the runtime's structure.
    let word = |offset: usize| unsafe { ((runtime + offset) as *const u64).read() };
    if word(0) != u64::from_le_bytes(*b"xdebugpy") {
        return Support::UnknownVersion;
    }
    if word(16) != 0 {
        return Support::FreeThreaded;
    }
    if published
        .iter()
        .all(|&(offset, value)| word(offset) == value as u64)
    {
        Support::Stacks
    } else {
        Support::UnknownVersion
    }
}

/// Whether an interpreter has begun to finalise: `_PyRuntime._finalizing`, the word behind the four
/// or five `int`s at the front, or where the interpreter publishes it.
///
/// # Safety
///
/// `runtime` must be the address of `_PyRuntime` of an interpreter of that family.
pub unsafe fn is_finalizing(family: Family, runtime: usize) -> bool {
    // SAFETY: the structure is much larger than what is read; the published offset lies within it.
    let word = |offset: usize| unsafe { ((runtime + offset) as *const usize).read_volatile() };
    let offset = match family {
        Family::V39 | Family::V310 => 16,
        Family::V311 | Family::V312 => 24,
        Family::V313 | Family::V314 | Family::V315 => word(PUBLISHED_FINALIZING),
    };
    word(offset) != 0
}

/// `_Py_DebugOffsets.runtime_state.finalizing`
const PUBLISHED_FINALIZING: usize = 32;

/// The values of a layout at the places where a version publishes them.
const fn entries<L: Layout>(places: [usize; 11]) -> [(usize, usize); 11] {
    [
        (places[0], L::THREAD_FRAME),
        (places[1], L::THREAD_ID),
        (places[2], L::FRAME_PREVIOUS),
        (places[3], L::FRAME_CODE),
        (places[4], L::FRAME_INSTRUCTION),
        (places[5], L::FRAME_OWNER),
        (places[6], L::CODE_FILE),
        (places[7], L::CODE_NAME),
        (places[8], L::CODE_LINES),
        (places[9], L::CODE_FIRST_LINE),
        (places[10], L::CODE_START),
    ]
}
