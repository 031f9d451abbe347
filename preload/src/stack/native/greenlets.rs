//! Where the stack of a greenlet begins.
//!
//! Greenlets take turns on one stack: when one of them goes on, what others have there is copied away.
//! The outermost function of a greenlet is `inner_bootstrap`. What is further out belongs to the one that
//! started it, or to whatever has come there since; an unwinder that goes on reads words that mean
//! nothing. Python's own frames end there, too.
//!
//! Versions of greenlet before 2.0 (2022) have no such function, and their stacks no such end.

use super::rule::forget_all;
use crate::elf;
use core::ffi::CStr;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The names of that function in C++: from version 3.0 on, and in 2.0.
const NAMES: [&CStr; 2] = [
    c"_ZN8greenlet12UserGreenlet15inner_bootstrapEP9_greenletP7_object",
    c"_ZN8greenlet12UserGreenlet15inner_bootstrapERNS_4refs14_OwnedGreenletI9_greenletXadL_ZNS1_15GreenletCheckerEPvEEEERNS1_14OwnedReferenceI7_objectXadL_ZNS1_11NoOpCheckerES4_EEEE",
];

/// Where it begins; 0 if it is not loaded.
static OUTERMOST: AtomicUsize = AtomicUsize::new(0);

/// Looks for it, once a library was loaded.
pub fn look_in(library: &CStr) {
    if library
        .to_bytes()
        .windows(8)
        .any(|part| part == b"greenlet")
    {
        look();
    }
}

/// Looks whether it is still there, once a library was unloaded.
pub fn look_again() {
    if OUTERMOST.load(Ordering::Relaxed) != 0 {
        look();
    }
}

fn look() {
    let in_object = |object: &elf::Object| NAMES.iter().find_map(|name| object.find(name));
    let found = elf::held(|| elf::objects().find_map(in_object)).unwrap_or(0);
    if OUTERMOST.swap(found, Ordering::Relaxed) != found {
        forget_all();
    }
}

/// Whether a function, which begins here, is the outermost one of a greenlet.
pub fn begin_with(function: usize) -> bool {
    function == OUTERMOST.load(Ordering::Relaxed)
}
