//! Where no interpreter is: a whole stack as a path of [`Segment`]s, from the innermost frame outwards.
//!
//! A program allocates again and again from the same places, below the same callers. Each place
//! has its segments, so that going to and fro between places finds all of them. A path that is not
//! known, or whose words hold something else, is walked (see [`mod@super::walk`]) and then kept here.

mod find;
mod keep;
mod recent;

use super::keeps;
use super::made::Made;
use super::rule;
use super::savings::Savings;
use super::segment::{Key, Segment};
use crate::memory::Array;
use core::hint::select_unpredictable;
use memprof_wire::units::StackId;

pub use find::find;
use recent::Recent;

/// Segments that a thread keeps: pairs of places, 1.5 MiB in all, touched as far as they are needed. A
/// parser of documents, nine levels deep, needs some thousand: with 512 it walked half of its captures.
const PLACES: usize = 4096;
/// Segments of one path.
const LIMIT: usize = 64;
/// No generation of the rules.
const UNKNOWN: usize = usize::MAX;

/// A segment of the present path.
#[derive(Clone, Copy, Debug)]
struct Stop {
    segment: *mut Segment,
    /// Where it begins.
    key: Key,
}

/// The segments of a thread.
#[derive(Debug)]
pub struct Path {
    segments: Array<Segment>,
    made: Made,
    /// Of the rules by which all this was found; [`UNKNOWN`] where there is nothing.
    generation: usize,
    serial: u32,
    savings: Savings,
    stops: [Stop; LIMIT],
    /// The last path.
    recent: Recent,
}

impl Path {
    /// Without memory.
    pub const fn new() -> Self {
        Self {
            segments: Array::empty(),
            made: Made::new(),
            generation: UNKNOWN,
            serial: 0,
            savings: Savings::new(),
            stops: [Stop {
                segment: core::ptr::null_mut(),
                key: Key::NONE,
            }; LIMIT],
            recent: Recent::new(),
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.segments.release();
        self.made.clear();
        self.recent.clear();
        self.serial = 0;
        self.generation = UNKNOWN;
    }

    /// Forgets what may have changed its meaning. False without memory.
    #[cold]
    fn begin(&mut self, generation: usize) -> bool {
        if self.generation != generation || self.serial == u32::MAX {
            self.clear();
        }
        self.generation = generation;
        let has_memory = self.segments.capacity() >= PLACES
            || (keeps()
                && self.made.begin()
                && self.recent.begin()
                && self.segments.grow_to(PLACES));
        if !has_memory {
            self.clear();
        }
        has_memory
    }

    /// Whether anything is known here that still means what it did.
    #[inline(always)]
    fn is_valid(&self) -> bool {
        self.generation == rule::generation()
    }

    /// The segment that begins at a frame.
    #[inline(always)]
    fn at(&self, key: Key) -> Option<*mut Segment> {
        let place = place(key);
        // SAFETY: only asked for with memory for all places.
        unsafe {
            let segment = self.segments.items().add(place);
            let other = self.segments.items().add(place ^ 1);
            let segment = select_unpredictable((*segment).begins_at(key), segment, other);
            (*segment).begins_at(key).then_some(segment)
        }
    }

    /// The segment further out than another one, at this frame.
    #[inline(always)]
    fn after(&self, segment: &mut Segment, key: Key) -> Option<*mut Segment> {
        let next = segment.next;
        // SAFETY: a place of the table, if any.
        if !next.is_null() && unsafe { (*next).begins_at(key) } {
            return Some(next);
        }
        let next = self.at(key)?;
        if segment.goes_one_way() {
            segment.next = next;
        }
        Some(next)
    }
}

#[inline(always)]
fn place(key: Key) -> usize {
    key.place(StackId::NONE) % PLACES
}
