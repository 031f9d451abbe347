//! The events that come in millions, for readers in a hurry.

use crate::allocator::Allocator;
use crate::event::Event;
use crate::units::{Address, Size, StackId, TypeId};

/// The forms that nearly all events have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    /// [`super::Decoder::allocation`] reads it.
    Allocation,
    /// [`super::Decoder::free`] reads it.
    Free,
    /// [`super::Decoder::next`] reads it, as it reads all.
    Neither,
}

/// An [`Event::Allocation`], apart from all others: readers in a hurry ask for it by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Where the block begins.
    pub address: Address,
    /// How many bytes were asked for.
    pub size: Size,
    /// Who handed it out.
    pub allocator: Allocator,
    /// Where the program was.
    pub stack: StackId,
}

/// An [`Event::Free`], apart from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// Where the block began.
    pub address: Address,
    /// The type of the object that died there, if anybody looked.
    pub type_id: Option<TypeId>,
}

impl From<Allocation> for Event<'_> {
    #[inline(always)]
    fn from(from: Allocation) -> Self {
        let Allocation {
            address,
            size,
            allocator,
            stack,
        } = from;
        Self::Allocation {
            address,
            size,
            allocator,
            stack,
        }
    }
}

impl From<Free> for Event<'_> {
    #[inline(always)]
    fn from(Free { address, type_id }: Free) -> Self {
        Self::Free { address, type_id }
    }
}
