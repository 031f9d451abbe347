//! The functions that the hooks stand in front of: the next definition behind this library, so
//! that an allocator which is preloaded or linked is honoured.

use crate::elf;
use core::ffi::{CStr, c_int, c_void};
use core::mem::transmute_copy;
use core::sync::atomic::{AtomicUsize, Ordering};

/// A function that is looked up when it is first called.
#[derive(Debug)]
pub struct Original {
    name: &'static CStr,
    address: AtomicUsize,
}

/// Looked for, and not there.
const MISSING: usize = 1;

impl Original {
    const fn new(name: &'static CStr) -> Self {
        Self {
            name,
            address: AtomicUsize::new(0),
        }
    }

    /// Its address; `None` when no object behind this library defines it.
    #[inline(always)]
    pub fn address(&self) -> Option<usize> {
        let address = self.address.load(Ordering::Relaxed);
        if address > MISSING {
            Some(address)
        } else {
            self.look_up(address)
        }
    }

    #[cold]
    fn look_up(&self, known: usize) -> Option<usize> {
        if known == MISSING {
            return None;
        }
        let found = elf::find_behind(self.name);
        self.address
            .store(found.unwrap_or(MISSING), Ordering::Relaxed);
        found
    }

    /// Its address as a function pointer.
    ///
    /// # Safety
    ///
    /// `F` must be the type of the function, and a function pointer.
    #[inline(always)]
    pub unsafe fn function<F: Copy>(&self) -> Option<F> {
        const { assert!(size_of::<F>() == size_of::<usize>()) };
        let address = self.address()?;
        // SAFETY: a function pointer is an address here; the caller vouches for the type.
        Some(unsafe { transmute_copy(&address) })
    }
}

macro_rules! originals {
    ($($(#[$doc:meta])* $constant:ident = $name:literal: $function:ident $type:ty;)*) => {
        $(
            #[allow(missing_docs, reason = "named like the function")]
            pub static $constant: Original = Original::new($name);

            $(#[$doc])*
            #[inline(always)]
            pub fn $function() -> Option<$type> {
                // SAFETY: the type is the one that the C library's headers declare.
                unsafe { $constant.function() }
            }
        )*
    };
}

type Resize = unsafe extern "C" fn(*mut c_void, usize) -> *mut c_void;
type Allocate = unsafe extern "C" fn(usize) -> *mut c_void;
type AllocateTwo = unsafe extern "C" fn(usize, usize) -> *mut c_void;
type Release = unsafe extern "C" fn(*mut c_void);

originals! {
    /// `malloc`
    MALLOC = c"malloc": malloc Allocate;
    /// `calloc`
    CALLOC = c"calloc": calloc AllocateTwo;
    /// `realloc`
    REALLOC = c"realloc": realloc Resize;
    /// `reallocarray`
    REALLOCARRAY = c"reallocarray": reallocarray unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void;
    /// `free`
    FREE = c"free": free Release;
    /// `cfree`, gone from newer C libraries
    CFREE = c"cfree": cfree Release;
    /// `free_sized` of C23
    FREE_SIZED = c"free_sized": free_sized unsafe extern "C" fn(*mut c_void, usize);
    /// `free_aligned_sized` of C23
    FREE_ALIGNED_SIZED = c"free_aligned_sized": free_aligned_sized unsafe extern "C" fn(*mut c_void, usize, usize);
    /// `posix_memalign`
    POSIX_MEMALIGN = c"posix_memalign": posix_memalign unsafe extern "C" fn(*mut *mut c_void, usize, usize) -> c_int;
    /// `aligned_alloc`
    ALIGNED_ALLOC = c"aligned_alloc": aligned_alloc AllocateTwo;
    /// `memalign`
    MEMALIGN = c"memalign": memalign AllocateTwo;
    /// `valloc`
    VALLOC = c"valloc": valloc Allocate;
    /// `pvalloc`
    PVALLOC = c"pvalloc": pvalloc Allocate;
    /// `malloc_usable_size`
    MALLOC_USABLE_SIZE = c"malloc_usable_size": malloc_usable_size unsafe extern "C" fn(*mut c_void) -> usize;
    /// `mmap`
    MMAP = c"mmap": mmap unsafe extern "C" fn(*mut c_void, usize, c_int, c_int, c_int, i64) -> *mut c_void;
    /// `munmap`
    MUNMAP = c"munmap": munmap unsafe extern "C" fn(*mut c_void, usize) -> c_int;
    /// `mremap`, its optional fifth argument always passed
    MREMAP = c"mremap": mremap unsafe extern "C" fn(*mut c_void, usize, usize, c_int, *mut c_void) -> *mut c_void;
    /// `mprotect`
    MPROTECT = c"mprotect": mprotect unsafe extern "C" fn(*mut c_void, usize, c_int) -> c_int;
    /// `prctl`, its optional arguments always passed
    PRCTL = c"prctl": prctl unsafe extern "C" fn(c_int, usize, usize, usize, usize) -> c_int;
    /// `setrlimit`
    SETRLIMIT = c"setrlimit": setrlimit unsafe extern "C" fn(c_int, *const c_void) -> c_int;
    /// `prlimit`
    PRLIMIT = c"prlimit": prlimit unsafe extern "C" fn(c_int, c_int, *const c_void, *mut c_void) -> c_int;
    /// `mlockall`
    MLOCKALL = c"mlockall": mlockall unsafe extern "C" fn(c_int) -> c_int;
    /// `getxattr`
    GETXATTR = c"getxattr": getxattr unsafe extern "C" fn(*const i8, *const i8, *mut c_void, usize) -> isize;
    /// `sigaction`
    SIGACTION = c"sigaction": sigaction unsafe extern "C" fn(c_int, *const c_void, *mut c_void) -> c_int;
    /// `pthread_setname_np`
    PTHREAD_SETNAME = c"pthread_setname_np": pthread_setname_np unsafe extern "C" fn(usize, *const i8) -> c_int;
    /// `dlopen`
    DLOPEN = c"dlopen": dlopen unsafe extern "C" fn(*const i8, c_int) -> *mut c_void;
    /// `dlclose`
    DLCLOSE = c"dlclose": dlclose unsafe extern "C" fn(*mut c_void) -> c_int;
    /// `_exit`
    EXIT = c"_exit": exit unsafe extern "C" fn(c_int) -> !;
    /// `execve`
    EXECVE = c"execve": execve unsafe extern "C" fn(*const i8, *const *const i8, *const *const i8) -> c_int;
    /// `execvpe`
    EXECVPE = c"execvpe": execvpe unsafe extern "C" fn(*const i8, *const *const i8, *const *const i8) -> c_int;
    /// `fexecve`
    FEXECVE = c"fexecve": fexecve unsafe extern "C" fn(c_int, *const *const i8, *const *const i8) -> c_int;
    /// `execveat`
    EXECVEAT = c"execveat": execveat unsafe extern "C" fn(c_int, *const i8, *const *const i8, *const *const i8, c_int) -> c_int;
}
