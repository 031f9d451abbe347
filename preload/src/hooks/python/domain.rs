//! CPython's three domains of memory, and the functions below our hooks in each.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use memprof_wire::allocator::Allocator;

/// `PyMemAllocatorEx`
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Functions {
    /// What the functions are handed first.
    pub context: *mut c_void,
    /// `malloc`
    pub malloc: unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void,
    /// `calloc`
    pub calloc: unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void,
    /// `realloc`
    pub realloc: unsafe extern "C" fn(*mut c_void, *mut c_void, usize) -> *mut c_void,
    /// `free`
    pub free: unsafe extern "C" fn(*mut c_void, *mut c_void),
}

/// The functions of a domain as they were before the hooks.
pub struct Below(pub UnsafeCell<Option<Functions>>);

// SAFETY: written once, before the hooks that read it are set.
unsafe impl Sync for Below {}

/// One of CPython's domains, with the names of its functions in a recording.
pub trait Domain {
    /// Its number in `PyMemAllocatorDomain`.
    const NUMBER: i32;
    /// What its `malloc` is called in a recording.
    const MALLOC: Allocator;
    /// What its `calloc` is called.
    const CALLOC: Allocator;
    /// What its `realloc` is called.
    const REALLOC: Allocator;
    /// Whether callers hold the interpreter lock.
    const LOCKED: bool;
    /// Whether its blocks hold objects.
    const OBJECTS: bool;
    /// Whether it is the domain that the others turn to for large blocks.
    const IS_RAW: bool = Self::NUMBER == 0;

    /// Where those functions are kept.
    fn below() -> &'static Below;

    /// The functions below the hooks.
    #[inline(always)]
    fn functions() -> &'static Functions {
        // SAFETY: a hook only runs once it was installed, which filled this in.
        unsafe { (*Self::below().0.get()).as_ref().unwrap_unchecked() }
    }
}

macro_rules! domain {
    ($name:ident, $number:literal, $locked:literal, $objects:literal, $malloc:ident, $calloc:ident, $realloc:ident) => {
        #[doc = concat!("The domain of number ", $number, ".")]
        pub struct $name;
        impl Domain for $name {
            const NUMBER: i32 = $number;
            const MALLOC: Allocator = Allocator::$malloc;
            const CALLOC: Allocator = Allocator::$calloc;
            const REALLOC: Allocator = Allocator::$realloc;
            const LOCKED: bool = $locked;
            const OBJECTS: bool = $objects;

            fn below() -> &'static Below {
                static BELOW: Below = Below(UnsafeCell::new(None));
                &BELOW
            }
        }
    };
}

domain!(Raw, 0, false, false, RawMalloc, RawCalloc, RawRealloc);
domain!(Mem, 1, true, false, MemMalloc, MemCalloc, MemRealloc);
domain!(Obj, 2, true, true, ObjMalloc, ObjCalloc, ObjRealloc);
