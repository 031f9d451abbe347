//! How much of the session this process has mapped: a part of it, where addresses are limited.
//!
//! The whole file is sparse, so that it costs addresses and no memory; and it is mapped at once, so that no
//! descriptor has to stay open in the program. But these are 8 GiB of addresses, and a limit of them
//! (`ulimit -v`, `RLIMIT_AS`) is meant for what the program itself maps. So a limit leaves the session a
//! part, and fewer threads can record: a limit that was there before, and one that the program sets.

use crate::raw;
use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use memprof_wire::session::{RING_BYTES, RINGS, STRIDE};

/// The session takes this part of a limit at the most, and the room of one ring at the least.
const PART: u64 = 8;
/// How often, and how many nanoseconds apart, it is looked whether no thread is in need of the mapping.
const LOOKS: u32 = 1000;
const LOOK_PAUSE: i64 = 10_000;

static BASE: AtomicPtr<u8> = AtomicPtr::new(core::ptr::null_mut());
/// The rings whose bytes are mapped.
static MAPPED: AtomicUsize = AtomicUsize::new(0);
/// Threads that rely on what is mapped to stay so.
static IN_NEED: AtomicUsize = AtomicUsize::new(0);

/// Maps the front of the session file, with as many rings as there may be addresses for.
pub(super) fn map(descriptor: i32) -> Option<*mut u8> {
    let mut rings = rings_within(raw::address_limit());
    while rings > 0 {
        if let Some(base) = raw::map_file(descriptor, RING_BYTES + rings * STRIDE) {
            BASE.store(base, Ordering::Relaxed);
            MAPPED.store(rings, Ordering::SeqCst);
            return Some(base);
        }
        rings /= 4;
    }
    None
}

/// Gives back what is too much below a limit of addresses that is about to be set.
pub fn keep_within(limit: u64) {
    let rings = rings_within(limit);
    let before = MAPPED.fetch_min(rings, Ordering::SeqCst);
    let base = BASE.load(Ordering::Relaxed);
    if before <= rings || base.is_null() {
        return;
    }
    if is_without_need() {
        // SAFETY: the mapping is this module's, and larger than that; nobody uses these bytes: who
        // comes from now on is told of fewer rings, and the rings in use are mapped elsewhere, too.
        unsafe {
            raw::unmap(
                base.add(RING_BYTES + rings * STRIDE),
                (before - rings) * STRIDE,
            );
        }
    }
}

/// Does what puts memory behind all that can be accessed, and keeps it from the bytes of rings: that would
/// be 8 GiB. Threads that want a ring wait meanwhile.
pub fn hide_during<R>(then: impl FnOnce() -> R) -> R {
    let rings = MAPPED.swap(0, Ordering::SeqCst);
    let (bytes, base) = (rings * STRIDE, BASE.load(Ordering::Relaxed));
    let protect = |protection| {
        // SAFETY: the mapping is this module's, and so long; nobody uses these bytes, as in `keep_within`.
        unsafe { raw::protect(base.add(RING_BYTES), bytes, protection) };
    };
    let is_hidden = rings > 0 && is_without_need();
    if is_hidden {
        protect(libc::PROT_NONE);
    }
    let result = then();
    if is_hidden {
        protect(libc::PROT_READ | libc::PROT_WRITE);
    }
    MAPPED.fetch_max(rings, Ordering::SeqCst);
    result
}

/// Waits until no thread is in need of the mapping; not for ever, as it may have been interrupted.
fn is_without_need() -> bool {
    (0..LOOKS).any(|_| {
        let without = IN_NEED.load(Ordering::SeqCst) == 0;
        if !without {
            raw::pause(LOOK_PAUSE);
        }
        without
    })
}

/// How many rings may have their bytes mapped.
fn rings_within(limit: u64) -> usize {
    usize::try_from(limit / PART / STRIDE as u64).map_or(RINGS, |rings| rings.clamp(1, RINGS))
}

/// The promise that what is mapped now stays so.
#[derive(Debug)]
pub struct Mapped {
    /// How many rings are mapped, and so may be claimed.
    pub rings: usize,
}

impl Mapped {
    /// From now on; of no rings where they stay hidden for long.
    pub fn keep() -> Self {
        for _ in 0..LOOKS {
            let mapped = Self::keep_now();
            if mapped.rings > 0 {
                return mapped;
            }
            drop(mapped);
            raw::pause(LOOK_PAUSE);
        }
        Self::keep_now()
    }

    fn keep_now() -> Self {
        IN_NEED.fetch_add(1, Ordering::SeqCst);
        Self {
            rings: MAPPED.load(Ordering::SeqCst),
        }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        IN_NEED.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::rings_within;
    use memprof_wire::session::{RINGS, STRIDE};

    #[test]
    fn a_limit_leaves_the_session_an_eighth_and_one_ring() {
        assert_eq!(rings_within(u64::MAX), RINGS);
        assert_eq!(rings_within(8 * (RINGS * STRIDE) as u64), RINGS);
        assert_eq!(rings_within(1 << 30), (128 << 20) / STRIDE);
        assert_eq!(rings_within(0), 1);
    }
}
