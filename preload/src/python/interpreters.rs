//! How many interpreters there are in this process.

use crate::elf;
use core::mem::transmute;
use core::sync::atomic::{AtomicUsize, Ordering};

type Get = extern "C" fn() -> usize;

static HEAD: AtomicUsize = AtomicUsize::new(0);
static MAIN: AtomicUsize = AtomicUsize::new(0);

/// Whether there is no interpreter but the calling thread's, whose lock it holds: nobody else can
/// give back what the interpreter's allocator has then. New interpreters are put in front of the others
/// (`PyInterpreterState_New`), so the main one is in front only if it is alone; nothing is followed,
/// because another thread may be ending the first one.
pub fn is_only_one() -> bool {
    if HEAD.load(Ordering::Acquire) == 0 && !look_up() {
        return false;
    }
    // SAFETY: the interpreter's own functions, which read a word each.
    unsafe {
        let main: Get = transmute(MAIN.load(Ordering::Relaxed));
        let head: Get = transmute(HEAD.load(Ordering::Relaxed));
        let first = head();
        first != 0 && first == main()
    }
}

#[cold]
fn look_up() -> bool {
    let (Some(head), Some(main)) = (
        elf::find(c"PyInterpreterState_Head"),
        elf::find(c"PyInterpreterState_Main"),
    ) else {
        return false;
    };
    MAIN.store(main, Ordering::Relaxed);
    HEAD.store(head, Ordering::Release);
    true
}
