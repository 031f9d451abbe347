//! Before an interpreter gives back what other threads may be reading.
//!
//! A thread that does not hold the interpreter lock reads its own frames while others run. The
//! thread in which the interpreter finalizes gives back the states and the frames of all others.
//! From the moment the interpreter says that it finalizes, they do not begin to read
//! ([`own_state`](crate::stack::python)); who began before is waited for here, before the first
//! thing goes.

use super::Thread;
use super::claim::known;
use crate::{python, raw};
use core::sync::atomic::{AtomicUsize, Ordering};

/// The finalizing thread's state that others were waited for, or 0.
static SETTLED: AtomicUsize = AtomicUsize::new(0);

/// How long one look at a thread that is still reading is put off.
const PAUSE: i64 = 50_000;

/// So many looks, about a second, and a thread is taken to have died in the middle.
const LOOKS: usize = 10_000;

/// The calling thread is about to give back something of the interpreter.
#[inline(always)]
pub fn before_giving_back(thread: &Thread) {
    if python::finalizing() != SETTLED.load(Ordering::Relaxed) {
        settle(thread);
    }
}

#[cold]
#[inline(never)]
fn settle(own: &Thread) {
    let finalizing = python::finalizing();
    if finalizing == 0 {
        // another interpreter has begun where one has ended
        SETTLED.store(0, Ordering::Relaxed);
        return;
    }
    if python::own_thread() != finalizing {
        return;
    }
    let others = || known().filter(|&it| !core::ptr::eq(it, own));
    if others().next().is_some() {
        // who has begun without having seen that the interpreter finalizes has said so by now: what
        // a processor has yet to write takes it nanoseconds
        raw::pause(PAUSE);
    }
    for other in others() {
        // SAFETY: such memory stays mapped and valid; only what is atomic is looked at.
        let stacks = unsafe { &raw const (*other).stacks };
        for _ in 0..LOOKS {
            // SAFETY: as above.
            if !unsafe { (*stacks).reading.load(Ordering::Acquire) } {
                break;
            }
            raw::pause(PAUSE);
        }
        // the next interpreter may have another thread's state at this address
        // SAFETY: as above.
        unsafe { (*stacks).python_thread.store(0, Ordering::Relaxed) };
    }
    SETTLED.store(finalizing, Ordering::Relaxed);
}
