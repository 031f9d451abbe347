//! Marks: the program names a moment, or the two ends of a span.
//!
//! C calls [`memprof_mark`]. Python has no way to call a function of a library but `ctypes`, which
//! nobody wants to load for this; so `memprof.py` asks for an extended attribute of a namespace
//! that the kernel does not know, and the question is answered here. Without this library the
//! same question is one system call that fails.

use crate::census;
use crate::guard::Guard;
use crate::original;
use crate::thread::Thread;
use core::ffi::{CStr, c_char, c_int, c_void};
use memprof_wire::codec::MAX_TEXT;
use memprof_wire::event::{Event, MarkKind};

/// What is asked for, and what it marks; nothing for the question whether anybody listens.
const ATTRIBUTES: [(&CStr, Option<MarkKind>); 5] = [
    (c"memprof.listens", None),
    (CENSUS, Some(MarkKind::Point)),
    (c"memprof.mark", Some(MarkKind::Point)),
    (c"memprof.begin", Some(MarkKind::Begin)),
    (c"memprof.end", Some(MarkKind::End)),
];

/// Marks a moment and asks for a census there.
const CENSUS: &CStr = c"memprof.census";

fn mark(kind: MarkKind, name: &[u8]) {
    let mut length = name.len().min(MAX_TEXT);
    // a letter of several bytes is not cut in two
    while length < name.len() && length > 0 && name[length] & 0xc0 == 0x80 {
        length -= 1;
    }
    if let Some(guard) = Guard::enter()
        && let Some(thread) = Thread::ready(&guard)
    {
        thread.event(&Event::Mark {
            kind,
            name: &name[..length],
        });
    }
}

/// Asks for a census at the next event of this thread: Python has given its lock away to ask here.
fn ask_for_census() {
    census::ask();
    if let Some(guard) = Guard::enter()
        && let Some(thread) = Thread::ready(&guard)
    {
        thread.look_soon();
    }
}

/// Names a moment (kind 0), the begin (1) or the end (2) of a span; see `memprof.h`.
///
/// # Safety
///
/// `name` must be a C string, or null, which marks nothing.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memprof_mark(kind: c_int, name: *const c_char) {
    let kind = u8::try_from(kind).ok().and_then(MarkKind::from_number);
    if let Some(kind) = kind
        && !name.is_null()
    {
        // SAFETY: the caller's promise.
        mark(kind, unsafe { CStr::from_ptr(name) }.to_bytes());
    }
}

/// See the C library's manual.
///
/// # Safety
///
/// That of the C library's function.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn getxattr(
    path: *const c_char,
    attribute: *const c_char,
    value: *mut c_void,
    size: usize,
) -> isize {
    if !path.is_null() && !attribute.is_null() {
        // SAFETY: the caller's C string.
        let attribute = unsafe { CStr::from_ptr(attribute) };
        let ours = ATTRIBUTES.iter().find(|(name, _)| *name == attribute);
        if let Some((_, kind)) = ours {
            if let Some(kind) = *kind {
                // SAFETY: the caller's C string.
                mark(kind, unsafe { CStr::from_ptr(path) }.to_bytes());
                if attribute == CENSUS {
                    ask_for_census();
                }
            }
            return 0;
        }
    }
    let Some(original) = original::getxattr() else {
        return -1;
    };
    // SAFETY: the caller's arguments, handed on.
    unsafe { original(path, attribute, value, size) }
}
