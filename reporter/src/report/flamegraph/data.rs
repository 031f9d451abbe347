//! What the flame graph page shows, as plain data: no replay types, so that any producer (a recording, a difference of two,
//! a test) can fill it.
//!
//! Sizes are bytes, counts are blocks, times are seconds since the recording began. A [`Row`] carries what was allocated
//! *directly* at a stack; sums over callers are made in the page.

use crate::report::flamegraph::Lifetimes;
use crate::report::timeline::Timeline;

/// Everything one page shows.
#[derive(Debug, Clone, Default)]
pub struct FlamegraphData {
    /// Where the data comes from; shown in the head of the page.
    pub recording: Recording,
    /// Every place in the code that occurs in a stack.
    pub frames: Vec<Frame>,
    /// The stacks as a prefix tree. A parent stands before its children; a node that breaks this is taken as a root.
    pub nodes: Vec<Node>,
    /// The processes that the threads belong to.
    pub processes: Vec<Process>,
    /// The threads that allocated.
    pub threads: Vec<Thread>,
    /// Names of types of objects, as people know them (`collections.OrderedDict`).
    pub types: Vec<String>,
    /// What can be looked at; the first is shown first.
    pub views: Vec<View>,
    /// Memory over time, one for each recording (a difference has two). Empty: the page has no time line.
    pub timelines: Vec<Timeline>,
    /// When memory was allocated and freed, for choosing a range in the time line. `None`: ranges cannot be chosen.
    pub lifetimes: Option<Lifetimes>,
}

/// Facts about the recording for the head of the page. Empty texts are left out.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// What was run, as a short name (`train.py`).
    pub title: String,
    /// The full command line.
    pub command: String,
    /// The folder the program was started in.
    pub folder: String,
    /// The file of the recording, as the user named it.
    pub file: String,
    /// When it began, as text for people (`2026-03-21 14:05:09 UTC`).
    pub started: String,
    /// What ran the program (`CPython 3.11.4`).
    pub runtime: String,
    /// What made the page (`memprof 0.1.0`).
    pub tool: String,
    /// How long the program ran, in seconds.
    pub duration: f64,
    /// Heap at its peak, in bytes.
    pub peak_bytes: u64,
    /// When the peak was, in seconds.
    pub peak_time: Option<f64>,
    /// Number of allocations in the whole recording.
    pub allocations: u64,
    /// Why the recording is incomplete (`the program was killed by signal 9`), if it is.
    pub cut_short: Option<String>,
    /// Further things that the reader must know (merged stacks, lost events), one sentence each.
    pub notes: Vec<String>,
}

/// Where a frame's code belongs; chooses its colour and what "hide" hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FrameKind {
    /// The user's own Python code.
    #[default]
    Own,
    /// Python code of an installed package.
    Library,
    /// Python's standard library.
    Standard,
    /// Machine code: C, C++, Rust.
    Native,
    /// `importlib` and what else runs between an `import` and the module's first line.
    Import,
    /// The interpreter's own functions (`_PyEval_EvalFrameDefault`).
    Internal,
}

/// One place in the code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Frame {
    /// The function's qualified name (`Loader.read`).
    pub function: String,
    /// The module or library (`shop.loader`, `libz.so.1`); may be empty.
    pub module: String,
    /// The source file, or the library's path; may be empty.
    pub file: String,
    /// The line, from 1; 0 where it is not known.
    pub line: u32,
    /// The line where the function begins; 0 where it is not known.
    pub function_line: u32,
    /// The column, from 1; 0 where it is not known.
    pub column: u32,
    /// Whose code it is.
    pub kind: FrameKind,
    /// The text of the line, where it may be shown.
    pub source: Option<String>,
}

/// Index into [`FlamegraphData::frames`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(pub u32);

/// Index into [`FlamegraphData::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Index into [`FlamegraphData::processes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u32);

/// Index into [`FlamegraphData::threads`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(pub u32);

/// Index into [`FlamegraphData::types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub u32);

/// One step of a stack: its caller and its own frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The caller; `None` at the root of a stack.
    pub parent: Option<NodeId>,
    /// What runs here.
    pub frame: FrameId,
}

/// A process of the session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Process {
    /// Its name (`worker.py`).
    pub name: String,
    /// The system's process number.
    pub pid: u32,
}

/// A thread that allocated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thread {
    /// Its name (`MainThread`).
    pub name: String,
    /// The system's thread number.
    pub tid: u32,
    /// The process it ran in.
    pub process: Option<ProcessId>,
}

/// To what memory is charged: a stack, a thread and, where it is known, the type of object it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    /// The stack that allocated; `None` where none was recorded.
    pub node: Option<NodeId>,
    /// The thread that allocated.
    pub thread: Option<ThreadId>,
    /// The type of the object that the memory holds.
    pub type_of: Option<TypeId>,
}

/// What one place holds in a view. Several rows of the same place are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// To what it is charged.
    pub place: Place,
    /// Bytes allocated directly there.
    pub bytes: u64,
    /// Blocks allocated directly there.
    pub blocks: u64,
}

/// One answer to "which memory?": the peak, what was never freed, what lived briefly, everything, or a difference.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// A short word for links: `peak`, `leaks`, `temporary`, `allocated`, `diff`; no two views may share it.
    pub id: String,
    /// The button's text (`Peak`).
    pub label: String,
    /// One sentence that says what is shown (`Alive when the heap was largest, at 12.3 s.`).
    pub note: String,
    /// The moment it shows, to be marked in the time line, in seconds.
    pub moment: Option<f64>,
    /// What each place holds; in a difference, what it holds in the second recording.
    pub rows: Vec<Row>,
    /// In a difference, what each place held in the first recording. `None`: this is no difference.
    pub before: Option<Vec<Row>>,
}
