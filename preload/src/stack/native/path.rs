//! A whole stack as a path of [`Segment`]s, from the innermost frame outwards.
//!
//! A program allocates again and again from the same places, below the same callers. Each place
//! has its segments, so that going to and fro between places finds all of them. A path that is not
//! known, or whose words hold something else, is walked (see [`super::mixed`]) and then kept here.

use super::mixed::Run;
use super::rule;
use super::runs::Runs;
use super::segment::{End, FRAMES, Key, Likeness, Made, Segment};
use super::walk::Frame;
use crate::memory::Array;
use crate::thread::Thread;
use core::hint::select_unpredictable;
use memprof_wire::units::StackId;

/// Segments that a thread keeps: pairs of places, 192 KiB in all.
const PLACES: usize = 512;
/// Segments of one path.
const LIMIT: usize = 64;
/// What was made of segments: 64 KiB.
const RESULTS: usize = 4096;
/// Keeping a path costs as much as so many that are found save.
const PRICE: u32 = 16;
/// The most that can be saved up.
const SAVINGS: u32 = 512 * PRICE;
/// Without savings, one path in so many is kept.
const NOW_AND_THEN: u32 = 16;

/// A segment of the present path.
#[derive(Clone, Copy, Debug)]
struct Stop {
    segment: *mut Segment,
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
                python: 0,
            }; LIMIT],
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.segments.release();
        self.results.release();
        self.serial = 0;
    }

    /// Forgets what may have changed its meaning. False without memory.
    #[cold]
    fn begin(&mut self, generation: usize) -> bool {
        if self.generation != generation || self.serial == u32::MAX {
            self.clear();
        }
        self.generation = generation;
        self.segments.capacity() >= PLACES
            || (self.segments.grow_to(PLACES) && self.results.grow_to(RESULTS))
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

    /// Finds the segments from a frame outwards; returns how many.
    ///
    /// # Safety
    ///
    /// `key` must be the frame that called the hook.
    #[inline(always)]
    unsafe fn follow(&mut self, mut key: Key, mut runs: impl Runs) -> Option<usize> {
        if self.generation != rule::generation() || self.segments.capacity() == 0 {
            return None;
        }
        let mut python = runs.depth();
        let mut count = 0;
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
            self.stops[count] = Stop { segment, python };
            count += 1;
            match segment.end {
                End::Frames => {}
                End::Run => python = runs.begin(segment, python)?,
                End::Outermost => return runs.end(segment, python).then_some(count),
            }
            // SAFETY: the segment holds.
            key = unsafe { segment.caller(key.bp) };
            found = self.after(segment, key)?;
        }
        None
    }

    /// The instructions of the frames from this one outwards, if they are known.
    ///
    /// # Safety
    ///
    /// As for [`Path::follow`].
    #[cfg(test)]
    pub unsafe fn instructions(&mut self, key: Key, runs: impl Runs) -> Option<Vec<usize>> {
        // SAFETY: the caller's promise.
        let count = unsafe { self.follow(key, runs)? };
        let stops = self.stops[..count].iter();
        let shown = stops.flat_map(|stop| {
            // SAFETY: a place of the table.
            let mut shown: Vec<usize> = unsafe { (*stop.segment).shown().collect() };
            shown.reverse();
            shown
        });
        Some(shown.collect())
    }

    #[inline(always)]
    fn result(&self, serial: u32, base: StackId, python: StackId) -> *mut Outcome {
        let word = u64::from(serial) << 32 ^ u64::from(base.0) << 16 ^ u64::from(python.0);
        let place = (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % RESULTS;
        // SAFETY: there is room for all results.
        unsafe { self.results.items().add(place) }
    }

    /// Keeps a path that was walked: all frames, the first standing for what is outside, and where
    /// Python ran; `python` Python frames in all.
    pub fn keep(&mut self, frames: &[Frame], runs: &[Run], python: usize) {
        self.missed = self.missed.wrapping_add(1);
        if self.savings < PRICE && !self.missed.is_multiple_of(NOW_AND_THEN) {
            return;
        }
        self.savings = self.savings.saturating_sub(PRICE);
        if !self.begin(rule::generation()) {
            return;
        }
        let round = self.serial + 1;
        let mut outside = 0;
        let mut number = 0;
        // frames that nothing runs stand outermost
        if runs.first().is_some_and(|run| run.native == 0) {
            outside = runs.get(1).map_or(python, |run| run.first);
            number = 1;
        }
        let mut first = 1;
        let mut run = None;
        while first < frames.len() {
            let next = runs.get(number);
            let longest = (first + FRAMES).min(frames.len());
            let behind = next.map_or(longest, |next| next.native.min(longest));
            let end = match run {
                Some(_) => End::Run,
                None if first == 1 => End::Outermost,
                None => End::Frames,
            };
            let (hint, anchor) = run.map_or((outside, 0), |run: &Run| (run.first, run.anchor));
            if behind <= first
                || !self.keep_part(&frames[..behind], first, end, (hint, anchor), round)
            {
                return;
            }
            first = behind;
            run = next.filter(|next| next.native == behind);
            number += usize::from(run.is_some());
        }
    }

    /// Keeps the frames from `first` to the last one, as one segment or as several.
    fn keep_part(
        &mut self,
        mut frames: &[Frame],
        first: usize,
        end: End,
        (hint, anchor): (usize, usize),
        round: u32,
    ) -> bool {
        let mut left = FRAMES;
        while left > 0 {
            left -= 1;
            let Some(mut segment) = Segment::of(frames, first, end, false) else {
                return false;
            };
            (segment.first, segment.anchor) = (hint as u32, anchor);
            let Some(known) = self.at(segment.key()) else {
                return self.put(segment, round);
            };
            // SAFETY: a place of the table.
            let known = unsafe { &mut *known };
            let count = match known.compare(&segment) {
                Likeness::Same => known.frames(),
                Likeness::Common(count) => {
                    let outermost = frames.len() - count;
                    let whole = outermost == first;
                    if whole && end == End::Outermost {
                        return self.put(segment, round);
                    }
                    let end = if whole { end } else { End::Frames };
                    let Some(mut segment) = Segment::of(frames, outermost, end, true) else {
                        return false;
                    };
                    if whole {
                        (segment.first, segment.anchor) = (hint as u32, anchor);
                    }
                    self.put(segment, round);
                    count
                }
            };
            let rest = frames.len() - count;
            if rest <= first {
                known.first = hint as u32;
                return true;
            }
            frames = &frames[..rest];
        }
        false
    }

    /// Puts a segment into its place. `round` is the least number of those that have to stay.
    fn put(&mut self, mut segment: Segment, round: u32) -> bool {
        let key = segment.key();
        let place = place(key);
        // SAFETY: there is room for all places.
        unsafe {
            let mut kept = self.segments.items().add(place);
            let other = self.segments.items().add(place ^ 1);
            let is_same = |place: *mut Segment| (*place).begins_at(key);
            if is_same(other) || (!is_same(kept) && (*kept).serial > (*other).serial) {
                kept = other;
            }
            if (*kept).serial >= round && !is_same(kept) {
                return false;
            }
            self.serial += 1;
            segment.serial = self.serial;
            kept.write(segment);
        }
        true
    }
}

