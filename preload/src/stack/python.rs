//! The interpreter's frames of this thread, as one [`StackId`].
//!
//! The frames of the last capture are kept, and each capture compares them with the live ones:
//! one load for the link, one for the instruction. What is unchanged costs half a nanosecond a
//! frame, and only from the lowest change upwards is the stack looked up anew. A matching innermost
//! frame proves nothing about its callers, so all are compared, with one exception: the
//! interpreter keeps frames in chunks of 16 KiB and unmaps a chunk exactly when its first frame
//! returns; while the chunk is the same, nothing below that frame can have changed. Versions that
//! keep a chunk to use it again tell nothing by it: there all are compared. Where there are no
//! chunks, deep frames are marked: see [`super::marks`].

use super::intern::{Found, Key};
use super::{CODES, CachedCode, NO_STEP, Stacks, Step, marks, native};
use crate::python::layout::{self, Family, Layout};
use crate::python::names;
use crate::python::text::Text;
use crate::python::{self};
use crate::thread::Thread;
use memprof_wire::event::{Event, Note};
use memprof_wire::units::{CodeId, StackId};

/// Frames beyond this depth are cut at the outer end.
const DEPTH_LIMIT: usize = 1 << 20;

/// How many of the last frames are searched for a live one at each step outwards.
const WINDOW: usize = 8;

/// A frame as it was when it was last seen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Frame {
    pub(super) address: usize,
    instruction: usize,
    /// The code object; only kept where the instruction does not tell it.
    code: usize,
    pub(super) stack: StackId,
}

/// What comparing the kept frames with the live ones showed.
enum Comparison {
    /// All are linked as before; from this index on the instructions differ.
    Linked(usize),
    /// The frame at this index has another caller than before.
    Relinked(usize),
}

/// The Python stack of the calling thread, which need not hold the interpreter lock.
#[inline(always)]
pub fn capture(thread: &mut Thread) -> StackId {
    if native::wanted() {
        return native::mixed::capture(thread);
    }
    let Some(family) = python::family() else {
        return StackId::NONE;
    };
    capture_without_lock(family, thread)
}

#[inline(never)]
fn capture_without_lock(family: Family, thread: &mut Thread) -> StackId {
    match family {
        Family::V39 => without_lock::<layout::V39>(thread),
        Family::V310 => without_lock::<layout::V310>(thread),
        Family::V311 => without_lock::<layout::V311>(thread),
        Family::V312 => without_lock::<layout::V312>(thread),
        Family::V313 => without_lock::<layout::V313>(thread),
        Family::V314 => without_lock::<layout::V314>(thread),
        Family::V315 => without_lock::<layout::V315>(thread),
    }
}

#[inline(always)]
fn without_lock<L: Layout>(thread: &mut Thread) -> StackId {
    let state = own_state::<L>(thread);
    if state == 0 {
        StackId::NONE
    } else {
        frames_of::<L>(thread, state)
    }
}

/// The interpreter's state of the calling thread; 0 for none.
#[inline(always)]
pub(super) fn own_state<L: Layout>(thread: &mut Thread) -> usize {
    let mut state = state_of_lock_holder::<L>();
    if L::RUNTIME_THREAD != 0 {
        // the holder of the lock may be any thread: believe only what is known to be one's own
        if state == 0 || state != thread.stacks.python_thread {
            state = python::own_thread();
            thread.stacks.python_thread = state;
        }
    } else if state == 0 {
        state = python::own_thread();
    }
    state
}

/// The Python stack of the calling thread, which holds the interpreter lock.
#[inline(always)]
pub fn capture_with_lock<L: Layout>(thread: &mut Thread) -> StackId {
    let state = state_with_lock::<L>(thread);
    if state == 0 {
        return StackId::NONE;
    }
    let stack = frames_of::<L>(thread, state);
    if L::FRAME_LOCALS != 0 && thread.python_name_is_due {
        note_name::<L>(thread);
    }
    stack
}

/// Looks how the interpreter calls this thread, which holds the lock and was just captured.
#[cold]
fn note_name<L: Layout>(thread: &mut Thread) {
    thread.python_name_is_due = false;
    let frames = thread.stacks.frames.items();
    // the interpreter's own frames, which are no part of a stack, may stand further out
    // SAFETY: indices below the depth are in use.
    let outermost = (0..thread.stacks.depth)
        .map(|index| unsafe { *frames.add(index) })
        .find(|frame| frame.stack != StackId::NONE);
    let name = outermost.and_then(|frame| {
        // SAFETY: the frame is live and runs its code, having just been captured.
        unsafe {
            let code = load(frame.address, L::FRAME_CODE) & !3;
            names::of_thread::<L>(frame.address, code)
        }
    });
    if let Some(name) = name {
        thread.note_python_name(name.bytes());
    }
}

