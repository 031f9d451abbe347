//! Where a thread is: the stack of an allocation as one number.
//!
//! [`intern`] keeps the tree of all stacks a thread has had; [`python`] finds the node of the
//! interpreter's present frames, by comparing them with those of the last time; [`native`] that of
//! the native frames, with the interpreter's in their places.

pub mod intern;
mod marks;
pub mod native;
pub mod python;

use crate::memory::Array;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering, compiler_fence};
use intern::Tree;
use marks::Marks;
use memprof_wire::units::StackId;
use python::Frame;

/// What a thread remembers of its stacks.
#[derive(Debug)]
pub struct Stacks {
    /// All stacks so far.
    pub tree: Tree,
    /// The frames of the last capture, outermost first.
    frames: Array<Frame>,
    depth: usize,
    /// Frames that are new in a capture, innermost first.
    fresh: Array<usize>,
    /// The chunk of the interpreter's data stack at the last capture, or 0.
    chunk: usize,
    /// The index of the frame at the front of that chunk.
    chunk_frame: usize,
    /// When deep frames were marked.
    marks: Marks,
    /// How many code objects had been forgotten at the last capture.
    forgotten: u64,
    /// The interpreter's state of this thread, as far as known.
    pub python_thread: AtomicUsize,
    /// Whether frames are being read without the interpreter lock.
    pub reading: AtomicBool,
    /// Whether stacks had to be merged.
    merged: bool,
    /// The native frames, if they are asked for.
    native: native::Native,
    codes: [CachedCode; CODES],
    steps: [Step; STEPS],
}

/// Entries of the small table in front of the process-wide one.
const CODES: usize = 256;

/// A code object whose number is at hand.
#[derive(Clone, Copy, Debug)]
struct CachedCode {
    code: usize,
    number: u32,
    first_traceable: u32,
}

const NO_CODE: CachedCode = CachedCode {
    code: 0,
    number: 0,
    first_traceable: 0,
};

/// Entries of the small table in front of the tree.
const STEPS: usize = 256;

/// A place that a frame was seen at, and the stack it made: found by the address of the
/// instruction alone, which tells the code object for as long as that lives.
#[derive(Clone, Copy, Debug)]
struct Step {
    instruction: usize,
    parent: StackId,
    stack: StackId,
}

const NO_STEP: Step = Step {
    instruction: 0,
    parent: StackId::NONE,
    stack: StackId::NONE,
};

impl Step {
    /// Where the entry of an instruction and a caller is.
    #[inline(always)]
    fn place(instruction: usize, parent: StackId) -> usize {
        (instruction >> 1 ^ instruction >> 9 ^ parent.0 as usize) % STEPS
    }
}

impl Stacks {
    /// How many frames of the interpreter there were at the last capture, its own included.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Nothing seen yet.
    pub const fn new() -> Self {
        Self {
            tree: Tree::new(),
            frames: Array::empty(),
            depth: 0,
            fresh: Array::empty(),
            chunk: 0,
            chunk_frame: 0,
            marks: Marks::new(),
            forgotten: 0,
            python_thread: AtomicUsize::new(0),
            reading: AtomicBool::new(false),
            merged: false,
            native: native::Native::new(),
            codes: [NO_CODE; CODES],
            steps: [NO_STEP; STEPS],
        }
    }

    /// Frames are read while others run: whoever gives them back waits for the end of it, see
    /// [`settle`](crate::thread::settle).
    #[inline(always)]
    fn begin_reading(&self) {
        self.reading.store(true, Ordering::Relaxed);
        compiler_fence(Ordering::SeqCst);
    }

    #[inline(always)]
    fn end_reading(&self) {
        self.reading.store(false, Ordering::Release);
    }

    /// Gives all memory back, before another thread's stacks are put in this place.
    pub fn release(&mut self) {
        self.tree.clear();
        self.frames.release();
        self.fresh.release();
        self.native.clear();
    }

    /// A block was given back by this thread. It may be the interpreter's state of it.
    #[inline(always)]
    pub fn given_back(&self, address: usize) {
        if address == self.python_thread.load(Ordering::Relaxed) {
            self.python_thread.store(0, Ordering::Relaxed);
        }
    }

    /// A range was unmapped by this thread. If it was the interpreter's present data-stack chunk,
    /// its frames say nothing about those below any more.
    #[inline]
    pub fn unmapped(&mut self, address: usize) {
        if address == self.chunk {
            self.chunk = 0;
            self.marks.note_chunk(0);
        }
    }
}
