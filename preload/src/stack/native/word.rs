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

/// Whether all of these hold what they held, looked at from the first to the last.
///
/// # Safety
///
/// Each must be part of something live if those before it hold.
#[inline(always)]
pub unsafe fn all_hold(words: &[Word]) -> bool {
    // SAFETY: the caller's promise.
    words.iter().all(|word| unsafe { word.holds() })
}

/// The same for a list that is made of groups of so many.
///
/// # Safety
///
/// As for [`all_hold`].
#[inline(always)]
pub unsafe fn all_hold_by<const STRIDE: usize>(words: &[Word]) -> bool {
    debug_assert!(words.len().is_multiple_of(STRIDE));
    let mut word = words.as_ptr();
    // SAFETY: the caller's promise.
    unsafe {
        let end = word.add(words.len());
        while word != end {
            for index in 0..STRIDE {
                if !(*word.add(index)).holds() {
                    return false;
                }
            }
            word = word.add(STRIDE);
        }
    }
    true
}

/// The first one that does not hold what it held, looked at from the last to the first.
///
/// # Safety
///
/// Each must be part of something live if those behind it hold.
#[inline(always)]
pub unsafe fn last_changed(words: &[Word]) -> Option<usize> {
    // SAFETY: the caller's promise.
    words.iter().rposition(|word| unsafe { !word.holds() })
}

/// Reads a word of the stack, or of the interpreter.
///
/// # Safety
///
/// It must be part of something live.
#[inline(always)]
pub unsafe fn load(slot: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { (slot as *const usize).read_volatile() }
}
