//! Reading the interpreter's structures, whether they are known to be there or not.
//!
//! A block that holds no object may hold the address of a type that is gone. Its memory mostly is as it
//! was, but what it points to may be anything: so all that is not known to be the interpreter's is read by
//! the kernel, which refuses where a processor would fault.

use super::{image, interpreters};
use crate::{census, raw};

/// How memory is read.
#[derive(Clone, Copy, Debug)]
pub struct Reader(Known);

/// What is known to be there.
#[derive(Clone, Copy, Debug)]
enum Known {
    /// All that is asked for.
    Everything,
    /// What is the interpreter's: its image, and the arenas of its allocator.
    Interpreter,
    /// The interpreter's image.
    Image,
}

impl Reader {
    /// Of what may not be there. It asks the kernel as seldom as can be, as a name takes ten reads.
    ///
    /// # Safety
    ///
    /// The calling thread must hold the interpreter's lock for as long as this is used: nobody can give an
    /// arena back meanwhile.
    pub unsafe fn doubtful() -> Self {
        // arenas are known for as long as there can be a census
        let known = if census::is_possible() && interpreters::is_only_one() {
            Known::Interpreter
        } else {
            Known::Image
        };
        Self(known)
    }

    /// Of what is there.
    ///
    /// # Safety
    ///
    /// All that is ever asked of it must be part of something live.
    pub const unsafe fn live() -> Self {
        Self(Known::Everything)
    }

    /// Copies memory; false where nothing is.
    #[inline]
    pub fn read(self, address: usize, into: &mut [u64]) -> bool {
        let bytes = size_of_val(into);
        let is_there = match self.0 {
            Known::Everything => true,
            Known::Interpreter => {
                census::is_in_arenas(address, bytes) || image::has(address, bytes)
            }
            Known::Image => image::has(address, bytes),
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