/// The interpreter's state of the calling thread, which holds the interpreter lock.
#[inline(always)]
pub(super) fn state_with_lock<L: Layout>(thread: &mut Thread) -> usize {
    let state = state_of_lock_holder::<L>();
    if L::RUNTIME_THREAD != 0 {
        thread.stacks.python_thread = state;
    }
    state
}

#[inline(always)]
fn state_of_lock_holder<L: Layout>() -> usize {
    if L::RUNTIME_THREAD == 0 {
        return python::current_thread();
    }
    // SAFETY: a word of the runtime's structure, which lives as long as the interpreter's library.
    unsafe { load(python::runtime(), L::RUNTIME_THREAD) }
}

/// Reads a word of an interpreter structure.
///
/// # Safety
///
/// `address` must point to a live structure that has a word at `offset`.
#[inline(always)]
unsafe fn load(address: usize, offset: usize) -> usize {
    // SAFETY: the caller's promise. Volatile, so that a value is not taken from elsewhere.
    unsafe { ((address + offset) as *const usize).read_volatile() }
}

/// Reads what identifies the instruction of a frame.
///
/// # Safety
///
/// `frame` must be a live frame.
#[inline(always)]
unsafe fn instruction_of<L: Layout>(frame: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        if L::INSTRUCTION_IS_POINTER {
            load(frame, L::FRAME_INSTRUCTION)
        } else {
            ((frame + L::FRAME_INSTRUCTION) as *const i32).read_volatile() as usize
        }
    }
}

#[inline(always)]
pub(super) fn frames_of<L: Layout>(thread: &mut Thread, state: usize) -> StackId {
    // SAFETY: the state is this thread's own (or the lock is held), so its frames stand still
    // while we look.
    unsafe {
        let mut top = load(state, L::THREAD_FRAME);
        if let Some(offset) = L::CFRAME_FRAME {
            top = load(top, offset);
        }
        let chunk = if L::THREAD_CHUNK == 0 || python::keeps_chunks::<L>() {
            0
        } else {
            load(state, L::THREAD_CHUNK)
        };
        let stacks = &mut thread.stacks;
        let depth = stacks.depth;
        if depth > 0 && stacks.forgotten == python::CODES.forgotten() {
            let frames = stacks.frames.items();
            let last = frames.add(depth - 1);
            if (*last).address == top && stacks.chunk == chunk {
                let floor = stacks.floor(chunk, depth - 1);
                if callers_unchanged::<L>(frames, depth - 1, floor) {
                    if is_unchanged::<L>(last, top) {
                        return (*last).stack;
                    }
                    return resolve::<L>(thread, depth - 1, top);
                }
            }
        }
        rebuild::<L>(thread, top, chunk)
    }
}

/// Whether a live frame is at the instruction at which it was kept.
///
/// # Safety
///
/// `frame` must be in use, and `address` the live frame that it was.
#[inline(always)]
unsafe fn is_unchanged<L: Layout>(frame: *const Frame, address: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        instruction_of::<L>(address) == (*frame).instruction
            && (L::INSTRUCTION_IS_POINTER || load(address, L::FRAME_CODE) == (*frame).code)
    }
}

/// Whether all frames below index `top`, down to `floor`, are linked and at the instructions at
/// which they were kept: the common case, and nothing but that.
///
/// # Safety
///
/// As for [`compare`].
#[inline(always)]
unsafe fn callers_unchanged<L: Layout>(frames: *const Frame, top: usize, floor: usize) -> bool {
    // SAFETY: as in `compare`.
    unsafe {
        let end = frames.add(floor);
        let mut frame = frames.add(top);
        let mut index = top;
        let mut address = (&raw const (*frame).address).read_volatile();
        while frame != end {
            frame = frame.sub(1);
            let caller = (&raw const (*frame).address).read_volatile();
            if load(address, L::FRAME_PREVIOUS) != caller || !is_unchanged::<L>(frame, caller) {
                return false;
            }
            address = caller;
            index -= 1;
            if marks::may_be_at::<L>(index) && marks::is_on::<L>(address) {
                return true;
            }
        }
        floor != 0 || load(address, L::FRAME_PREVIOUS) == 0
    }
}

