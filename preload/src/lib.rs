//! The library that `LD_PRELOAD` puts into the program under test.
//!
//! It hooks the system allocator, the mapping calls and CPython's allocators, finds out where the
//! program is, and writes [`memprof_wire::event::Event`]s into the ring of its thread. The recorder
//! reads them from there; see `docs/architecture.md`.
//!
//! # The rules of this room
//!
//! This code runs inside other people's `malloc`, so it
//!
//! * allocates nothing from the heap, takes no lock, and makes no system call for an event;
//! * never touches `errno`: system calls are made by [`raw`], originals are called as they are;
//! * never panics, and never writes to the program's memory (the environment array excepted, which
//!   it restores to what the user had);
//! * gives up silently: what it cannot do it leaves undone, and the program goes on.
//!
//! # How to read it
//!
//! [`hooks`] is the table of what is intercepted. A hook takes a [`guard::Guard`], calls the
//! [`original`] and lets the [`thread::Thread`] record what happened; [`stack`] says where.
//! [`session`] attaches the process to the recording.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(
    test,
    allow(
        dead_code,
        reason = "the hooks are only exported, and so used, in the library itself"
    )
)]

mod caller;
mod census;
mod codes;
mod elf;
mod environment;
mod guard;
mod hooks;
mod memory;
mod original;
mod python;
mod raw;
mod session;
mod stack;
mod thread;
mod tls;

#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    raw::abort()
}

/// Debug builds of the core library refer to it; nothing ever unwinds through this library.
#[cfg(all(not(test), debug_assertions))]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
