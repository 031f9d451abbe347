//! Reading the interpreter's structures, whether they are known to be there or not.
//!
//! A block that holds no object may hold the address of a type that is gone. Its memory mostly is as it
//! was, but what it points to may be anything: so the kernel is asked to read that, which refuses where a
//! processor would fault.

use super::{image, interpreters};
use crate::{census, raw};

/// How memory is read.
#[derive(Clone, Copy, Debug)]
pub enum Reader {
    /// All that is asked for is there.
    Live,
    /// What is the interpreter's is there: its image, and the arenas of its allocator.
    Interpreter,
    /// Nobody knows.
    Kernel,
}

impl Reader {
    /// Of what may not be there, for a thread that holds the interpreter's lock: nobody can give an
    /// arena back meanwhile. It asks the kernel as seldom as can be, as a name takes ten reads.
    pub fn doubtful() -> Self {
        if interpreters::is_only_one() {
            Self::Interpreter
        } else {
            Self::Kernel
        }
    }

    /// Of what is there.
    ///
    /// # Safety
    ///
    /// All that is ever asked of it must be part of something live.
    pub const unsafe fn live() -> Self {
        Self::Live
    }

    /// Copies memory; false where nothing is.
    #[inline]
    pub fn read(self, address: usize, into: &mut [u64]) -> bool {
        let bytes = size_of_val(into);
        let is_there = match self {
            Self::Live => true,
            Self::Interpreter => census::is_in_arenas(address, bytes) || image::has(address, bytes),
            Self::Kernel => false,
        };
        if !is_there {
            return raw::read(address, into);
        }
        let (from, to) = (address as *const u8, into.as_mut_ptr().cast::<u8>());
        // SAFETY: the promise with which this was made, or what was found to be there.
        unsafe { core::ptr::copy_nonoverlapping(from, to, bytes) };
        true
    }

    /// The words at an address.
    pub fn words<const N: usize>(self, address: usize) -> Option<[u64; N]> {
        let mut words = [0; N];
        // no question to the kernel where a chain of pointers ends
        (address != 0 && self.read(address, &mut words)).then_some(words)
    }

    /// The word at an address.
    pub fn word(self, address: usize) -> Option<usize> {
        self.words(address).map(|[word]| word as usize)
    }
}
