//! Where each version of CPython keeps what a stack needs: one table a version.
//!
//! The offsets are those of the debug information of CPython's own builds, confirmed on running
//! interpreters; they did not change within any of these series. From 3.13 on the interpreter
//! publishes some of them itself, and [`super::published`] holds the table against that. What all
//! versions have in the same place is in [`objects`].

mod family;
pub mod objects;
mod versions;

pub use family::Family;
pub(crate) use family::with_layout;
use memprof_wire::event::LineTable;
pub use versions::{V39, V310, V311, V312, V313, V314, V315};

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
    /// `PyHeapTypeObject.ht_cached_keys`
    const TYPE_CACHED_KEYS: usize = Self::TYPE_QUALIFIED_NAME + 8;
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
