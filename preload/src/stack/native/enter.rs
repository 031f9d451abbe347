//! One frame more: the stack that a frame makes with its caller's, old or new.

use super::{generated, own, rule};
use crate::stack::intern::{Found, Key};
use crate::stack::python::note_merged;
use crate::thread::Thread;
use memprof_wire::event::Event;
use memprof_wire::units::{Address, CodeId, StackId};

/// The stack of callers that nobody can tell: one frame of no address.
#[cold]
pub fn unknown_callers(thread: &mut Thread) -> StackId {
    child(thread, StackId::NONE, 0)
}

/// The stack of a native frame called from `parent`: the parent's where the frame is this library's.
#[inline(always)]
pub fn native_frame(thread: &mut Thread, parent: StackId, ip: usize) -> StackId {
    if own::is_own(ip) {
        return parent;
    }
    child(thread, parent, ip)
}

#[inline(always)]
fn child(thread: &mut Thread, parent: StackId, ip: usize) -> StackId {
    let key = Key {
        // addresses of programs have 47 bits
        code: Key::NATIVE | rule::meaning() << 16 & !Key::NATIVE | (ip >> 32) as u32,
        instruction: ip as u32,
    };
    match thread.stacks.tree.last(parent, key) {
        Some(stack) => stack,
        None => other_child(thread, parent, key, ip),
    }
}

/// The same if the parent called another frame the last time: the parent where the frame is part of how
/// the interpreter runs Python.
#[inline(never)]
fn other_child(thread: &mut Thread, parent: StackId, key: Key, ip: usize) -> StackId {
    if generated::contains(ip) {
        return parent;
    }
    match thread.stacks.tree.find_further(parent, key) {
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
            parent
        }
    }
}

/// The stack of the Python frame at `index`, called from `caller`.
#[inline(never)]
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
    let tree = &mut thread.stacks.tree;
    let key = tree.key(python);
    match tree.find(caller, key) {
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
            caller
        }
    }
}
