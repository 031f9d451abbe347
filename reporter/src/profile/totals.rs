//! How much: bytes and blocks.

use serde::Serialize;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// Bytes and blocks. Signed, so that a difference of two is one too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Totals {
    /// Bytes, as the program asked for them.
    pub bytes: i64,
    /// Blocks: allocations and mappings.
    pub blocks: i64,
}

impl Totals {
    /// Nothing at all.
    pub const ZERO: Self = Self {
        bytes: 0,
        blocks: 0,
    };

    /// One block.
    #[inline(always)]
    pub const fn block(bytes: i64) -> Self {
        Self { bytes, blocks: 1 }
    }

    /// Whether there is nothing.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }
}

// Only a damaged recording holds sizes whose sum does not fit; its sums are as good as its sizes.
impl Add for Totals {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.wrapping_add(other.bytes),
            blocks: self.blocks.wrapping_add(other.blocks),
        }
    }
}

impl Neg for Totals {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self {
            bytes: self.bytes.wrapping_neg(),
            blocks: self.blocks.wrapping_neg(),
        }
    }
}

impl Sub for Totals {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl AddAssign for Totals {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Totals {
    #[inline(always)]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Totals {
    fn sum<I: Iterator<Item = Self>>(totals: I) -> Self {
        totals.fold(Self::ZERO, Add::add)
    }
}
