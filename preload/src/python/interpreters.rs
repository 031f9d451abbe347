//! How many interpreters there are in this process.

use crate::elf;
use core::mem::transmute;
use core::sync::atomic::{AtomicUsize, Ordering};

type Head = extern "C" fn() -> usize;
type Next = extern "C" fn(usize) -> usize;

static HEAD: AtomicUsize = AtomicUsize::new(0);
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Whether there is no interpreter but the calling thread's, whose lock it holds: nobody else can
/// give back what the interpreter's allocator has then.
pub fn is_only_one() -> bool {
    if HEAD.load(Ordering::Acquire) == 0 && !look_up() {
        return false;
    }
    // SAFETY: the interpreter's own functions; the calling thread holds a lock.
    unsafe {
        let next: Next = transmute(NEXT.load(Ordering::Relaxed));
        let head: Head = transmute(HEAD.load(Ordering::Relaxed));
        let first = head();
        first != 0 && next(first) == 0
    }
}

#[cold]
fn look_up() -> bool {
    let (Some(head), Some(next)) = (
        elf::find(c"PyInterpreterState_Head"),
        elf::find(c"PyInterpreterState_Next"),
    ) else {
        return false;
    };
    NEXT.store(next, Ordering::Relaxed);
    HEAD.store(head, Ordering::Release);
    true
}
