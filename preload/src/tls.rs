//! The one piece of thread-local storage, by the initial-exec model.
//!
//! `thread_local!` would call `__tls_get_addr` (which may allocate) and register destructors
//! (which do). A symbol in `.tbss` read through `@GOTTPOFF` costs two loads, is zero at the start
//! of each thread, and stays readable until the thread has run its very last destructor.

use crate::thread::Thread;
use core::arch::{asm, global_asm};

/// What each thread has of its own: 48 bytes, of the 64 that a late-loaded library may take.
#[derive(Debug)]
#[repr(C)]
pub struct Tls {
    /// Null before the first event, [`DARK`] when this thread records nothing.
    pub thread: *mut Thread,
    /// What `thread` was before a `vfork`, see `hooks/process.rs`.
    pub before_vfork: *mut Thread,
    /// Not zero while a hook is at work.
    pub busy: u32,
    /// Room for later.
    unused: u32,
    /// Where the child of a `vfork` has to return to.
    pub vfork_return: usize,
    /// While a fork is under way, and then in its child: the turn that was taken for it.
    pub forked_at: u64,
    /// Room for later.
    unused_too: u64,
}

/// The value of [`Tls::thread`] in a thread that records nothing.
pub const DARK: *mut Thread = core::ptr::without_provenance_mut(1);

global_asm!(
    ".pushsection .tbss.memprof_tls,\"awT\",@nobits",
    ".balign 16",
    ".globl memprof_tls",
    ".hidden memprof_tls",
    ".type memprof_tls,@object",
    ".size memprof_tls,48",
    "memprof_tls: .zero 48",
    ".popsection",
);

const _: () = assert!(size_of::<Tls>() == 48);

/// The calling thread's block. Valid as long as the thread lives; never shared with another.
#[inline(always)]
pub fn tls() -> *mut Tls {
    let address: *mut Tls;
    // SAFETY: the thread pointer at %fs:0 is set before any code of this library runs, and the
    // loader has filled in the offset of the symbol.
    unsafe {
        asm!("mov {0}, qword ptr fs:[0]",
            "add {0}, qword ptr [rip + memprof_tls@GOTTPOFF]",
            out(reg) address, options(pure, nomem, nostack));
    }
    address
}

/// The C library's `pthread_self()`, which CPython keeps as a thread's identity.
#[inline(always)]
pub fn pthread_self() -> usize {
    let identity: usize;
    // SAFETY: as above; the first word of the thread control block is its own address.
    unsafe { asm!("mov {0}, qword ptr fs:[0]", out(reg) identity, options(pure, nomem, nostack)) };
    identity
}
