//! One ring a thread: a single producer, a single consumer, and no lock between them.
//!
//! Positions count bytes since the ring was claimed and never wrap; `position & (capacity - 1)` is
//! the place in the ring. Both sides map the bytes twice, back to back, so that no event is ever
//! split. The producer writes whole events and then publishes `head` by one store; the consumer
//! reads to `head` and then publishes `tail`.
//!
//! A ring's life: [`RingState::Free`] → (a thread claims it by compare-and-swap) `Claimed` →
//! (its header is filled in) `Live` → (the recorder found that thread dead, or another program
//! image took the process over) drained, and `Free` again.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering};

#[cfg(not(loom))]
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// What a ring is used for at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum RingState {
    /// Nobody's.
    Free = 0,
    /// A thread is filling the header in.
    Claimed = 1,
    /// A thread writes to it.
    Live = 2,
    /// No thread writes to it any more: its program image was replaced.
    Closed = 3,
}

/// The header of a ring, in the directory of the session.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct RingHeader {
    /// A [`RingState`].
    state: AtomicU32,
    /// The process of the thread.
    pub process: AtomicU32,
    /// The kernel's number of the thread.
    pub thread: AtomicU32,
    /// The program image (counted over the session) that the thread runs.
    pub image: AtomicU32,
    /// Bytes of the ring, a power of two.
    pub capacity: AtomicU32,
    /// Events that found no room because the recorder was gone.
    pub lost: AtomicU64,
    head: Line,
    tail: Line,
}

/// A position with a cache line to itself.
#[derive(Debug)]
#[repr(C, align(64))]
struct Line(AtomicU64);

#[cfg(not(loom))]
impl Default for RingHeader {
    fn default() -> Self {
        Self::new()
    }
}

impl RingHeader {
    /// A free ring.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        Self {
            state: AtomicU32::new(0),
            process: AtomicU32::new(0),
            thread: AtomicU32::new(0),
            image: AtomicU32::new(0),
            capacity: AtomicU32::new(0),
            lost: AtomicU64::new(0),
            head: Line(AtomicU64::new(0)),
            tail: Line(AtomicU64::new(0)),
        }
    }

    /// A free ring, for the model checker.
    #[cfg(loom)]
    pub fn new() -> Self {
        Self {
            state: AtomicU32::new(0),
            process: AtomicU32::new(0),
            thread: AtomicU32::new(0),
            image: AtomicU32::new(0),
            capacity: AtomicU32::new(0),
            lost: AtomicU64::new(0),
            head: Line(AtomicU64::new(0)),
            tail: Line(AtomicU64::new(0)),
        }
    }

    /// What the ring is used for.
    pub fn state(&self) -> RingState {
        match self.state.load(Ordering::Acquire) {
            1 => RingState::Claimed,
            2 => RingState::Live,
            3 => RingState::Closed,
            _ => RingState::Free,
        }
    }

    /// Producer: takes a free ring. The winner fills the header in and calls [`Self::open`].
    pub fn claim(&self) -> bool {
        self.state
            .compare_exchange(
                RingState::Free as u32,
                RingState::Claimed as u32,
                Ordering::AcqRel,
                Ordering::Relaxed,
            )
            .is_ok()
    }

    /// Producer: the header is filled in, events follow.
    pub fn open(&self) {
        self.state.store(RingState::Live as u32, Ordering::Release);
    }

    /// Producer: nothing more follows, because the image that wrote here is gone.
    pub fn close(&self) {
        self.state
            .store(RingState::Closed as u32, Ordering::Release);
    }

    /// Consumer: all is drained and nobody writes any more, so others may have the ring.
    pub fn release(&self) {
        self.head.0.store(0, Ordering::Relaxed);
        self.tail.0.store(0, Ordering::Relaxed);
        self.lost.store(0, Ordering::Relaxed);
        self.state.store(RingState::Free as u32, Ordering::Release);
    }

    /// Producer: everything before `position` is written. Whole events only.
    #[inline(always)]
    pub fn publish(&self, position: u64) {
        self.head.0.store(position, Ordering::Release);
    }

    /// Consumer: everything before this position may be read.
    #[inline(always)]
    pub fn head(&self) -> u64 {
        self.head.0.load(Ordering::Acquire)
    }

    /// Consumer: everything before `position` has been read and may be overwritten.
    #[inline(always)]
    pub fn consume(&self, position: u64) {
        self.tail.0.store(position, Ordering::Release);
    }

    /// Producer: everything before this position may be overwritten, a lap later.
    #[inline(always)]
    pub fn tail(&self) -> u64 {
        self.tail.0.load(Ordering::Acquire)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{RingHeader, RingState};

    #[test]
    fn a_ring_goes_round_its_states() {
        let ring = RingHeader::new();
        assert!(ring.claim());
        assert!(!ring.claim());
        ring.open();
        assert_eq!(ring.state(), RingState::Live);
        ring.publish(5);
        assert_eq!(ring.head(), 5);
        ring.consume(5);
        assert_eq!(ring.tail(), 5);
        ring.close();
        ring.release();
        assert_eq!(
            (ring.state(), ring.head(), ring.tail()),
            (RingState::Free, 0, 0)
        );
    }
}

/// Run by `RUSTFLAGS="--cfg loom" cargo test -p memprof-wire --release`: every interleaving of a
/// producer that laps a tiny ring and a consumer that follows.
#[cfg(all(test, loom))]
mod model {
    use super::RingHeader;
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use std::vec::Vec;

    const CAPACITY: u64 = 2;
    const EVENTS: u64 = 4;

    struct Ring {
        header: RingHeader,
        bytes: [UnsafeCell<u64>; CAPACITY as usize],
    }

    // SAFETY: the cells are what the model checks: loom reports any access that is not ordered.
    unsafe impl Sync for Ring {}

    #[test]
    fn no_event_is_lost_torn_or_read_twice() {
        loom::model(|| {
            let ring = Arc::new(Ring {
                header: RingHeader::new(),
                bytes: [UnsafeCell::new(0), UnsafeCell::new(0)],
            });
            let producer = {
                let ring = Arc::clone(&ring);
                loom::thread::spawn(move || {
                    for position in 0..EVENTS {
                        while position - ring.header.tail() >= CAPACITY {
                            loom::thread::yield_now();
                        }
                        ring.bytes[(position % CAPACITY) as usize].with_mut(|cell| {
                            // SAFETY: loom checks that nobody else is in this cell.
                            unsafe { *cell = position + 100 }
                        });
                        ring.header.publish(position + 1);
                    }
                })
            };
            let mut seen = Vec::new();
            while (seen.len() as u64) < EVENTS {
                let head = ring.header.head();
                for position in seen.len() as u64..head {
                    ring.bytes[(position % CAPACITY) as usize]
                        // SAFETY: loom checks that nobody writes to this cell meanwhile.
                        .with(|cell| seen.push(unsafe { *cell }));
                }
                ring.header.consume(head);
                loom::thread::yield_now();
            }
            producer.join().expect("the producer ends");
            assert_eq!(seen, [100, 101, 102, 103]);
        });
    }
}
