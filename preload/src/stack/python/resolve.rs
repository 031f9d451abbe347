//! A live frame looked up: its code object and instruction below the stack of its caller.

use super::instruction_of;
use crate::python::layout::Layout;
use crate::python::text::Text;
use crate::python::{self, load};
use crate::stack::intern::{Found, Key};
use crate::stack::{CODES, CachedCode, NO_STEP, Stacks, Step};
use crate::thread::Thread;
use memprof_wire::event::{Event, Note};
use memprof_wire::units::{CodeId, StackId};

/// Looks a live frame up, given that of its caller, and keeps it at `index`.
///
/// # Safety
///
/// `address` must be a live frame, and the frame at `index` one with this address.
#[inline(always)]
pub(super) unsafe fn resolve<L: Layout>(
    thread: &mut Thread,
    index: usize,
    address: usize,
) -> StackId {
    // SAFETY: the frame is live, and so is its code; kept frames below `index` are in use.
    unsafe {
        let parent = thread.stacks.parent(index);
        let instruction = instruction_of::<L>(address);
        let kept = thread.stacks.frames.items().add(index);
        (*kept).instruction = instruction;
        if L::INSTRUCTION_IS_POINTER
            && let Some(stack) = thread.stacks.step(instruction, parent)
        {
            (*kept).stack = stack;
            return stack;
        }
        resolve_anew::<L>(thread, index, address, parent)
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
            note_merged(thread);
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
        thread.stacks.steps[Step::place(instruction, parent)] = Step {
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
pub(in crate::stack) fn note_merged(thread: &mut Thread) {
    thread.count_merged();
    if !core::mem::replace(&mut thread.stacks.merged, true) {
        thread.event(&Event::Note(Note::StacksMerged));
    }
}

impl Stacks {
    /// The stack of the caller of the frame at `index`.
    ///
    /// # Safety
    ///
    /// Frames below `index` must be in use.
    #[inline(always)]
    pub(super) unsafe fn parent(&self, index: usize) -> StackId {
        match index {
            0 => StackId::NONE,
            // SAFETY: the caller's promise.
            _ => unsafe { (*self.frames.items().add(index - 1)).stack },
        }
    }

    /// The stack that an instruction made below this one, if that is at hand.
    #[inline(always)]
    pub(super) fn step(&self, instruction: usize, parent: StackId) -> Option<StackId> {
        let step = &self.steps[Step::place(instruction, parent)];
        (step.instruction == instruction && step.parent == parent).then_some(step.stack)
    }

    /// Drops what was kept of code objects that are gone.
    pub(super) fn catch_up(&mut self) {
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
