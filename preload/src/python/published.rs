//! What an interpreter publishes of its own structures from 3.13 on (`_Py_DebugOffsets`, the first
//! member of `_PyRuntime`), held against the [layout](super::layout) that is used.

use super::Support;
use super::layout::{Family, Layout, V313, V314, V315};

/// What the interpreter publishes about itself from 3.13 on (`_Py_DebugOffsets`): where an entry
/// stands in it, and the value that the table above relies on.
type Published = [(usize, usize)];

/// Whether the table of a family holds for the runtime at `runtime`.
///
/// # Safety
///
/// `runtime` must be the address of `_PyRuntime` of an interpreter of that family.
pub unsafe fn check(family: Family, runtime: usize) -> Support {
    let published: &Published = match family {
        Family::V313 => &entries::<V313>([184, 192, 232, 240, 248, 264, 280, 296, 304, 312, 344]),
        Family::V314 => &entries::<V314>([208, 216, 256, 264, 272, 288, 320, 336, 344, 352, 384]),
        Family::V315 => &entries::<V315>([208, 240, 320, 328, 336, 352, 384, 400, 408, 416, 448]),
        _ => return Support::Stacks,
    };
    // SAFETY: the published offsets are the first member of the runtime's structure.
    let word = |offset: usize| unsafe { ((runtime + offset) as *const u64).read() };
    if word(0) != u64::from_le_bytes(*b"xdebugpy") {
        return Support::UnknownVersion;
    }
    if word(16) != 0 {
        return Support::FreeThreaded;
    }
    if published
        .iter()
        .all(|&(offset, value)| word(offset) == value as u64)
    {
        Support::Stacks
    } else {
        Support::UnknownVersion
    }
}

/// Where a runtime keeps the state of the thread that finalises it: `_PyRuntime._finalizing`, the
/// word behind the four or five `int`s at the front, or where the interpreter publishes it.
///
/// # Safety
///
/// `runtime` must be the address of `_PyRuntime` of an interpreter of that family.
pub unsafe fn finalizing(family: Family, runtime: usize) -> usize {
    let offset = match family {
        Family::V39 | Family::V310 => 16,
        Family::V311 | Family::V312 => 24,
        // SAFETY: the structure is larger; what it publishes is never changed.
        Family::V313 | Family::V314 | Family::V315 => unsafe {
            ((runtime + PUBLISHED_FINALIZING) as *const usize).read()
        },
    };
    runtime + offset
}

/// `_Py_DebugOffsets.runtime_state.finalizing`
const PUBLISHED_FINALIZING: usize = 32;

/// The values of a layout at the places where a version publishes them.
const fn entries<L: Layout>(places: [usize; 11]) -> [(usize, usize); 11] {
    [
        (places[0], L::THREAD_FRAME),
        (places[1], L::THREAD_ID),
        (places[2], L::FRAME_PREVIOUS),
        (places[3], L::FRAME_CODE),
        (places[4], L::FRAME_INSTRUCTION),
        (places[5], L::FRAME_OWNER),
        (places[6], L::CODE_FILE),
        (places[7], L::CODE_NAME),
        (places[8], L::CODE_LINES),
        (places[9], L::CODE_FIRST_LINE),
        (places[10], L::CODE_START),
    ]
}
