//! The function that handed a block out.

/// The function that handed a block out.
///
/// The numbers are part of the capture format; new ones are only added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Allocator {
    /// `malloc`
    Malloc = 0,
    /// `calloc`
    Calloc = 1,
    /// `realloc`
    Realloc = 2,
    /// `posix_memalign`
    PosixMemalign = 3,
    /// `aligned_alloc`
    AlignedAlloc = 4,
    /// `memalign`
    Memalign = 5,
    /// `valloc`
    Valloc = 6,
    /// `pvalloc`
    Pvalloc = 7,
    /// `reallocarray`
    Reallocarray = 8,
    /// CPython's `PyMem_Malloc`
    MemMalloc = 9,
    /// CPython's `PyMem_Calloc`
    MemCalloc = 10,
    /// CPython's `PyMem_Realloc`
    MemRealloc = 11,
    /// CPython's `PyObject_Malloc`
    ObjMalloc = 12,
    /// CPython's `PyObject_Calloc`
    ObjCalloc = 13,
    /// CPython's `PyObject_Realloc`
    ObjRealloc = 14,
    /// CPython's `PyMem_RawMalloc`
    RawMalloc = 15,
    /// CPython's `PyMem_RawCalloc`
    RawCalloc = 16,
    /// CPython's `PyMem_RawRealloc`
    RawRealloc = 17,
    /// `mmap`; used by reports only, mappings have events of their own
    Mmap = 18,
    /// `mremap`; used by reports only
    Mremap = 19,
}

impl Allocator {
    /// Every allocator, in the order of their numbers.
    pub const ALL: [Self; 20] = [
        Self::Malloc,
        Self::Calloc,
        Self::Realloc,
        Self::PosixMemalign,
        Self::AlignedAlloc,
        Self::Memalign,
        Self::Valloc,
        Self::Pvalloc,
        Self::Reallocarray,
        Self::MemMalloc,
        Self::MemCalloc,
        Self::MemRealloc,
        Self::ObjMalloc,
        Self::ObjCalloc,
        Self::ObjRealloc,
        Self::RawMalloc,
        Self::RawCalloc,
        Self::RawRealloc,
        Self::Mmap,
        Self::Mremap,
    ];

    /// The allocator of a number, if there is one.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The name that reports and JSON use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malloc => "malloc",
            Self::Calloc => "calloc",
            Self::Realloc => "realloc",
            Self::PosixMemalign => "posix_memalign",
            Self::AlignedAlloc => "aligned_alloc",
            Self::Memalign => "memalign",
            Self::Valloc => "valloc",
            Self::Pvalloc => "pvalloc",
            Self::Reallocarray => "reallocarray",
            Self::MemMalloc => "mem.malloc",
            Self::MemCalloc => "mem.calloc",
            Self::MemRealloc => "mem.realloc",
            Self::ObjMalloc => "obj.malloc",
            Self::ObjCalloc => "obj.calloc",
            Self::ObjRealloc => "obj.realloc",
            Self::RawMalloc => "raw.malloc",
            Self::RawCalloc => "raw.calloc",
            Self::RawRealloc => "raw.realloc",
            Self::Mmap => "mmap",
            Self::Mremap => "mremap",
        }
    }

    /// Which of the two sites of a stack an allocation belongs to. One line of a program often asks
    /// for an object and for its buffer, in turn: each is predicted by its own kind.
    #[inline(always)]
    pub const fn slot(self) -> usize {
        !matches!(self, Self::Malloc | Self::ObjMalloc) as usize
    }

    /// The family of functions a block belongs to.
    pub const fn domain(self) -> Domain {
        match self {
            Self::MemMalloc | Self::MemCalloc | Self::MemRealloc => Domain::Mem,
            Self::ObjMalloc | Self::ObjCalloc | Self::ObjRealloc => Domain::Obj,
            Self::RawMalloc | Self::RawCalloc | Self::RawRealloc => Domain::Raw,
            Self::Mmap | Self::Mremap => Domain::Mapping,
            _ => Domain::System,
        }
    }
}

/// A family of allocating functions; CPython's own word for its three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Domain {
    /// The C library's allocator.
    System,
    /// CPython's `PyMem_Raw…`: buffers, callable without the interpreter lock.
    Raw,
    /// CPython's `PyMem_…`: buffers.
    Mem,
    /// CPython's `PyObject_…`: objects.
    Obj,
    /// `mmap` and its kin.
    Mapping,
}

impl Domain {
    /// The name that reports and JSON use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Raw => "raw",
            Self::Mem => "mem",
            Self::Obj => "obj",
            Self::Mapping => "mapping",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Allocator;

    #[test]
    fn numbers_and_the_list_agree() {
        for (number, allocator) in Allocator::ALL.into_iter().enumerate() {
            assert_eq!(allocator as usize, number);
            assert_eq!(Allocator::from_number(number as u8), Some(allocator));
        }
        assert_eq!(Allocator::from_number(20), None);
    }
}