/// Compares the kept frames from index `top` down to `floor` with the live ones.
///
/// # Safety
///
/// The frame at `top` must be live; that of each lower index is, if the link above it is as before.
#[inline(always)]
unsafe fn compare<L: Layout>(frames: *const Frame, top: usize, floor: usize) -> Comparison {
    let mut lowest = top + 1;
    let mut index = top;
    // SAFETY: indices from 0 to `top` are in use. A frame is only read once the link to it was
    // found to be the live one. Its address comes from the array, so that the processor need not
    // wait for the link before it looks at the next frame.
    unsafe {
        loop {
            let frame = frames.add(index);
            let address = (&raw const (*frame).address).read_volatile();
            if marks::may_be_at::<L>(index) {
                if marks::is_on::<L>(address) {
                    if !is_unchanged::<L>(frame, address) {
                        lowest = index;
                    }
                    return Comparison::Linked(lowest);
                }
                // used again since; what is wrong below will be put right before this counts
                marks::put_on::<L>(address);
            }
            let caller = if index == 0 {
                0
            } else {
                (&raw const (*frame.sub(1)).address).read_volatile()
            };
            if load(address, L::FRAME_PREVIOUS) != caller {
                return Comparison::Relinked(index);
            }
            if !is_unchanged::<L>(frame, address) {
                lowest = index;
            }
            if index == floor {
                return Comparison::Linked(lowest);
            }
            index -= 1;
        }
    }
}

/// Finds out where the live frames leave the kept ones, and looks the rest up.
///
/// # Safety
///
/// `top` must be the innermost live frame of this thread, or 0.
#[inline(never)]
unsafe fn rebuild<L: Layout>(thread: &mut Thread, top: usize, chunk: usize) -> StackId {
    thread.stacks.catch_up();
    let mut frame = top;
    let mut cursor = thread.stacks.depth;
    let mut fresh = 0;
    let mut kept = 0;
    let mut lowest = 0;
    while frame != 0 {
        let stacks = &mut thread.stacks;
        let Some(index) = stacks.find(frame, cursor, fresh) else {
            if !stacks.push_fresh(&mut fresh, frame) {
                thread.event(&Event::Note(Note::StacksCut));
                break;
            }
            // SAFETY: the frame is live, being linked from the innermost one.
            frame = unsafe { load(frame, L::FRAME_PREVIOUS) };
            continue;
        };
        let floor = stacks.floor(chunk, index);
        let frames = stacks.frames.items();
        // SAFETY: the frame at `index` is `frame`, which is live.
        match unsafe { compare::<L>(frames, index, floor) } {
            Comparison::Linked(changed) => {
                kept = index + 1;
                lowest = changed;
                break;
            }
            Comparison::Relinked(other) => {
                let mut room = true;
                for kept in (other..=index).rev() {
                    // SAFETY: indices up to the depth are in use.
                    let address = unsafe { (*frames.add(kept)).address };
                    room &= stacks.push_fresh(&mut fresh, address);
                }
                if !room {
                    thread.event(&Event::Note(Note::StacksCut));
                    break;
                }
                // SAFETY: the links down to this frame were found to be live.
                frame = unsafe { load((*frames.add(other)).address, L::FRAME_PREVIOUS) };
                cursor = other;
            }
        }
    }
    let depth = kept + fresh;
    if depth > thread.stacks.frames.capacity()
        && !thread.stacks.frames.grow_to((depth * 2).max(128))
    {
        thread.stacks.depth = 0;
        return StackId::NONE;
    }
    // indices below the lowest change hold what they held; those above are looked up in order
    thread.stacks.depth = lowest.min(kept);
    let mut stack = StackId::NONE;
    if lowest >= kept && kept > 0 {
        // SAFETY: `kept` frames are in use.
        stack = unsafe { (*thread.stacks.frames.items().add(kept - 1)).stack };
        thread.stacks.depth = kept;
    }
    for index in lowest.min(kept)..depth {
        // SAFETY: kept frames and fresh ones are live; there is room for `depth` of them.
        unsafe {
            let address = if index < kept {
                (*thread.stacks.frames.items().add(index)).address
            } else {
                *thread.stacks.fresh.items().add(depth - 1 - index)
            };
            let slot = thread.stacks.frames.items().add(index);
            if index >= kept {
                slot.write(Frame {
                    address,
                    instruction: 0,
                    code: 0,
                    stack: StackId::NONE,
                });
                if marks::may_be_at::<L>(index) {
                    marks::put_on::<L>(address);
                }
            }
            stack = resolve::<L>(thread, index, address);
        }
    }
    thread.stacks.depth = depth;
    thread.stacks.note_chunk(chunk, L::CHUNK_DATA, kept);
    stack
}