#[inline(always)]
fn place(key: Key) -> usize {
    let word = (key.ip as u64) ^ (key.sp as u64) << 21;
    (word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize % PLACES
}

/// The stack of the calling thread, if the path from this frame outwards is known.
///
/// # Safety
///
/// `key` must be the frame that called the hook.
#[inline(always)]
pub unsafe fn find(thread: &mut Thread, key: Key, runs: impl Runs) -> Option<StackId> {
    // SAFETY: the caller's promise.
    let count = unsafe { thread.stacks.native.path.follow(key, runs)? };
    let path = &mut thread.stacks.native.path;
    path.savings += u32::from(path.savings < SAVINGS);
    let mut stack = StackId::NONE;
    for number in (0..count).rev() {
        let stop = thread.stacks.native.path.stops[number];
        let python = match stop.python {
            0 => StackId::NONE,
            // SAFETY: so many frames are in use.
            depth => unsafe { (*thread.stacks.frames.items().add(depth - 1)).stack },
        };
        // SAFETY: a segment that was found above.
        let segment = unsafe { &mut *stop.segment };
        if segment.made.base == stack
            && segment.made.python == python
            && segment.made.stack != StackId::NONE
        {
            stack = segment.made.stack;
            continue;
        }
        stack = make(thread, segment, number, count, stack, python);
    }
    Some(stack)
}

/// Looks up what a segment makes of what is further out.
#[inline(never)]
fn make(
    thread: &mut Thread,
    segment: &mut Segment,
    number: usize,
    count: usize,
    base: StackId,
    python: StackId,
) -> StackId {
    let result = thread
        .stacks
        .native
        .path
        .result(segment.serial, base, python);
    // SAFETY: a place of the table.
    let known = unsafe { *result };
    let made = &known.made;
    if known.serial == segment.serial && made.base == base && made.python == python {
        segment.made = known.made;
        return known.made.stack;
    }
    let stops = &thread.stacks.native.path.stops;
    let end = stops[number].python;
    let first = if number + 1 < count {
        stops[number + 1].python
    } else {
        0
    };
    let mut stack = base;
    for index in first..end {
        stack = super::enter::python_frame(thread, index, stack);
    }
    for ip in segment.shown() {
        if !super::is_own(ip) {
            stack = super::enter::child(thread, stack, ip);
        }
    }
    let made = Made {
        base,
        python,
        stack,
    };
    segment.made = made;
    // SAFETY: as above.
    unsafe {
        result.write(Outcome {
            serial: segment.serial,
            made,
        });
    }
    stack
}
