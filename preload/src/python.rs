//! The interpreter in this process: which one it is, and where it keeps what.
//!
//! [`layout`] has one small table for each version. Everything else is written once, over a
//! [`layout::Layout`].

mod attributes;
mod image;
pub mod interpreters;
pub mod layout;
pub mod names;
mod published;
pub mod reader;
pub mod text;
mod type_head;
pub mod types;

pub use type_head::TypeHead;

use crate::codes::Numbers;
use crate::elf;
use core::ffi::{CStr, c_char};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use layout::Family;

/// The code objects that are alive and were seen on some stack.
pub static CODES: Numbers = Numbers::new();

static FAMILY: AtomicU32 = AtomicU32::new(0);
static RUNTIME: AtomicUsize = AtomicUsize::new(0);
static CURRENT_THREAD: AtomicUsize = AtomicUsize::new(0);
static OWN_THREAD: AtomicUsize = AtomicUsize::new(0);
/// Where the runtime keeps the state of the thread that destroys it.
static FINALIZING: AtomicUsize = AtomicUsize::new(0);
static CODE_TYPE: AtomicUsize = AtomicUsize::new(0);
static VERSION: AtomicU32 = AtomicU32::new(0);

/// What there is to say about an interpreter that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Stacks are recorded.
    Stacks,
    /// Its version is not known here.
    UnknownVersion,
    /// It is a build without the global lock.
    FreeThreaded,
}

/// Finds the interpreter among the loaded objects; `None` when there is none.
pub fn find() -> Option<Support> {
    let runtime = elf::find(c"_PyRuntime")?;
    let version = version()?;
    VERSION.store(version, Ordering::Relaxed);
    let Some(family) = Family::from_number(version >> 16) else {
        return Some(Support::UnknownVersion);
    };
    // SAFETY: the runtime's structure is there, and much larger than what is read.
    let support = unsafe { published::check(family, runtime) };
    if support != Support::Stacks {
        return Some(support);
    }
    let current = elf::find(c"PyThreadState_GetUnchecked")
        .or_else(|| elf::find(c"_PyThreadState_UncheckedGet"));
    let (Some(current), Some(own), Some(code)) = (
        current,
        elf::find(c"PyGILState_GetThisThreadState"),
        elf::find(c"PyCode_Type"),
    ) else {
        return Some(Support::UnknownVersion);
    };
    // SAFETY: the runtime of this family, as it was found; it is never unloaded.
    let finalizing = unsafe { published::finalizing(family, runtime) };
    FINALIZING.store(finalizing, Ordering::Relaxed);
    RUNTIME.store(runtime, Ordering::Relaxed);
    CURRENT_THREAD.store(current, Ordering::Relaxed);
    OWN_THREAD.store(own, Ordering::Relaxed);
    CODE_TYPE.store(code, Ordering::Relaxed);
    FAMILY.store(family as u32, Ordering::Release);
    Some(Support::Stacks)
}

/// `PY_VERSION_HEX` of the interpreter that was found.
#[inline(always)]
pub fn found_version() -> u32 {
    VERSION.load(Ordering::Relaxed)
}

/// Whether the interpreter keeps the chunk of its data stack that was left last.
#[inline(always)]
pub fn keeps_chunks<L: layout::Layout>() -> bool {
    L::CHUNKS_KEPT_FROM != 0 && found_version() >> 8 & 0xff >= L::CHUNKS_KEPT_FROM
}

/// The interpreter's version as `PY_VERSION_HEX`.
fn version() -> Option<u32> {
    if let Some(number) = elf::find(c"Py_Version") {
        // SAFETY: the interpreter's own constant, an unsigned long, from 3.11 on.
        return Some(unsafe { (number as *const u64).read() } as u32);
    }
    let text = elf::find(c"Py_GetVersion")?;
    // SAFETY: a function without arguments that works before the interpreter is initialised.
    let text: extern "C" fn() -> *const c_char = unsafe { core::mem::transmute(text) };
    // SAFETY: it returns a string that lives for ever.
    parse_version(unsafe { CStr::from_ptr(text()) }.to_bytes())
}

