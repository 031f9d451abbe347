//! The words of the stack that lead along frames, from an innermost one outwards.
//!
//! A frame is found by its callee's registers and at most two words of the stack, by the rules for
//! unwinding of the System V ABI (`.eh_frame`). So those registers of the innermost frame and these words
//! tell all callers.

use super::frame::{CERTAIN, Frame, UNCERTAIN};
use super::word::Word;

/// Something that decides what a frame's caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    /// The `rbp` of the innermost frame.
    Base,
    /// A word that has the `rbp` of a frame that decides where something stands.
    SavedBase(Word),
    /// A word that has the return address.
    Return(Word),
}

/// What is known of `rbp` on the way outwards.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trail {
    /// The word from which the present frame's `rbp` was loaded; `None` if it is the innermost one's.
    base: Option<Word>,
    /// Whether that was told.
    is_told: bool,
}

impl Trail {
    /// Tells what decides a frame's caller, in an order in which each word is part of a live frame if
    /// those before it hold. `None` if that takes more than words, or if `tell` says so.
    pub fn step(
        &mut self,
        frame: &Frame,
        caller: &Frame,
        mut tell: impl FnMut(Lead) -> Option<()>,
    ) -> Option<()> {
        if frame.exact || frame.return_slot == UNCERTAIN {
            return None;
        }
        if frame.by_base && !self.is_told {
            tell(self.base.map_or(Lead::Base, Lead::SavedBase))?;
            self.is_told = true;
        }
        if frame.return_slot != CERTAIN {
            tell(Lead::Return(Word {
                slot: frame.return_slot,
                value: caller.ip,
            }))?;
        }
        if frame.base_slot != 0 {
            self.is_told = false;
            self.base = Some(Word {
                slot: frame.base_slot,
                value: caller.bp,
            });
        }
        Some(())
    }

    /// Where the `rbp` of the frame that was come to stands; `None` if it is the innermost one's.
    pub fn base_slot(&self) -> Option<usize> {
        self.base.map(|word| word.slot)
    }
}
