//! The memory file that one recording shares: its layout, and the page that everybody reads.
//!
//! ```text
//! 0                    SessionPage, one page
//! DIRECTORY            RINGS × RingHeader
//! RING_BYTES           RINGS × STRIDE bytes; the first `capacity` bytes of each are its ring
//! ```
//!
//! The file is sparse: a ring that nobody claimed costs addresses and no memory.

use crate::request::Request;
use crate::ring::RingHeader;
use crate::units::{Microseconds, Turn};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Threads that can write at the same time, over all processes of a session.
pub const RINGS: usize = 4096;
/// Addresses set aside for the bytes of one ring.
pub const STRIDE: usize = 2 << 20;
/// Bytes of the ring of a process's first thread.
pub const FIRST_CAPACITY: u32 = 1 << 20;
/// Bytes of the rings of all other threads.
pub const CAPACITY: u32 = 1 << 18;
/// Where the directory of rings begins.
pub const DIRECTORY: usize = 4096;
/// Where the bytes of the rings begin.
pub const RING_BYTES: usize = DIRECTORY + RINGS * size_of::<RingHeader>();
/// Bytes of the whole file.
pub const FILE_BYTES: usize = RING_BYTES + RINGS * STRIDE;

/// Words with a bit for each image; images beyond share them.
const POSSIBLE_WORDS: usize = 8;

/// The first word of a session page.
pub const MAGIC: u64 = u64::from_le_bytes(*b"memprofS");
/// Producer and recorder are built together; anything else is refused.
pub const VERSION: u32 = 9;

/// What was asked for on the command line, as bits of [`SessionPage::options`].
pub mod option {
    /// `--native`: native stacks too.
    pub const NATIVE: u32 = 1;
    /// The opposite of `--no-python-allocators`.
    pub const PYTHON_ALLOCATORS: u32 = 2;
    /// `--follow-children`.
    pub const FOLLOW_CHILDREN: u32 = 4;
    /// Read the types of objects when they die, and of those alive at the end.
    pub const TYPES: u32 = 8;
    /// For tests: walk each native stack, and keep nothing of it for the next one.
    pub const WALK_EACH: u32 = 16;
}

/// Set by the kernel in [`SessionPage::recorder_lock`] when the recorder dies holding it.
pub const OWNER_DIED: u32 = 0x4000_0000;

/// The page at the front of the session.
#[derive(Debug)]
#[repr(C, align(4096))]
pub struct SessionPage {
    /// [`MAGIC`], written last.
    pub magic: AtomicU64,
    /// [`VERSION`]
    pub version: AtomicU32,
    /// Bits of [`option`].
    pub options: AtomicU32,
    /// The recorder's process.
    pub recorder: AtomicU32,
    /// The process that `memprof run` started; an `exec` of it stays in the recording.
    pub root: AtomicU32,
    /// Program images that attached so far; each takes the next number, from 1.
    pub images: AtomicU32,
    /// Threads that found no free ring.
    pub threads_refused: AtomicU32,
    /// Threads that recorded no more once they were allowed hardly any system call.
    pub threads_confined: AtomicU32,
    /// Goes up when a program has loaded or unloaded libraries.
    pub module_changes: AtomicU32,
    /// The recorder has seen the modules of all images up to this one.
    pub images_seen: AtomicU32,
    /// The recorder has seen this many [`SessionPage::module_changes`].
    pub changes_seen: AtomicU32,
    /// How many stacks a thread may know.
    pub stack_limit: AtomicU32,
    /// Frames that found no room in a thread's table of stacks, and were counted as their callers.
    pub frames_merged: AtomicU64,
    time: Line<Clock>,
    /// A robust mutex of the C library that a thread of the recorder holds while it lives. Its
    /// first word tells ([`OWNER_DIED`]) when that thread is gone, whatever killed it.
    pub recorder_lock: Line<[AtomicU64; 8]>,
    /// What somebody outside asks.
    pub request: Request,
    census_is_possible: Line<[AtomicU64; POSSIBLE_WORDS]>,
}

/// A value with a cache line to itself.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub struct Line<T>(pub T);

/// The order of events and the time: one cache line, read at each event.
#[derive(Debug, Default)]
struct Clock {
    turn: AtomicU64,
    microseconds: AtomicU64,
}

const _: () = assert!(size_of::<SessionPage>() == DIRECTORY);

impl SessionPage {
    /// The turn of whoever wrote last. A thread that finds its own here may go on in its run.
    #[inline(always)]
    pub fn turn(&self) -> Turn {
        Turn(self.time.0.turn.load(Ordering::Acquire))
    }

    /// Begins a new run: the turn of the caller, until somebody else takes one.
    #[inline]
    pub fn next_turn(&self) -> Turn {
        Turn(self.time.0.turn.fetch_add(1, Ordering::AcqRel) + 1)
    }

    /// The time as the recorder last told it.
    #[inline]
    pub fn time(&self) -> Microseconds {
        Microseconds(self.time.0.microseconds.load(Ordering::Acquire))
    }

    /// Recorder: tells the time, and takes a turn so that every thread notices. Returns that turn:
    /// all events of lesser turns are in the rings, but for those that are being written.
    pub fn tell_time(&self, time: Microseconds) -> Turn {
        self.time.0.microseconds.store(time.0, Ordering::Release);
        self.next_turn()
    }

    /// Says whether the objects of an image can be looked at while they live.
    pub fn set_census_is_possible(&self, image: u32, possible: bool) {
        let (word, bit) = self.possible(image);
        if possible {
            word.fetch_or(bit, Ordering::Relaxed);
        } else {
            word.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    /// Whether the objects of an image can be looked at while they live. Of many hundreds of images
    /// one may be taken for another one, which then refuses.
    pub fn census_is_possible(&self, image: u32) -> bool {
        let (word, bit) = self.possible(image);
        word.load(Ordering::Relaxed) & bit != 0
    }

    fn possible(&self, image: u32) -> (&AtomicU64, u64) {
        let words = &self.census_is_possible.0;
        (&words[image as usize / 64 % words.len()], 1 << (image % 64))
    }

    /// Whether the recorder died; producers that wait for room need not wait any longer.
    pub fn recorder_is_dead(&self) -> bool {
        self.recorder_lock.0[0].load(Ordering::Acquire) as u32 & OWNER_DIED != 0
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, FIRST_CAPACITY, RING_BYTES, STRIDE};

    #[test]
    fn rings_are_whole_pages_within_their_stride() {
        assert_eq!(RING_BYTES % 4096, 0);
        for capacity in [CAPACITY, FIRST_CAPACITY] {
            assert!(capacity.is_power_of_two());
            assert!(capacity as usize <= STRIDE && capacity % 4096 == 0);
        }
    }
}
