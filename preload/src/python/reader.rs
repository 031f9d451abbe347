//! Reading the interpreter's structures, whether they are known to be there or not.
//!
//! A block that holds no object may hold the address of a type that is gone. Its memory mostly is as it
//! was, but what it points to may be anything: so the kernel is asked to read that, which refuses where a
//! processor would fault.

use crate::raw;

/// How memory is read.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// All that is asked for is there.
    live: bool,
}

impl Reader {
    /// Of what may not be there.
    pub const DOUBTFUL: Self = Self { live: false };

    /// Of what is there.
    ///
    /// # Safety
    ///
    /// All that is ever asked of it must be part of something live.
    pub const unsafe fn live() -> Self {
        Self { live: true }
    }

    /// Copies memory; false where nothing is.
    #[inline]
    pub fn read(self, address: usize, into: &mut [u64]) -> bool {
        if !self.live {
            return raw::read(address, into);
        }
        let (from, to) = (address as *const u8, into.as_mut_ptr().cast::<u8>());
        // SAFETY: the promise with which this was made.
        unsafe { core::ptr::copy_nonoverlapping(from, to, size_of_val(into)) };
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
