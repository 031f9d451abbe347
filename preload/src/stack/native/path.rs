//! A whole stack as a path of [`Segment`]s, from the innermost frame outwards.
//!
//! A program allocates again and again from the same places, below the same callers. Each place
//! has its segments, so that going to and fro between places finds all of them. A path that is not
//! known, or whose words hold something else, is walked (see [`super::mixed`]) and then kept here.

mod join;
mod keep;
mod natives;
mod recent;

use super::behind::Pair;
use super::rule;
use super::runs::Runs;
use super::segment::{End, Key, Made, Segment};
use super::trunk::{Python, Trunk, Trunks};
use crate::memory::Array;
use core::hint::select_unpredictable;
use memprof_wire::units::StackId;

pub use join::find;
pub use natives::find_native;
use recent::Recent;

/// Segments that a thread keeps: pairs of places, 320 KiB in all, touched as far as they are needed.
const PLACES: usize = 512;
/// Segments of one path.
const LIMIT: usize = 64;
/// What was made of segments: 64 KiB.
const RESULTS: usize = 4096;
/// The most that can be saved up.
const SAVINGS: u32 = 8192;

/// A segment of the present path.
#[derive(Clone, Copy, Debug)]
struct Stop {
    segment: *mut Segment,
    /// Where it begins.
    key: Key,
    /// How many Python frames there are up to its innermost frame.
    python: usize,
}

/// What was made of a segment.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    serial: u32,
    made: Made,
}

/// The segments of a thread.
#[derive(Debug)]
pub struct Path {
    segments: Array<Segment>,
    results: Array<Outcome>,
    generation: usize,
    serial: u32,
    /// Goes up when a path is found, and down when one is kept.
    savings: u32,
    /// Counts paths that were not found.
    missed: u32,
    stops: [Stop; LIMIT],
    /// Where Python runs: what is further out than the innermost run.
    trunks: Trunks,
    /// Where it does not: the last path.
    recent: Recent,
}

/// A path that was found.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// How many segments are to be joined.
    count: usize,
    /// The stack of what is further out.
    base: StackId,
    /// How many Python frames that has.
    outside: usize,
    /// Where a trunk could begin that is not known.
    branch: Option<Branch>,
}

/// Where a trunk could begin.
#[derive(Clone, Copy, Debug)]
struct Branch {
    /// The number of its first segment.
    first: usize,
    key: Key,
    python: Python,
    /// Whether no run is further in.
    whole: bool,
    /// The trunk behind the last segment; null if that is the outermost one.
    further_out: *const Trunk,
}

impl Path {
    /// Without memory.
    pub const fn new() -> Self {
        Self {
            segments: Array::empty(),
            results: Array::empty(),
            generation: 0,
            serial: 0,
            savings: SAVINGS,
            missed: 0,
            stops: [Stop {
                segment: core::ptr::null_mut(),
                key: Key::NONE,
                python: 0,
            }; LIMIT],
            trunks: Trunks::new(),
            recent: Recent::new(),
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.segments.release();
        self.results.release();
        self.trunks.clear();
        self.recent.clear();
        self.serial = 0;
    }

    /// Forgets what may have changed its meaning. False without memory.
    #[cold]
    fn begin(&mut self, generation: usize) -> bool {
        if self.generation != generation || self.serial == u32::MAX {
            self.clear();
        }
        self.generation = generation;
        let has_memory = self.segments.capacity() >= PLACES
            || (self.results.grow_to(RESULTS)
                && self.recent.begin()
                && self.segments.grow_to(PLACES));
        if !has_memory {
            self.clear();
        }
        has_memory
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

    /// Finds the segments from a frame outwards, and what they have in common with other paths.
    ///
    /// # Safety
    ///
    /// `key` must be the frame that called the hook.
    #[inline(always)]
    unsafe fn follow<R: Runs>(&mut self, mut key: Key, runs: &mut R) -> Option<Known> {
        if self.generation != rule::generation() || self.segments.capacity() == 0 {
            return None;
        }
        let mut python = runs.depth();
        let mut count = 0;
        let mut branch: Option<Branch> = None;
        let mut found = self.at(key)?;
        while count < LIMIT {
            // SAFETY: the frame is live: the first one by the caller's promise, the others because
            // the words of the segment before led there.
            let segment = unsafe {
                if !(*found).holds() {
                    return None;
                }
                &mut *found
            };
            self.stops[count] = Stop {
                segment,
                key,
                python,
            };
            count += 1;
            match segment.end {
                End::Frames => {}
                End::Run => python = runs.begin(segment, python)?,
                End::Outermost => {
                    return runs.end(segment, python).then_some(Known {
                        count,
                        base: StackId::NONE,
                        outside: 0,
                        branch,
                    });
                }
            }
            // SAFETY: the segment holds.
            key = unsafe { segment.caller(key.bp) };
            let whole = python == runs.depth();
            if count == 1 || (!whole && branch.is_none_or(|branch: Branch| branch.whole)) {
                let outside = runs.python(python);
                // SAFETY: the words of the segment led to this frame.
                if let Some(place) = unsafe { self.trunks.find(key, outside, whole) } {
                    // SAFETY: it was found there.
                    let trunk = unsafe { self.trunks.at(place) };
                    if count == 1 {
                        let all = runs.python(runs.depth()).stack;
                        segment.behind.found(key.ip, all, place, trunk.serial());
                    }
                    return Some(Known {
                        count,
                        base: trunk.stack(),
                        outside: python,
                        branch: branch.map(|branch| Branch {
                            further_out: trunk,
                            ..branch
                        }),
                    });
                }
                branch = Some(Branch {
                    first: count,
                    key,
                    python: outside,
                    whole,
                    further_out: core::ptr::null(),
                });
            }
            found = self.after(segment, key)?;
        }
        None
    }

    /// The innermost segment and the trunk behind it, if they are what they were the last time.
    ///
    /// # Safety
    ///
    /// `key` must be the frame that called the hook, and `python` all that there is.
    #[inline(always)]
    unsafe fn on_trunk(
        &mut self,
        key: Key,
        python: Python,
        runs: &impl Runs,
    ) -> Option<(*mut Segment, &Trunk)> {
        if self.generation != rule::generation() || self.segments.capacity() == 0 {
            return None;
        }
        let segment = self.at(key)?;
        // SAFETY: a place of the table; its trunks, if any, are some of the table of trunks, which
        // is given back together with the segments.
        unsafe {
            if !(*segment).holds() {
                return None;
            }
            // of the outermost frame it is some word of the stack, and there is no trunk
            let caller = (*segment).caller(0).ip;
            let Pair { place, serials, .. } = (*segment).behind.last(caller, python.stack);
            for (place, serial) in [(place, serials[0]), (place ^ 1, serials[1])] {
                if serial == 0 {
                    break;
                }
                let trunk = self.trunks.at(place);
                if caller == trunk.ip()
                    && trunk.fits(runs, python)
                    && trunk.is_behind(serial, python)
                {
                    return Some((segment, trunk));
                }
            }
            None
        }
    }

    #[inline(always)]
    fn result(&self, serial: u32, base: StackId, python: StackId) -> *mut Outcome {
        let word = u64::from(serial) << 32 ^ u64::from(base.0) << 16 ^ u64::from(python.0);
        let place = (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % RESULTS;
        // SAFETY: there is room for all results.
        unsafe { self.results.items().add(place) }
    }
}

#[inline(always)]
fn place(key: Key) -> usize {
    let word = (key.ip as u64) ^ (key.sp as u64) << 21;
    (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize % PLACES
}
