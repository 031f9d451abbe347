//! Which part of the stack may be read.
//!
//! Nothing says where a stack ends that would hold for the first thread, for others, for the
//! stacks of signal handlers and of coroutines alike. So a page is read only after the kernel was
//! asked whether it can be; that it could is remembered for as long as the thread stays on the same
//! stack.

use crate::raw::{self, PAGE};

/// Further than this from what is known, it is another stack.
const NEAR: usize = 1 << 20;

/// The addresses that are known to be readable on the present stack.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    low: usize,
    high: usize,
}

impl Bounds {
    /// Nothing is known.
    pub const NONE: Self = Self { low: 0, high: 0 };

    /// Prepares for a walk that begins at `sp`, which is in use. False when this is another stack
    /// than last time.
    #[inline(always)]
    pub fn enter(&mut self, sp: usize) -> bool {
        if sp >= self.low && sp < self.high {
            return true;
        }
        self.enter_anew(sp)
    }

    #[cold]
    fn enter_anew(&mut self, sp: usize) -> bool {
        let page = sp & !(PAGE - 1);
        if sp < self.low && self.low - sp < NEAR && all_readable(page, self.low) {
            self.low = page;
            return true;
        }
        *self = Self {
            low: page,
            high: page + PAGE,
        };
        false
    }

    /// The word at `address`, if it lies on the stack at or above where the walk began.
    #[inline(always)]
    pub fn read(&mut self, address: usize) -> Option<usize> {
        if address & 7 != 0 || address < self.low {
            return None;
        }
        if address >= self.high && !self.reach(address) {
            return None;
        }
        // SAFETY: the page is readable, and an aligned word does not leave it.
        Some(unsafe { (address as *const usize).read_volatile() })
    }

    #[cold]
    fn reach(&mut self, address: usize) -> bool {
        if address - self.high > NEAR {
            return false;
        }
        let end = (address & !(PAGE - 1)) + PAGE;
        if !all_readable(self.high, end) {
            return false;
        }
        self.high = end;
        true
    }
}

fn all_readable(first: usize, end: usize) -> bool {
    (first..end).step_by(PAGE).all(raw::is_readable)
}

#[cfg(test)]
mod tests {
    use super::Bounds;
    use crate::raw::{self, PAGE};

    #[test]
    fn a_hole_is_not_read() {
        let mapping = raw::map(4 * PAGE).expect("memory").addr();
        // SAFETY: the last two pages are this test's own.
        unsafe { raw::unmap((mapping + 2 * PAGE) as *mut u8, 2 * PAGE) };
        let mut bounds = Bounds::NONE;
        assert!(!bounds.enter(mapping + 16));
        assert!(bounds.enter(mapping + 32));
        assert_eq!(bounds.read(mapping + 2 * PAGE - 8), Some(0));
        assert_eq!(bounds.read(mapping + 3 * PAGE), None);
        assert_eq!(bounds.read(mapping + 1), None, "not aligned");
        assert_eq!(bounds.read(mapping - PAGE), None);
    }

    #[test]
    fn reserved_addresses_are_not_read() {
        let reserved = raw::reserve(2 * PAGE).expect("addresses").addr();
        assert!(!raw::is_readable(reserved));
    }
}
