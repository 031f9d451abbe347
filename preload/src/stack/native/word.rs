//! A word of the stack, and what it held.

/// A word, of the stack for the most part, and what it held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Word {
    /// Where it stands.
    pub slot: usize,
    /// What it held.
    pub value: usize,
}

impl Word {
    /// The present word.
    ///
    /// # Safety
    ///
    /// It must be part of something live.
    pub unsafe fn at(slot: usize) -> Self {
        // SAFETY: the caller's promise.
        let value = unsafe { load(slot) };
        Self { slot, value }
    }

    /// Whether it holds what it held.
    ///
    /// # Safety
    ///
    /// It must be part of something live.
    #[inline(always)]
    pub unsafe fn holds(self) -> bool {
        // SAFETY: the caller's promise.
        unsafe { load(self.slot) == self.value }
    }
}

/// Reads a word of the stack.
///
/// # Safety
///
/// It must be part of a live frame.
#[inline(always)]
pub unsafe fn load(slot: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { (slot as *const usize).read_volatile() }
}
