//! CPython's allocators: `PyMem_SetAllocator` puts these hooks in front of all three domains.
//!
//! A request above 512 bytes goes on from the object domain to the raw one and from there to
//! `malloc`; the guard sees to it that only the outermost call is recorded.

mod again;
mod choice;
mod domain;
mod install;
mod interpreter;

use crate::caller::{Caller, entrance};
use crate::census;
use crate::guard::Guard;
use crate::hooks::shutdown;
use crate::python::types;
use crate::thread::{Thread, settle};
pub use again::{are_lost, reinstall_if_lost};
use core::ffi::c_void;
use domain::{Domain, Obj};
pub use install::install_if_loaded;
use interpreter::Interpreter;
use memprof_wire::allocator::Allocator;
use memprof_wire::event::Event;

#[inline(always)]
fn allocated<I: Interpreter, D: Domain>(
    guard: &Guard,
    block: *mut c_void,
    size: usize,
    allocator: Allocator,
    caller: Caller,
) {
    if !block.is_null()
        && let Some(thread) = Thread::ready(guard)
    {
        let stack = I::stack::<D>(thread, caller);
        if D::LOCKED && I::runs_no_code(thread, stack) {
            shutdown::look(thread, block.addr());
        }
        thread.allocation(block.addr(), size, allocator, stack);
    }
}

/// A block of the raw domain, asked for from within another one: it was too large for the
/// interpreter's own allocator.
#[cold]
fn large<D: Domain>(old: *mut c_void, new: *mut c_void) {
    if D::IS_RAW && census::is_possible() {
        if !old.is_null() {
            census::remove_large(old.addr());
        }
        if !new.is_null() {
            census::add_large(new.addr());
        }
    }
}

#[inline(always)]
fn freeing<I: Interpreter, D: Domain>(guard: &Guard, block: *mut c_void) {
    if block.is_null() {
        return;
    }
    // tables that the interpreter's allocator made for itself within a call, as for a
    // subinterpreter, go by a call of their own
    if D::IS_RAW && census::is_possible() {
        census::remove_large(block.addr());
    }
    let Some(thread) = Thread::ready(guard) else {
        if D::OBJECTS {
            // SAFETY: a block that the interpreter gives back.
            unsafe { types::forget_code(block.addr()) };
        }
        return;
    };
    if !D::LOCKED {
        settle::before_giving_back(thread);
        thread.stacks.given_back(block.addr());
    }
    let type_id = if D::OBJECTS {
        I::dying(thread, block.addr())
    } else {
        None
    };
    thread.free(block.addr(), type_id);
}

entrance!(fn malloc<I: Interpreter, D: Domain>(*mut c_void, usize) -> *mut c_void
    => malloc_from::<I, D>);
entrance!(fn calloc<I: Interpreter, D: Domain>(*mut c_void, usize, usize) -> *mut c_void
    => calloc_from::<I, D>);
entrance!(fn realloc<I: Interpreter, D: Domain>(*mut c_void, *mut c_void, usize) -> *mut c_void
    => realloc_from::<I, D>);

unsafe extern "C" fn malloc_from<I: Interpreter, D: Domain>(
    _: *mut c_void,
    size: usize,
    caller: Caller,
) -> *mut c_void {
    let below = D::functions();
    let guard = Guard::enter();
    // SAFETY: the interpreter's arguments, handed on with the context that belongs to them.
    let block = unsafe { (below.malloc)(below.context, size) };
    match guard {
        Some(guard) => allocated::<I, D>(&guard, block, size, D::MALLOC, caller),
        None => large::<D>(core::ptr::null_mut(), block),
    }
    block
}

unsafe extern "C" fn calloc_from<I: Interpreter, D: Domain>(
    _: *mut c_void,
    count: usize,
    size: usize,
    caller: Caller,
) -> *mut c_void {
    let below = D::functions();
    let guard = Guard::enter();
    // SAFETY: as in `malloc`.
    let block = unsafe { (below.calloc)(below.context, count, size) };
    match guard {
        Some(guard) => {
            allocated::<I, D>(&guard, block, count.wrapping_mul(size), D::CALLOC, caller);
        }
        None => large::<D>(core::ptr::null_mut(), block),
    }
    block
}

unsafe extern "C" fn realloc_from<I: Interpreter, D: Domain>(
    _: *mut c_void,
    block: *mut c_void,
    size: usize,
    caller: Caller,
) -> *mut c_void {
    let below = D::functions();
    let guard = Guard::enter();
    if let Some(guard) = &guard {
        freeing::<I, D>(guard, block);
    }
    // SAFETY: as in `malloc`.
    let new = unsafe { (below.realloc)(below.context, block, size) };
    if let Some(guard) = guard {
        if new.is_null()
            && !block.is_null()
            && let Some(thread) = Thread::ready(&guard)
        {
            thread.event(&Event::FreeCancelled);
        }
        allocated::<I, D>(&guard, new, size, D::REALLOC, caller);
    } else if !new.is_null() {
        large::<D>(block, new);
    }
    new
}

unsafe extern "C" fn free<I: Interpreter, D: Domain>(_: *mut c_void, block: *mut c_void) {
    let below = D::functions();
    let guard = Guard::enter();
    match &guard {
        Some(guard) => freeing::<I, D>(guard, block),
        None => large::<D>(block, core::ptr::null_mut()),
    }
    // SAFETY: as in `malloc`.
    unsafe { (below.free)(below.context, block) };
    drop(guard);
}

/// Watches the object domain without recording it: stacks of the system allocator need to know
/// which code objects are gone.
unsafe extern "C" fn free_watching_code(_: *mut c_void, block: *mut c_void) {
    let below = Obj::functions();
    if !block.is_null() {
        // SAFETY: a block that the interpreter gives back.
        unsafe { types::forget_code(block.addr()) };
    }
    // SAFETY: as in `malloc`.
    unsafe { (below.free)(below.context, block) };
}
