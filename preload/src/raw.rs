//! System calls, made directly: the C library's wrappers would set `errno`, and some of them are
//! hooked by this very library.

use core::arch::asm;
use libc::c_long;

/// Bytes of a page of memory on `x86_64`.
pub const PAGE: usize = 4096;

/// A system call's result: negative numbers from -4095 on are error numbers.
type Answer = isize;

/// Makes a system call.
///
/// # Safety
///
/// That of the call itself.
#[inline(always)]
unsafe fn call(number: c_long, arguments: [usize; 6]) -> Answer {
    let answer: isize;
    // SAFETY: the instruction clobbers rcx and r11 and, beyond what the caller vouches for, nothing.
    unsafe {
        asm!("syscall", inlateout("rax") number as isize => answer,
            in("rdi") arguments[0], in("rsi") arguments[1], in("rdx") arguments[2],
            in("r10") arguments[3], in("r8") arguments[4], in("r9") arguments[5],
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    answer
}

fn failed(answer: Answer) -> bool {
    (-4095..0).contains(&answer)
}

/// New zeroed memory of this process alone; `None` when there is none.
pub fn map(bytes: usize) -> Option<*mut u8> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a fresh mapping touches nothing that exists.
    let answer = unsafe {
        call(
            libc::SYS_mmap,
            [
                0,
                bytes,
                (libc::PROT_READ | libc::PROT_WRITE) as usize,
                flags as usize,
                usize::MAX,
                0,
            ],
        )
    };
    (!failed(answer)).then_some(answer as *mut u8)
}

/// Addresses without memory behind them.
pub fn reserve(bytes: usize) -> Option<*mut u8> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a fresh mapping touches nothing that exists.
    let answer = unsafe {
        call(
            libc::SYS_mmap,
            [
                0,
                bytes,
                libc::PROT_NONE as usize,
                flags as usize,
                usize::MAX,
                0,
            ],
        )
    };
    (!failed(answer)).then_some(answer as *mut u8)
}

/// Maps the front of a file, shared.
pub fn map_file(descriptor: i32, bytes: usize) -> Option<*mut u8> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a fresh mapping touches nothing that exists.
    let answer = unsafe {
        call(
            libc::SYS_mmap,
            [
                0,
                bytes,
                protection as usize,
                libc::MAP_SHARED as usize,
                descriptor as usize,
                0,
            ],
        )
    };
    (!failed(answer)).then_some(answer as *mut u8)
}

/// Maps the pages of a shared mapping a second time, over `at`.
///
/// # Safety
///
/// `bytes` from `at` on must be the caller's own reservation; `shared` a shared mapping.
pub unsafe fn map_again(shared: *mut u8, bytes: usize, at: *mut u8) -> bool {
    let flags = (libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED) as usize;
    // SAFETY: an old size of zero leaves the shared mapping in place; `at` is the caller's.
    let answer = unsafe {
        call(
            libc::SYS_mremap,
            [shared as usize, 0, bytes, flags, at as usize, 0],
        )
    };
    !failed(answer)
}

/// Grows a mapping made by [`map`], moving it when need be.
///
/// # Safety
///
/// Nobody may hold a pointer into the old mapping any longer.
pub unsafe fn grow(old: *mut u8, old_bytes: usize, bytes: usize) -> Option<*mut u8> {
    // SAFETY: the caller gives the old mapping up.
    let answer = unsafe {
        call(
            libc::SYS_mremap,
            [
                old as usize,
                old_bytes,
                bytes,
                libc::MREMAP_MAYMOVE as usize,
                0,
                0,
            ],
        )
    };
    (!failed(answer)).then_some(answer as *mut u8)
}

/// Gives a mapping back.
///
/// # Safety
///
/// It must be the caller's own, and nobody may use it any longer.
pub unsafe fn unmap(address: *mut u8, bytes: usize) {
    // SAFETY: the caller gives the mapping up.
    unsafe { call(libc::SYS_munmap, [address as usize, bytes, 0, 0, 0, 0]) };
}

/// Sets what may be done with a mapping.
///
/// # Safety
///
/// It must be the caller's own, and nobody may do what is forbidden now.
pub unsafe fn protect(address: *mut u8, bytes: usize, protection: i32) {
    // SAFETY: the caller's promise.
    unsafe {
        call(
            libc::SYS_mprotect,
            [address as usize, bytes, protection as usize, 0, 0, 0],
        )
    };
}

/// Advises the kernel about a mapping of ours; false when it does not know the advice.
pub fn advise(address: *mut u8, bytes: usize, advice: i32) -> bool {
    // SAFETY: the only advice ever given (wipe on fork, leave out of core dumps, use large pages)
    // changes no content now.
    let answer = unsafe {
        call(
            libc::SYS_madvise,
            [address as usize, bytes, advice as usize, 0, 0, 0],
        )
    };
    !failed(answer)
}