/// Looks a live frame up, given that of its caller, and keeps it at `index`.
///
/// # Safety
///
/// `address` must be a live frame, and the frame at `index` one with this address.
#[inline(always)]
unsafe fn resolve<L: Layout>(thread: &mut Thread, index: usize, address: usize) -> StackId {
    // SAFETY: the frame is live, and so is its code; kept frames below `index` are in use.
    unsafe {
        let frames = thread.stacks.frames.items();
        let parent = if index == 0 {
            StackId::NONE
        } else {
            (*frames.add(index - 1)).stack
        };
        let instruction = instruction_of::<L>(address);
        let kept = frames.add(index);
        (*kept).instruction = instruction;
        let place = Step::place(instruction, parent);
        if L::INSTRUCTION_IS_POINTER {
            let step = thread.stacks.steps[place];
            if step.instruction == instruction && step.parent == parent {
                (*kept).stack = step.stack;
                return step.stack;
            }
        }
        resolve_anew::<L>(thread, index, address, parent, place)
    }
}

/// What [`resolve`] does when the step is not in the small table.
///
/// # Safety
///
/// As for [`resolve`].
#[inline(never)]
unsafe fn resolve_anew<L: Layout>(
    thread: &mut Thread,
    index: usize,
    address: usize,
    parent: StackId,
    place: usize,
) -> StackId {
    // SAFETY: as in `resolve`.
    unsafe {
        let kept = thread.stacks.frames.items().add(index);
        let instruction = (*kept).instruction;
        let code = load(address, L::FRAME_CODE) & !3;
        (*kept).code = code;
        let owner = if L::FRAME_OWNER == 0 {
            0
        } else {
            ((address + L::FRAME_OWNER) as *const u8).read()
        };
        if owner >= 3 || code == 0 {
            (*kept).stack = parent;
            return parent;
        }
        let Some(known) = number_of::<L>(thread, code) else {
            (*kept).stack = parent;
            return parent;
        };
        let offset = if L::INSTRUCTION_IS_POINTER {
            (instruction as isize).wrapping_sub((code + L::CODE_START) as isize)
        } else {
            (instruction as i32 as isize).wrapping_mul(L::LASTI_UNIT as isize)
        };
        // a frame that is still being set up, or a shim of the interpreter's own
        if offset < 0 || (owner != 1 && offset < 2 * known.first_traceable as isize) {
            (*kept).stack = parent;
            return parent;
        }
        let key = Key {
            code: known.number,
            instruction: offset as u32 / 2,
        };
        let stack = match thread.stacks.tree.find(parent, key) {
            Found::Old(stack) => stack,
            Found::New(stack) => {
                thread.event(&Event::PythonFrame {
                    stack,
                    parent,
                    code: CodeId(key.code),
                    instruction: key.instruction,
                });
                stack
            }
            Found::Full => {
                note_merged(thread);
                parent
            }
        };
        (*kept).stack = stack;
        thread.stacks.steps[place] = Step {
            instruction,
            parent,
            stack,
        };
        stack
    }
}

/// The number of a live code object; defines it when it is new.
///
/// # Safety
///
/// `code` must be a live code object.
#[inline(always)]
unsafe fn number_of<L: Layout>(thread: &mut Thread, code: usize) -> Option<CachedCode> {
    let slot = (code >> 4 ^ code >> 12) % CODES;
    let cached = thread.stacks.codes[slot];
    if cached.code == code {
        return Some(cached);
    }
    // SAFETY: the caller's promise.
    let found = unsafe { find_or_define::<L>(thread, code) }?;
    thread.stacks.codes[slot] = found;
    Some(found)
}

