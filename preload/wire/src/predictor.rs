//! What producer and consumer both know, so that it need not be written.
//!
//! Each event is written as its difference to a guess. Both sides keep the same memory and so make
//! the same guess. A [`Site`] is the part of it that belongs to a stack: most places in a program
//! ask for one size by one function.

use crate::allocator::Allocator;

/// The size and allocator last seen at one stack, and the epoch that was in, in one word.
///
/// Equal words mean that nothing has to be written, and one comparison tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Site(u64);

impl Site {
    /// No allocation seen yet; equal to no site that [`Site::new`] makes.
    pub const EMPTY: Self = Self(0);
    /// Sizes from here on do not fit and are always written out.
    pub const SIZE_LIMIT: u64 = 1 << 40;

    /// The word of an allocation. Epochs start at 1, so that no word is zero.
    #[inline(always)]
    pub const fn new(size: u64, allocator: Allocator, epoch: u16) -> Self {
        Self(size << 24 | (allocator as u64) << 16 | epoch as u64)
    }

    /// The size that is predicted, for a site of this epoch.
    #[inline(always)]
    pub const fn size(self) -> u64 {
        self.0 >> 24
    }

    /// The number of the allocator that is predicted in an epoch: `usual` if none was seen here.
    #[inline(always)]
    pub const fn allocator(self, epoch: u16, usual: u8) -> u8 {
        if self.0 as u16 == epoch {
            (self.0 >> 16) as u8
        } else {
            usual
        }
    }
}

/// The two sites of a stack, by [`Allocator::slot`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct SitePair(pub [Site; 2]);

impl SitePair {
    /// Nothing seen yet.
    pub const EMPTY: Self = Self([Site::EMPTY; 2]);
}

/// How many classes of sizes are told apart for address prediction.
pub const CLASSES: usize = 128;
/// How many types are remembered for the prediction of the next one.
pub const TYPES: usize = 64;

/// The class of a size: steps of 16 bytes up to 1 KiB, then one class for each power of two.
#[inline(always)]
pub const fn class_of(size: u64) -> usize {
    if size <= 1024 {
        (size as usize).div_ceil(16)
    } else {
        // 2^10 < size: leading_zeros is at most 53, so the classes run from 65 to 118
        (64 + 54 - size.leading_zeros()) as usize
    }
}

/// The part of the shared knowledge that belongs to a stream.
#[derive(Debug)]
#[repr(C)]
pub struct Predictor {
    /// The address of the last allocation.
    pub last_allocation: u64,
    /// The address of the last free.
    pub last_free: u64,
    /// The last free before one that was far away from it.
    pub free_elsewhere: u64,
    /// The stack of the last allocation, or the one that was defined since.
    pub last_stack: u32,
    /// The stack that was defined last.
    pub last_defined: u32,
    /// The allocator last seen of each slot: that of a site without any.
    pub usual: [u8; 2],
    /// Counts restarts, from 1.
    pub epoch: u16,
    /// The type of the object that died last.
    pub last_type: u32,
    /// The return address last written in a native frame.
    pub last_native: u64,
    /// The address of the last living object of a census.
    pub last_census: u64,
    /// The last pointer to something owned.
    pub last_owned: u64,
    /// The turn that goes on.
    pub last_turn: u64,
    /// The time last written.
    pub last_time: u64,
    /// The type that followed each type when it last died, by its low bits.
    pub next_type: [u32; TYPES],
    /// The address of the last allocation of each class.
    pub by_class: [u64; CLASSES],
}

impl Predictor {
    /// What both sides know before the first event.
    pub const fn new() -> Self {
        Self {
            last_allocation: 0,
            last_free: 0,
            free_elsewhere: 0,
            last_stack: 0,
            last_defined: 0,
            usual: [Allocator::ObjMalloc as u8, Allocator::MemMalloc as u8],
            epoch: 1,
            last_type: 0,
            last_native: 0,
            last_census: 0,
            last_owned: 0,
            last_turn: 0,
            last_time: 0,
            next_type: [0; TYPES],
            by_class: [0; CLASSES],
        }
    }

    /// Forgets all but what a restart event carries.
    pub const fn restart(&mut self, turn: u64, time: u64, stacks: u32, epoch: u16) {
        *self = Self::new();
        self.last_turn = turn;
        self.last_time = time;
        self.last_defined = stacks;
        self.epoch = epoch;
    }

    /// The epoch after this one.
    pub const fn next_epoch(&self) -> u16 {
        if self.epoch == u16::MAX {
            1
        } else {
            self.epoch + 1
        }
    }

    /// The slot that predicts the type after `type_id`.
    #[inline(always)]
    pub const fn type_slot(type_id: u32) -> usize {
        type_id as usize % TYPES
    }
}

impl Default for Predictor {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{CLASSES, class_of};

    #[test]
    fn every_size_has_a_class_within_the_table() {
        assert_eq!(class_of(0), 0);
        assert_eq!(class_of(1), 1);
        assert_eq!(class_of(16), 1);
        assert_eq!(class_of(1024), 64);
        assert_eq!(class_of(1025), 65);
        assert_eq!(class_of(2047), 65);
        assert_eq!(class_of(2048), 66);
        assert!(class_of(u64::MAX) < CLASSES);
    }
}