/// Whether a word can be read. The kernel is asked by a call that reads it and then refuses, because
/// there is no such operation.
pub fn is_readable(address: usize) -> bool {
    const NO_OPERATION: usize = 0x6d70;
    // SAFETY: the call changes nothing.
    let answer = unsafe {
        call(
            libc::SYS_rt_sigprocmask,
            [NO_OPERATION, address & !7, 0, 8, 0, 0],
        )
    };
    answer == -(libc::EINVAL as isize)
}

/// Opens a file for reading and writing, close-on-exec.
pub fn open(path: &core::ffi::CStr) -> Option<i32> {
    let flags = (libc::O_RDWR | libc::O_CLOEXEC) as usize;
    // SAFETY: the path ends in a zero byte.
    let answer = unsafe {
        call(
            libc::SYS_openat,
            [
                libc::AT_FDCWD as usize,
                path.as_ptr() as usize,
                flags,
                0,
                0,
                0,
            ],
        )
    };
    (!failed(answer)).then_some(answer as i32)
}

/// Closes a descriptor of ours.
pub fn close(descriptor: i32) {
    // SAFETY: the descriptor was opened here and is not used any longer.
    unsafe { call(libc::SYS_close, [descriptor as usize, 0, 0, 0, 0, 0]) };
}

/// The kernel's number of this process.
pub fn process() -> u32 {
    // SAFETY: the call has no arguments and no effect.
    unsafe { call(libc::SYS_getpid, [0; 6]) as u32 }
}

/// The kernel's number of this thread.
pub fn thread() -> u32 {
    // SAFETY: the call has no arguments and no effect.
    unsafe { call(libc::SYS_gettid, [0; 6]) as u32 }
}

/// The name of this thread, padded with zeros.
pub fn thread_name() -> [u8; 16] {
    let mut name = [0u8; 16];
    // SAFETY: PR_GET_NAME writes at most 16 bytes.
    unsafe {
        call(
            libc::SYS_prctl,
            [
                libc::PR_GET_NAME as usize,
                name.as_mut_ptr() as usize,
                0,
                0,
                0,
                0,
            ],
        )
    };
    name
}

/// How many bytes of addresses this process may have mapped.
pub fn address_limit() -> u64 {
    let mut limits = [u64::MAX; 2];
    // SAFETY: the kernel fills in the two words, which live through the call.
    unsafe {
        call(
            libc::SYS_prlimit64,
            [
                0,
                libc::RLIMIT_AS as usize,
                0,
                limits.as_mut_ptr() as usize,
                0,
                0,
            ],
        )
    };
    limits[0]
}

/// Lets others run for about so many nanoseconds.
pub fn pause(nanoseconds: i64) {
    let time = libc::timespec {
        tv_sec: 0,
        tv_nsec: nanoseconds,
    };
    // SAFETY: the timespec lives through the call; an early return through a signal is welcome.
    unsafe {
        call(
            libc::SYS_nanosleep,
            [&raw const time as usize, 0, 0, 0, 0, 0],
        )
    };
}

/// The time since some moment, by a clock that never goes back.
pub fn microseconds() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the kernel fills in the timespec, which lives through the call.
    unsafe {
        call(
            libc::SYS_clock_gettime,
            [
                libc::CLOCK_MONOTONIC as usize,
                &raw mut time as usize,
                0,
                0,
                0,
                0,
            ],
        )
    };
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}

/// Copies memory of this process that may not be there, without a fault; false when it is not, or
/// when a sandbox refuses the call.
pub fn read(address: usize, into: &mut [u64]) -> bool {
    let bytes = size_of_val(into);
    let local = [into.as_mut_ptr() as usize, bytes];
    let remote = [address, bytes];
    // SAFETY: both vectors describe one range each; the kernel checks the remote one and writes
    // only to `into`.
    let answer = unsafe {
        call(
            libc::SYS_process_vm_readv,
            [
                process() as usize,
                local.as_ptr() as usize,
                1,
                remote.as_ptr() as usize,
                1,
                0,
            ],
        )
    };
    answer == bytes as isize
}

/// Ends the process, with all its threads, as the C library's `_exit` does.
pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: the call does not return.
        unsafe { call(libc::SYS_exit_group, [status as usize, 0, 0, 0, 0, 0]) };
    }
}

/// Ends the process at once. Only a defect of this library leads here.
#[cfg(not(test))]
pub fn abort() -> ! {
    loop {
        // SAFETY: a trap ends the process; nothing is left half done by this library.
        unsafe { asm!("ud2", options(nomem, nostack)) };
    }
}
