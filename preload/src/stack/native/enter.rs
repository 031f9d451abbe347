//! One frame more: the stack that a frame makes with its caller's, old or new.

use super::rule;
use super::steps::Callee;
use crate::stack::intern::{Found, Key};
use crate::stack::python::note_merged;
use crate::thread::Thread;
use memprof_wire::event::Event;
use memprof_wire::units::{Address, CodeId, StackId};

/// The stack of a native frame called from `parent`.
#[inline(always)]
pub fn child(thread: &mut Thread, parent: StackId, ip: usize) -> StackId {
    match thread.stacks.native.steps.find(parent, Callee::native(ip)) {
        Some(stack) => stack,
        None => child_anew(thread, parent, ip),
    }
}

/// The stack of callers that nobody can tell: one frame of no address. The table does not know it,
/// because an entry that was never written looks like it.
#[cold]
pub fn unknown_callers(thread: &mut Thread) -> StackId {
    child_anew(thread, StackId::NONE, 0)
}

#[inline(never)]
fn child_anew(thread: &mut Thread, parent: StackId, ip: usize) -> StackId {
    let key = Key {
        // addresses of programs have 47 bits
        code: Key::NATIVE | rule::meaning() << 16 & !Key::NATIVE | (ip >> 32) as u32,
        instruction: ip as u32,
    };
    let stack = match thread.stacks.tree.find(parent, key) {
        Found::Old(stack) => stack,
        Found::New(stack) => {
            thread.event(&Event::NativeFrame {
                stack,
                parent,
                address: Address(ip as u64),
            });
            stack
        }
        Found::Full => {
            note_merged(thread);
            return parent;
        }
    };
    let steps = &mut thread.stacks.native.steps;
    steps.keep(parent, Callee::native(ip), stack);
    stack
}

/// The stack of the Python frame at `index`, called from `caller`.
#[inline(always)]
pub fn python_frame(thread: &mut Thread, index: usize, caller: StackId) -> StackId {
    let frames = thread.stacks.frames.items();
    // SAFETY: the index is below the depth.
    let (python, parent) = unsafe {
        let parent = match index {
            0 => StackId::NONE,
            _ => (*frames.add(index - 1)).stack,
        };
        ((*frames.add(index)).stack, parent)
    };
    if python == parent {
        return caller;
    }
    let steps = &thread.stacks.native.steps;
    match steps.find(caller, Callee::python(python)) {
        Some(stack) => stack,
        None => python_frame_anew(thread, python, caller),
    }
}

#[inline(never)]
fn python_frame_anew(thread: &mut Thread, python: StackId, caller: StackId) -> StackId {
    let tree = &mut thread.stacks.tree;
    let key = tree.key(python);
    let stack = match tree.find(caller, key) {
        Found::Old(stack) => stack,
        Found::New(stack) => {
            thread.event(&Event::PythonFrame {
                stack,
                parent: caller,
                code: CodeId(key.code),
                instruction: key.instruction,
            });
            stack
        }
        Found::Full => {
            note_merged(thread);
            return caller;
        }
    };
    let steps = &mut thread.stacks.native.steps;
    steps.keep(caller, Callee::python(python), stack);
    stack
}
