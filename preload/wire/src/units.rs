//! Newtypes for what would otherwise be bare integers: an address is never taken for a size.

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(pub $inner);
    };
}

unit!(
    /// A virtual address in the program under test.
    Address(u64)
);
unit!(
    /// A number of bytes, as the program asked for it.
    Size(u64)
);
unit!(
    /// A node of one stream's stack tree: the innermost frame, whose callers are its ancestors.
    /// [`StackId::NONE`] is the root: no frame at all. Numbered from 1 within one stream.
    StackId(u32)
);
unit!(
    /// A code object, numbered from 1 within one image.
    CodeId(u32)
);
unit!(
    /// A type of objects, numbered from 1 within one image; [`TypeId::UNKNOWN`] is no known type.
    TypeId(u32)
);
unit!(
    /// The place of a run of events in the total order of all streams.
    ///
    /// Turns are handed out by one atomic counter, so no two runs share one.
    Turn(u64)
);
unit!(
    /// Microseconds since the recording began.
    Microseconds(u64)
);

impl StackId {
    /// The root of the tree: an allocation without any known frame.
    pub const NONE: Self = Self(0);
}

impl TypeId {
    /// The block held no object, or one whose type could not be read.
    pub const UNKNOWN: Self = Self(0);
}
