//! The small table in front of the tree of stacks: a frame called from a stack, and the stack that
//! it makes.

use super::rule;
use crate::memory::Array;
use memprof_wire::units::StackId;

/// Entries: 256 KiB, of which a program that allocates at few places touches little.
const ENTRIES: usize = 1 << 14;

/// What is called: an address, or the stack that a Python frame makes with its Python callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callee(u64);

impl Callee {
    /// Machine code.
    #[inline(always)]
    pub fn native(ip: usize) -> Self {
        // addresses of programs have 47 bits
        Self(ip as u64 | u64::from(rule::meaning() & 0x7fff) << 48)
    }

    /// A Python frame.
    #[inline(always)]
    pub fn python(stack: StackId) -> Self {
        Self(u64::from(stack.0) | 1 << 63)
    }
}

#[derive(Clone, Copy, Debug)]
struct Step {
    callee: Callee,
    caller: StackId,
    stack: StackId,
}

/// The table. What it says holds for ever: stacks are never forgotten.
#[derive(Debug)]
pub struct Steps {
    items: Array<Step>,
}

impl Steps {
    /// Without memory, so that it remembers nothing yet.
    pub const fn new() -> Self {
        Self {
            items: Array::empty(),
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.items.release();
    }

    /// The stack of a frame called from `caller`, if it is remembered.
    #[inline(always)]
    pub fn find(&self, caller: StackId, callee: Callee) -> Option<StackId> {
        if self.items.capacity() == 0 {
            return None;
        }
        // SAFETY: there is room for all entries, and a place is below their number.
        let step = unsafe { &*self.items.items().add(place(caller, callee)) };
        // an entry that was never written says that address 0 makes no stack: who wants the stack of
        // that address does not ask here
        (step.callee == callee && step.caller == caller).then_some(step.stack)
    }

    /// Remembers a stack.
    pub fn keep(&mut self, caller: StackId, callee: Callee, stack: StackId) {
        if callee.0 == 0 || (self.items.capacity() == 0 && !self.items.grow_to(ENTRIES)) {
            return;
        }
        // SAFETY: as in `find`.
        unsafe {
            self.items.items().add(place(caller, callee)).write(Step {
                callee,
                caller,
                stack,
            });
        }
    }
}

#[inline(always)]
fn place(caller: StackId, callee: Callee) -> usize {
    let mixed = (callee.0 ^ u64::from(caller.0) << 20).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as usize % ENTRIES
}

#[cfg(test)]
mod tests {
    use super::{Callee, Steps};
    use memprof_wire::units::StackId;

    #[test]
    fn only_what_was_kept_is_found() {
        let mut steps = Steps::new();
        let (caller, other) = (StackId(7), StackId(8));
        assert_eq!(steps.find(caller, Callee::native(0x1234)), None);
        steps.keep(caller, Callee::native(0x1234), StackId(9));
        assert_eq!(steps.find(caller, Callee::native(0x1234)), Some(StackId(9)));
        assert_eq!(steps.find(other, Callee::native(0x1234)), None);
        assert_eq!(steps.find(caller, Callee::python(StackId(0x1234))), None);
    }
}