/// The first two numbers of a text such as `3.10.13 (main, …)`.
fn parse_version(text: &[u8]) -> Option<u32> {
    let mut numbers = text.splitn(3, |&byte| byte == b'.').map(|digits| {
        digits
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .fold(0u32, |number, byte| number * 10 + u32::from(byte - b'0'))
    });
    Some(numbers.next()? << 24 | numbers.next()? << 16 | numbers.next()? << 8)
}

/// Whether the runtime was pre-initialised before the program's `main`.
static PREINITIALISED: AtomicBool = AtomicBool::new(false);

/// The runtime has chosen its allocators.
pub fn note_preinitialised() {
    PREINITIALISED.store(true, Ordering::Relaxed);
}

/// Whether the runtime has chosen its allocators, as far as is known.
pub fn is_preinitialised() -> bool {
    PREINITIALISED.load(Ordering::Relaxed)
}

/// The family of the interpreter whose stacks are recorded; `None` without one.
#[inline(always)]
pub fn family() -> Option<Family> {
    Family::from_number(FAMILY.load(Ordering::Relaxed))
}

/// The address of the type of code objects.
#[inline(always)]
pub fn code_type() -> usize {
    CODE_TYPE.load(Ordering::Relaxed)
}

/// The address of `_PyRuntime`.
#[inline(always)]
pub fn runtime() -> usize {
    RUNTIME.load(Ordering::Relaxed)
}

/// The state of the thread in which the interpreter destroys what it has; zero until it begins.
#[inline(always)]
pub fn finalizing() -> usize {
    let word = FINALIZING.load(Ordering::Relaxed);
    if word == 0 {
        return 0;
    }
    // SAFETY: a word of the runtime, which lives as long as the interpreter's library.
    unsafe { load(word, 0) }
}

/// Whether the interpreter has begun to destroy what it has.
#[inline]
pub fn is_finalizing() -> bool {
    finalizing() != 0
}

/// The state of the thread that holds the interpreter lock (to 3.11), or of this thread if it holds
/// one (from 3.12). Zero for none. Only to be called when [`family`] is known.
#[inline(always)]
pub fn current_thread() -> usize {
    // SAFETY: the interpreter's own function, without arguments and safe at any time.
    unsafe { call(&CURRENT_THREAD) }
}

/// The state of this very thread, with or without the lock; zero for none. Only to be called when
/// [`family`] is known. While the interpreter is [finalizing], a thread that does not do that gets
/// the address of a state that may be gone.
///
/// [finalizing]: finalizing()
#[inline]
pub fn own_thread() -> usize {
    // SAFETY: as above.
    unsafe { call(&OWN_THREAD) }
}

/// Calls a function of the interpreter that takes nothing and returns a pointer.
///
/// # Safety
///
/// `function` must hold the address of one.
#[inline(always)]
unsafe fn call(function: &AtomicUsize) -> usize {
    let address = function.load(Ordering::Relaxed);
    // SAFETY: the caller's promise.
    let function: extern "C" fn() -> usize = unsafe { core::mem::transmute(address) };
    function()
}

/// Reads a word of an interpreter structure.
///
/// # Safety
///
/// `address` must point to a live structure that has a word at `offset`.
#[inline(always)]
pub unsafe fn load(address: usize, offset: usize) -> usize {
    // SAFETY: the caller's promise. Volatile, so that a value is not taken from elsewhere.
    unsafe { ((address + offset) as *const usize).read_volatile() }
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn versions_are_read_from_the_banner() {
        assert_eq!(parse_version(b"3.10.13 (main, Aug)"), Some(0x030a_0d00));
        assert_eq!(parse_version(b"3.9.2+ (x)"), Some(0x0309_0200));
        assert_eq!(parse_version(b"nonsense"), None);
    }
}
