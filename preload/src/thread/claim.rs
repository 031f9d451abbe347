//! How a thread comes by a ring: one that nobody has, mapped twice, with a fresh [`Thread`].

use super::{IN_USE, SLACK, Thread};
use crate::python::types;
use crate::raw::{self, PAGE};
use crate::session::{self, Mapped};
use crate::stack::Stacks;
use core::sync::atomic::{AtomicPtr, Ordering};
use memprof_wire::ring::RingHeader;
use memprof_wire::session::{CAPACITY, FIRST_CAPACITY, RINGS, SessionPage};

/// The [`Thread`] of each ring that this process ever used, so that one whose thread has ended is
/// used again.
static THREADS: [AtomicPtr<Thread>; RINGS] =
    [const { AtomicPtr::new(core::ptr::null_mut()) }; RINGS];

/// The threads that are there, and some that have ended. None is ever unmapped; a child of a fork
/// sees none of its parent's.
pub(super) fn known() -> impl Iterator<Item = *const Thread> {
    let all = THREADS.iter().map(|it| it.load(Ordering::Acquire));
    all.map(<*mut Thread>::cast_const).filter(|&thread| {
        // SAFETY: what stands there stays mapped; this is a word that is zero or set.
        !thread.is_null() && unsafe { (&raw const (*thread).in_use).read_volatile() == IN_USE }
    })
}

/// The large parts of a [`Thread`] as they are at first: copied from here, because a thread may have
/// a stack of 16 KiB, which is no place to build them on.
struct Fresh {
    stacks: Stacks,
    types: types::Cache,
}

// SAFETY: it is never changed, only copied from; the pointers in it are null.
unsafe impl Sync for Fresh {}

static FRESH: Fresh = Fresh {
    stacks: Stacks::new(),
    types: types::Cache::new(),
};

/// A ring that is nobody's, made ready for the calling thread; `None`, and counted, where there is
/// no ring or no memory left.
pub(super) fn claim(page: &'static SessionPage) -> Option<*mut Thread> {
    let free = |number: &usize| session::ring_header(page, *number).claim();
    let mapped = Mapped::keep();
    let Some(number) = (0..mapped.rings).find(free) else {
        page.threads_refused.fetch_add(1, Ordering::Relaxed);
        return None;
    };
    let header = session::ring_header(page, number);
    let Some(thread) = set_up(page, header, number) else {
        header.release();
        page.threads_refused.fetch_add(1, Ordering::Relaxed);
        return None;
    };
    header.process.store(session::process(), Ordering::Relaxed);
    header.thread.store(raw::thread(), Ordering::Relaxed);
    header.image.store(session::image(), Ordering::Relaxed);
    header.open();
    Some(thread)
}

fn set_up(
    page: &'static SessionPage,
    header: &'static RingHeader,
    number: usize,
) -> Option<*mut Thread> {
    let first = raw::thread() == session::process();
    let capacity = if first { FIRST_CAPACITY } else { CAPACITY };
    let bytes = size_of::<Thread>().next_multiple_of(PAGE);
    let mut thread = THREADS[number].load(Ordering::Acquire);
    if thread.is_null() {
        let mapping = raw::map(bytes)?;
        if !raw::advise(mapping, bytes, libc::MADV_WIPEONFORK) {
            // an old kernel: a child could not tell that the ring is not its own
            // SAFETY: made above and known to nobody.
            unsafe { raw::unmap(mapping, bytes) };
            return None;
        }
        thread = mapping.cast();
        THREADS[number].store(thread, Ordering::Release);
    }
    // SAFETY: the ring was nobody's, so this memory is not used by another thread; all zeros (a
    // fresh or a wiped page) is no valid Thread, but its `ring` and `stacks` are only read back
    // when the page says that it is in use.
    unsafe {
        let mut ring = core::ptr::null_mut();
        if (*thread).in_use == IN_USE {
            (*thread).stacks.release();
            if (*thread).capacity == u64::from(capacity) {
                ring = (*thread).ring;
            } else {
                raw::unmap((*thread).ring, 2 * (*thread).capacity as usize);
            }
        }
        if ring.is_null() {
            ring = map_twice(session::ring_bytes(page, number), capacity as usize)?;
        }
        header.capacity.store(capacity, Ordering::Relaxed);
        (&raw mut (*thread).page).write(page);
        (&raw mut (*thread).header).write(header);
        core::ptr::copy_nonoverlapping(&raw const FRESH.stacks, &raw mut (*thread).stacks, 1);
        core::ptr::copy_nonoverlapping(&raw const FRESH.types, &raw mut (*thread).types, 1);
        let thread = &mut *thread;
        thread.ring = ring;
        thread.mask = u64::from(capacity) - 1;
        thread.head = 0;
        thread.limit = u64::from(capacity) - SLACK;
        thread.turn = 0;
        thread.capacity = u64::from(capacity);
        thread.time = 0;
        thread.name = [0; 16];
        thread.named_by_python = false;
        thread.python_name_is_due = true;
        thread.in_use = IN_USE;
    }
    Some(thread)
}

/// Maps the bytes of a ring twice, back to back, so that no event has to wrap around.
fn map_twice(bytes: *mut u8, capacity: usize) -> Option<*mut u8> {
    let ring = raw::reserve(2 * capacity)?;
    // SAFETY: both halves lie in the reservation just made; the session is a shared mapping.
    let mapped = unsafe {
        raw::map_again(bytes, capacity, ring) && raw::map_again(bytes, capacity, ring.add(capacity))
    };
    if !mapped {
        // SAFETY: the reservation is known to nobody.
        unsafe { raw::unmap(ring, 2 * capacity) };
        return None;
    }
    Some(ring)
}
