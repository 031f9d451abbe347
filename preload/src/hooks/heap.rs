//! The system allocator.

use crate::caller::{Caller, entrance};
use crate::guard::Guard;
use crate::original;
use crate::stack::python::capture;
use crate::thread::Thread;
use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use memprof_wire::allocator::Allocator;

/// Records a block that was handed out, unless it is null.
#[inline(always)]
fn allocated(guard: &Guard, block: *mut c_void, size: usize, allocator: Allocator, caller: Caller) {
    if block.is_null() {
        return;
    }
    if let Some(thread) = Thread::ready(guard) {
        let stack = capture(thread, caller);
        thread.allocation(block.addr(), size, allocator, stack);
    }
}

/// Records a block that is about to be given back, unless it is null.
#[inline(always)]
fn freeing(guard: &Guard, block: *mut c_void) {
    if block.is_null() {
        return;
    }
    if let Some(thread) = Thread::ready(guard) {
        thread.free(block.addr(), None);
    }
}

/// Records that the block last given back is still there.
#[cold]
fn kept(guard: &Guard) {
    if let Some(thread) = Thread::ready(guard) {
        thread.event(&memprof_wire::event::Event::FreeCancelled);
    }
}

macro_rules! allocating {
    ($name:ident as $hook:ident($($argument:ident: $type:ty),*), $allocator:expr, $size:expr) => {
        entrance! {
            /// See the C library's manual.
            ///
            /// # Safety
            ///
            /// That of the C library's function.
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub fn $name($($type),*) -> *mut c_void => $hook
        }

        unsafe extern "C" fn $hook($($argument: $type,)* caller: Caller) -> *mut c_void {
            let Some(original) = original::$name() else { return null_mut() };
            let Some(guard) = Guard::enter() else {
                // SAFETY: the caller's arguments, handed on.
                return unsafe { original($($argument),*) };
            };
            // SAFETY: the caller's arguments, handed on.
            let block = unsafe { original($($argument),*) };
            allocated(&guard, block, $size, $allocator, caller);
            block
        }
    };
}

allocating!(malloc as malloc_from(size: usize), Allocator::Malloc, size);
allocating!(calloc as calloc_from(count: usize, size: usize), Allocator::Calloc, count.wrapping_mul(size));
allocating!(aligned_alloc as aligned_alloc_from(alignment: usize, size: usize), Allocator::AlignedAlloc, size);
allocating!(memalign as memalign_from(alignment: usize, size: usize), Allocator::Memalign, size);
allocating!(valloc as valloc_from(size: usize), Allocator::Valloc, size);
allocating!(pvalloc as pvalloc_from(size: usize), Allocator::Pvalloc, size);

macro_rules! freeing {
    ($name:ident($block:ident $(, $argument:ident: $type:ty)*)) => {
        /// See the C library's manual. Where it has no such function, this is `free`.
        ///
        /// # Safety
        ///
        /// That of the C library's function.
        #[cfg_attr(not(test), unsafe(no_mangle))]
        pub unsafe extern "C" fn $name($block: *mut c_void $(, $argument: $type)*) {
            let guard = Guard::enter();
            if let Some(guard) = &guard {
                freeing(guard, $block);
            }
            // SAFETY: the caller's arguments, handed on. The guard is still held, so that what an
            // allocator does inside is not recorded a second time.
            unsafe {
                if let Some(original) = original::$name() {
                    original($block $(, $argument)*);
                } else if let Some(original) = original::free() {
                    original($block);
                }
            }
        }
    };
}

freeing!(free(block));
freeing!(cfree(block));
freeing!(free_sized(block, size: usize));
freeing!(free_aligned_sized(block, alignment: usize, size: usize));

entrance! {
    /// See the C library's manual.
    ///
    /// # Safety
    ///
    /// That of the C library's function.
    #[cfg_attr(not(test), unsafe(no_mangle))]
    pub fn realloc(*mut c_void, usize) -> *mut c_void => realloc_from
}

unsafe extern "C" fn realloc_from(block: *mut c_void, size: usize, caller: Caller) -> *mut c_void {
    let Some(original) = original::realloc() else {
        return null_mut();
    };
    let Some(guard) = Guard::enter() else {
        // SAFETY: the caller's arguments, handed on.
        return unsafe { original(block, size) };
    };
    freeing(&guard, block);
    // SAFETY: the caller's arguments, handed on.
    let new = unsafe { original(block, size) };
    // realloc(block, 0) frees and returns null; any other null means that the block stays
    if new.is_null() && !block.is_null() && size != 0 {
        kept(&guard);
    }
    allocated(&guard, new, size, Allocator::Realloc, caller);
    new
}

entrance! {
    /// See the C library's manual.
    ///
    /// # Safety
    ///
    /// That of the C library's function.
    #[cfg_attr(not(test), unsafe(no_mangle))]
    pub fn reallocarray(*mut c_void, usize, usize) -> *mut c_void => reallocarray_from
}

unsafe extern "C" fn reallocarray_from(
    block: *mut c_void,
    count: usize,
    size: usize,
    caller: Caller,
) -> *mut c_void {
    let Some(original) = original::reallocarray() else {
        return null_mut();
    };
    let Some(guard) = Guard::enter() else {
        // SAFETY: the caller's arguments, handed on.
        return unsafe { original(block, count, size) };
    };
    freeing(&guard, block);
    // SAFETY: the caller's arguments, handed on.
    let new = unsafe { original(block, count, size) };
    let bytes = count.checked_mul(size);
    if new.is_null() && !block.is_null() && bytes != Some(0) {
        kept(&guard);
    }
    allocated(
        &guard,
        new,
        bytes.unwrap_or(0),
        Allocator::Reallocarray,
        caller,
    );
    new
}

entrance! {
    /// See the C library's manual.
    ///
    /// # Safety
    ///
    /// That of the C library's function.
    #[cfg_attr(not(test), unsafe(no_mangle))]
    pub fn posix_memalign(*mut *mut c_void, usize, usize) -> c_int => posix_memalign_from
}

unsafe extern "C" fn posix_memalign_from(
    result: *mut *mut c_void,
    alignment: usize,
    size: usize,
    caller: Caller,
) -> c_int {
    let Some(original) = original::posix_memalign() else {
        return libc::ENOMEM;
    };
    let Some(guard) = Guard::enter() else {
        // SAFETY: the caller's arguments, handed on.
        return unsafe { original(result, alignment, size) };
    };
    // SAFETY: the caller's arguments, handed on; on success the result was written.
    unsafe {
        let error = original(result, alignment, size);
        if error == 0 {
            allocated(&guard, *result, size, Allocator::PosixMemalign, caller);
        }
        error
    }
}

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn malloc_usable_size(block: *mut c_void) -> usize {
    // SAFETY: the caller's argument, handed on.
    original::malloc_usable_size().map_or(0, |original| unsafe { original(block) })
}