#[cold]
#[inline(never)]
unsafe fn find_or_define<L: Layout>(thread: &mut Thread, code: usize) -> Option<CachedCode> {
    let known = if let Some(known) = python::CODES.find(code) {
        known
    } else {
        let first_traceable = if L::CODE_FIRST_TRACEABLE == 0 {
            0
        } else {
            // SAFETY: an int of every code object.
            unsafe { ((code + L::CODE_FIRST_TRACEABLE) as *const u32).read() }
        };
        let known = python::CODES.insert(code, first_traceable)?;
        // SAFETY: the caller's promise.
        unsafe { define::<L>(thread, code, CodeId(known.number)) };
        known
    };
    Some(CachedCode {
        code,
        number: known.number,
        first_traceable: known.detail,
    })
}

/// Sends what a report needs to know of a code object: once, when it is first seen.
unsafe fn define<L: Layout>(thread: &mut Thread, code: usize, number: CodeId) {
    // SAFETY: a live code object has these fields, and they keep their objects alive.
    let (file, name, lines, first_line) = unsafe {
        (
            Text::of::<L>(load(code, L::CODE_FILE)),
            Text::of::<L>(load(code, L::CODE_NAME)),
            Text::of_bytes(load(code, L::CODE_LINES)),
            ((code + L::CODE_FIRST_LINE) as *const u32).read(),
        )
    };
    thread.event(&Event::Code {
        code: number,
        first_line,
        table: L::TABLE,
        file: file.bytes() as u32,
        name: name.bytes() as u32,
        lines: lines.bytes() as u32,
    });
    for text in [file, name, lines] {
        text.pieces(|piece| thread.event(&Event::Bytes(piece)));
    }
}

#[cold]
pub(super) fn note_merged(thread: &mut Thread) {
    thread.count_merged();
    if !core::mem::replace(&mut thread.stacks.merged, true) {
        thread.event(&Event::Note(Note::StacksMerged));
    }
}

impl Stacks {
    /// The index below which nothing has changed for as long as the chunk is the same.
    #[inline(always)]
    fn floor(&self, chunk: usize, top: usize) -> usize {
        if chunk != 0 && chunk == self.chunk && self.chunk_frame <= top {
            self.chunk_frame
        } else {
            0
        }
    }

    /// The index of a live frame among the kept ones below `cursor`. Most are found within a few
    /// steps; the whole array is searched now and then, so that a long way back is found too.
    fn find(&self, frame: usize, cursor: usize, fresh: usize) -> Option<usize> {
        let everything = matches!(fresh, 2 | 8 | 32 | 128 | 512 | 2048 | 8192);
        let lowest = if everything {
            0
        } else {
            cursor.saturating_sub(WINDOW)
        };
        let frames = self.frames.items();
        // SAFETY: indices below the cursor are in use.
        (lowest..cursor)
            .rev()
            .find(|&index| unsafe { (*frames.add(index)).address } == frame)
    }

    /// Notes a frame that is not kept yet. False when there are too many.
    fn push_fresh(&mut self, fresh: &mut usize, frame: usize) -> bool {
        if *fresh >= DEPTH_LIMIT {
            return false;
        }
        if *fresh >= self.fresh.capacity() && !self.fresh.grow_to((*fresh * 2).max(512)) {
            return false;
        }
        // SAFETY: there is room for one more.
        unsafe { self.fresh.items().add(*fresh).write(frame) };
        *fresh += 1;
        true
    }

    /// Remembers which frame is the first of the present chunk.
    fn note_chunk(&mut self, chunk: usize, data: usize, kept: usize) {
        if chunk == 0 || (chunk == self.chunk && kept > self.chunk_frame) {
            return;
        }
        let frames = self.frames.items();
        let first = chunk + data;
        // SAFETY: indices below the depth are in use.
        let found = (0..self.depth)
            .rev()
            .find(|&index| unsafe { (*frames.add(index)).address } == first);
        self.chunk = chunk;
        self.chunk_frame = found.unwrap_or(0);
    }

    /// Drops what was kept of code objects that are gone.
    fn catch_up(&mut self) {
        let now = python::CODES.forgotten();
        if now == self.forgotten {
            return;
        }
        let codes = &mut self.codes;
        let all = python::CODES.forgotten_since(self.forgotten, |gone| {
            for cached in codes.iter_mut().filter(|cached| cached.code == gone) {
                cached.code = 0;
            }
        });
        if !all {
            for cached in codes.iter_mut() {
                cached.code = 0;
            }
        }
        // an instruction of the dead code may be one of a living code by now
        self.steps.fill(NO_STEP);
        self.depth = 0;
        self.chunk = 0;
        self.forgotten = now;
    }
}
