//! Mappings: what a program maps by itself. The mappings that an allocator makes for its own
//! blocks are made while its hook holds the guard, and not recorded again.

use crate::guard::Guard;
use crate::hooks::python;
use crate::original;
use crate::stack::native::{self, generated};
use crate::stack::python::capture;
use crate::thread::{Thread, settle};
use core::ffi::{c_int, c_void};
use memprof_wire::event::{Event, MappingKind};
use memprof_wire::units::{Address, Size};

/// What code needs that runs and is looked at.
const EXECUTABLE: c_int = libc::PROT_READ | libc::PROT_EXEC;

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mmap(
    address: *mut c_void,
    length: usize,
    protection: c_int,
    flags: c_int,
    descriptor: c_int,
    offset: i64,
) -> *mut c_void {
    let Some(original) = original::mmap() else {
        return libc::MAP_FAILED;
    };
    let guard = Guard::enter();
    if let Some(guard) = &guard {
        // an arena of an interpreter whose allocators are not hooked is mapped here
        python::reinstall_if_lost(Some(guard));
        if flags & libc::MAP_FIXED != 0 {
            generated::before_change(address.addr(), length);
        }
    }
    // SAFETY: the caller's arguments, handed on.
    let mapping = unsafe { original(address, length, protection, flags, descriptor, offset) };
    if let Some(guard) = guard
        && mapping != libc::MAP_FAILED
        && let Some(thread) = Thread::ready(&guard)
    {
        let kind = if protection == libc::PROT_NONE {
            MappingKind::Reserved
        } else if flags & libc::MAP_ANONYMOUS != 0 {
            MappingKind::Anonymous
        } else {
            MappingKind::File
        };
        let stack = capture(thread, native::caller());
        thread.event(&Event::Map {
            address: Address(mapping.addr() as u64),
            length: Size(length as u64),
            kind,
            stack,
        });
    }
    mapping
}

/// See the C library's manual. The same as [`mmap`] where addresses have 64 bits.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mmap64(
    address: *mut c_void,
    length: usize,
    protection: c_int,
    flags: c_int,
    descriptor: c_int,
    offset: i64,
) -> *mut c_void {
    // SAFETY: the caller's arguments, handed on.
    unsafe { mmap(address, length, protection, flags, descriptor, offset) }
}

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn munmap(address: *mut c_void, length: usize) -> c_int {
    let Some(original) = original::munmap() else {
        return -1;
    };
    let Some(guard) = Guard::enter() else {
        // SAFETY: the caller's arguments, handed on.
        return unsafe { original(address, length) };
    };
    generated::before_change(address.addr(), length);
    if let Some(thread) = Thread::ready(&guard) {
        settle::before_giving_back(thread);
        thread.stacks.unmapped(address.addr());
        let (address, length) = (Address(address.addr() as u64), Size(length as u64));
        thread.event(&Event::Unmap { address, length });
    }
    // SAFETY: the caller's arguments, handed on.
    let failed = unsafe { original(address, length) };
    if failed != 0
        && let Some(thread) = Thread::ready(&guard)
    {
        thread.event(&Event::UnmapCancelled);
    }
    failed
}

/// See the C library's manual. The last argument is only looked at when the flags say so.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mremap(
    old: *mut c_void,
    old_length: usize,
    new_length: usize,
    flags: c_int,
    wanted: *mut c_void,
) -> *mut c_void {
    let Some(original) = original::mremap() else {
        return libc::MAP_FAILED;
    };
    let guard = Guard::enter();
    if guard.is_some() {
        generated::before_change(old.addr(), old_length);
    }
    // SAFETY: the caller's arguments, handed on.
    let mapping = unsafe { original(old, old_length, new_length, flags, wanted) };
    if let Some(guard) = guard
        && mapping != libc::MAP_FAILED
        && let Some(thread) = Thread::ready(&guard)
    {
        let stack = capture(thread, native::caller());
        thread.event(&Event::Remap {
            old: Address(old.addr() as u64),
            old_length: Size(old_length as u64),
            new: Address(mapping.addr() as u64),
            new_length: Size(new_length as u64),
            stack,
        });
    }
    mapping
}

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn mprotect(address: *mut c_void, length: usize, protection: c_int) -> c_int {
    let Some(original) = original::mprotect() else {
        return -1;
    };
    let guard = Guard::enter();
    if guard.is_some() {
        generated::before_change(address.addr(), length);
    }
    // SAFETY: the caller's arguments, handed on.
    let failed = unsafe { original(address, length, protection) };
    if let Some(guard) = guard
        && failed == 0
        && let Some(thread) = Thread::ready(&guard)
    {
        if protection & EXECUTABLE == EXECUTABLE {
            generated::made_executable(address.addr(), length, native::caller());
        }
        thread.event(&Event::Protect {
            address: Address(address.addr() as u64),
            length: Size(length as u64),
            usable: protection != libc::PROT_NONE,
        });
    }
    failed
}
