//! Reading the program's memory while it stands still.

use crate::python::interpreters;
use crate::raw::{self, PAGE};

/// How memory is read that is known to be there.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Nobody else can give memory back: the lock of the only interpreter is held.
    still: bool,
}

impl Memory {
    /// For a thread that holds its interpreter's lock. Another interpreter may have a lock of its
    /// own, and give back an arena at any time; the kernel does the reading then.
    pub fn now() -> Self {
        Self {
            still: interpreters::is_only_one(),
        }
    }

    /// Copies the words at the front of a block that may have fewer than are asked for. What is on
    /// the block's own page is there; what lies behind is only zeros where nothing is.
    #[inline]
    pub fn read_front(self, address: usize, into: &mut [u64]) -> bool {
        let here = ((PAGE - address % PAGE) / 8).min(into.len());
        let (here, behind) = into.split_at_mut(here);
        if !behind.is_empty() && !raw::read(address + here.len() * 8, behind) {
            behind.fill(0);
        }
        self.read(address, here)
    }

    /// Copies words that lie in an arena or a large block; false when they are gone.
    #[inline]
    pub fn read(self, address: usize, into: &mut [u64]) -> bool {
        if !self.still {
            return raw::read(address, into);
        }
        // SAFETY: the caller knows the memory from the map of what the allocator has, which cannot
        // change while this thread holds the lock.
        unsafe {
            core::ptr::copy_nonoverlapping(address as *const u64, into.as_mut_ptr(), into.len());
        }
        true
    }
}
