//! A whole stack as a path of [`Segment`]s, from the innermost frame outwards.
//!
//! A program allocates again and again from the same places, below the same callers. Each place
//! has its segments, so that going to and fro between places finds all of them. A path that is not
//! known, or whose words hold something else, is walked (see [`super::mixed`]) and then kept here.

use super::mixed::Run;
use super::rule;
use super::runs::Runs;
use super::segment::{End, FRAMES, Key, Likeness, Made, Segment, Word};
use super::trunk::{Python, Trunk, Trunks};
use super::walk::Frame;
use crate::memory::Array;
use crate::thread::Thread;
use core::hint::select_unpredictable;
use core::ops::Range;
use memprof_wire::units::StackId;

/// Segments that a thread keeps: pairs of places, 192 KiB in all.
const PLACES: usize = 512;
/// Keeping a trunk costs as much as so many paths that are found save.
const TRUNK_PRICE: u32 = 8;
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
    trunks: Trunks,
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
            trunks: Trunks::new(),
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.segments.release();
        self.results.release();
        self.trunks.clear();
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
        let mut branch = None;
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
            if branch.is_none() && (segment.end == End::Run || runs.depth() == 0) {
                let outside = runs.python(python);
                // SAFETY: the words of the segment led to this frame.
                if let Some(trunk) = unsafe { self.trunks.find(key, outside) } {
                    // SAFETY: it was found among the trunks.
                    let (serial, base) = unsafe { ((*trunk).serial(), (*trunk).stack()) };
                    if count == 1 {
                        (segment.trunk, segment.trunk_serial) = (trunk, serial);
                    }
                    return Some(Known {
                        count,
                        base,
                        outside: python,
                        branch,
                    });
                }
                branch = Some(Branch {
                    first: count,
                    key,
                    python: outside,
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
        // SAFETY: a place of the table; its trunk, if any, is one of the table of trunks, which
        // is given back together with the segments.
        unsafe {
            let trunk = (*segment).trunk.as_ref()?;
            let known = (*segment).holds()
                && (*segment).caller(0).ip == trunk.ip()
                && runs.may_leave(trunk.depth())
                && trunk.is_behind((*segment).trunk_serial, python);
            known.then_some((segment, trunk))
        }
    }

    /// Keeps the segments of a path of `count` that was just found as a trunk; `stack` is what those
    /// from the branch on make.
    #[cold]
    #[inline(never)]
    fn keep_trunk(
        &mut self,
        branch: Branch,
        count: usize,
        runs: &impl Runs,
        stack: StackId,
    ) -> Option<()> {
        self.missed = self.missed.wrapping_add(1);
        if self.savings < TRUNK_PRICE && !self.missed.is_multiple_of(NOW_AND_THEN) {
            return None;
        }
        self.savings = self.savings.saturating_sub(TRUNK_PRICE);
        let trunk = self.trunks.make_room(branch.key, branch.python)?;
        let mut key = branch.key;
        let mut link = branch.python.entry;
        let mut base_slot = None;
        // SAFETY: places of the table.
        let before = unsafe { (*self.stops[branch.first - 1].segment).end };
        if before == End::Run {
            runs.pin(trunk, branch.python.depth, &mut link)?;
        }
        for number in branch.first..count {
            // SAFETY: a place of the table.
            let segment = unsafe { &*self.stops[number].segment };
            if segment.needs_base() {
                match base_slot {
                    // SAFETY: it is part of a frame further in.
                    Some(slot) => trunk.push(unsafe { Word::at(slot) })?,
                    None => trunk.rely_on_base(key.bp),
                }
            }
            for word in segment.words() {
                trunk.push(*word)?;
            }
            if segment.end == End::Outermost {
                break;
            }
            if let Some(slot) = segment.branch_slot() {
                // SAFETY: it is part of the segment's outermost frame.
                trunk.push(unsafe { Word::at(slot) })?;
            }
            base_slot = segment.base_slot().or(base_slot);
            if segment.end == End::Run {
                runs.pin(trunk, self.stops[number + 1].python, &mut link)?;
            }
            // SAFETY: the segment was found to hold.
            key = unsafe { segment.caller(key.bp) };
        }
        trunk.complete(branch.key, stack)
    }

    /// The instructions of the frames from this one outwards, if they are known. `trunks` has those
    /// of each trunk, by the number of its stack.
    ///
    /// # Safety
    ///
    /// As for [`Path::follow`].
    #[cfg(test)]
    pub unsafe fn instructions(
        &mut self,
        key: Key,
        trunks: &mut Vec<Vec<usize>>,
    ) -> Option<Vec<usize>> {
        let shown = |segment: *mut Segment| {
            // SAFETY: a place of the table.
            let mut shown: Vec<usize> = unsafe { (*segment).shown().collect() };
            shown.reverse();
            shown
        };
        let mut runs = super::runs::NoPython;
        // SAFETY: the caller's promise.
        if let Some((segment, trunk)) = unsafe { self.on_trunk(key, Python::NONE, &runs) } {
            let further_out = &trunks[trunk.stack().0 as usize];
            return Some([&shown(segment), &further_out[..]].concat());
        }
        // SAFETY: the caller's promise.
        let known = unsafe { self.follow(key, &mut runs)? };
        let segments = self.stops[..known.count].iter().map(|stop| stop.segment);
        let mut lists: Vec<Vec<usize>> = segments.map(shown).collect();
        if let Some(branch) = known.branch {
            let number = StackId(trunks.len().max(1) as u32);
            trunks.resize(number.0 as usize, Vec::new());
            trunks.push(lists[branch.first..].concat());
            self.keep_trunk(branch, known.count, &runs, number);
        }
        if known.base != StackId::NONE {
            lists.push(trunks[known.base.0 as usize].clone());
        }
        Some(lists.concat())
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
pub unsafe fn find<R: Runs>(thread: &mut Thread, key: Key, runs: R) -> Option<StackId> {
    let python = runs.python(runs.depth());
    let path = &mut thread.stacks.native.path;
    // SAFETY: the caller's promise.
    if let Some((segment, trunk)) = unsafe { path.on_trunk(key, python, &runs) } {
        let (base, first) = (trunk.stack(), trunk.depth());
        path.savings += u32::from(path.savings < SAVINGS);
        // SAFETY: a place of the table.
        let segment = unsafe { &mut *segment };
        return Some(join(
            thread,
            segment,
            base,
            first..python.depth,
            python.stack,
        ));
    }
    // SAFETY: the caller's promise.
    unsafe { find_slowly(thread, key, runs) }
}

/// What [`find`] does when the innermost segment is not where it was last.
///
/// # Safety
///
/// As for [`find`].
#[inline(never)]
unsafe fn find_slowly<R: Runs>(thread: &mut Thread, key: Key, mut runs: R) -> Option<StackId> {
    // SAFETY: the caller's promise.
    let known = unsafe { thread.stacks.native.path.follow(key, &mut runs)? };
    let path = &mut thread.stacks.native.path;
    path.savings += u32::from(path.savings < SAVINGS);
    let mut stack = known.base;
    let mut trunk = StackId::NONE;
    let mut first = known.outside;
    for number in (0..known.count).rev() {
        let stop = thread.stacks.native.path.stops[number];
        let python = runs.python(stop.python).stack;
        // SAFETY: a segment that was found above.
        let segment = unsafe { &mut *stop.segment };
        stack = join(thread, segment, stack, first..stop.python, python);
        first = stop.python;
        if known.branch.is_some_and(|branch| branch.first == number) {
            trunk = stack;
        }
    }
    if let Some(branch) = known.branch
        && trunk != StackId::NONE
    {
        let path = &mut thread.stacks.native.path;
        path.keep_trunk(branch, known.count, &runs, trunk);
    }
    Some(stack)
}

/// What a segment makes of the stack of what is further out, `base`, given the Python frames that
/// it runs, and what these make with all their callers.
#[inline(always)]
fn join(
    thread: &mut Thread,
    segment: &mut Segment,
    base: StackId,
    frames: Range<usize>,
    python: StackId,
) -> StackId {
    let is_this =
        |made: &Made| made.base == base && made.python == python && made.stack != StackId::NONE;
    if is_this(&segment.made) {
        return segment.made.stack;
    }
    let path = &thread.stacks.native.path;
    let result = path.result(segment.serial, base, python);
    // SAFETY: a place of the table.
    let known = unsafe { *result };
    if known.serial == segment.serial && is_this(&known.made) {
        segment.made = known.made;
        return known.made.stack;
    }
    let stack = join_anew(thread, segment, base, frames);
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

/// Looks up what a segment makes of what is further out.
#[inline(never)]
fn join_anew(
    thread: &mut Thread,
    segment: &Segment,
    base: StackId,
    frames: Range<usize>,
) -> StackId {
    let mut stack = base;
    for index in frames {
        stack = super::enter::python_frame(thread, index, stack);
    }
    for ip in segment.shown() {
        if !super::own::is_own(ip) {
            stack = super::enter::child(thread, stack, ip);
        }
    }
    stack
}
