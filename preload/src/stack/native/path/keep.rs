//! Paths that were walked or found, kept as segments and as trunks.

use super::{Branch, Path, SAVINGS, place};
use crate::stack::native::frame::Frame;
use crate::stack::native::mixed::Run;
use crate::stack::native::rule;
use crate::stack::native::runs::Runs;
use crate::stack::native::segment::{End, FRAMES, Likeness, Segment};
use crate::stack::native::word::Word;
use memprof_wire::units::StackId;

/// Keeping a path costs as much as so many that are found save.
const PRICE: u32 = 16;
/// Without savings, one path in so many is kept.
const NOW_AND_THEN: u32 = 16;
/// Keeping a trunk costs as much as so many paths that are found save.
const TRUNK_PRICE: u32 = 8;
/// The same of one that is longer than another one by a few segments.
const SHORTCUT_PRICE: u32 = 32;

impl Path {
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

    /// Keeps the segments of a path of `count` that was just found as a trunk; `stack` is what those
    /// from the branch on make.
    #[cold]
    #[inline(never)]
    pub(super) fn keep_trunk(
        &mut self,
        branch: Branch,
        count: usize,
        runs: &impl Runs,
        stack: StackId,
    ) -> Option<()> {
        self.missed = self.missed.wrapping_add(1);
        let is_shortcut = !branch.further_out.is_null();
        if self.savings
            < if is_shortcut {
                SAVINGS / 2
            } else {
                TRUNK_PRICE
            }
            && !self.missed.is_multiple_of(NOW_AND_THEN)
        {
            return None;
        }
        self.savings = self.savings.saturating_sub(if is_shortcut {
            SHORTCUT_PRICE
        } else {
            TRUNK_PRICE
        });
        // SAFETY: a trunk of the table, if any; copied, because it may be what has to give way.
        let further_out = unsafe { branch.further_out.as_ref() }.copied();
        let trunk = self
            .trunks
            .make_room(branch.key, branch.python, branch.whole)?;
        let mut key = branch.key;
        let mut link = branch.python.entry;
        let mut base_slot = None;
        if !branch.whole {
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
            let is_last = number + 1 == count;
            if segment.end == End::Run && !is_last {
                runs.pin(trunk, self.stops[number + 1].python, &mut link)?;
            }
            // SAFETY: the segment was found to hold.
            key = unsafe { segment.caller(key.bp) };
        }
        if let Some(further_out) = further_out {
            trunk.append(&further_out)?;
        }
        trunk.complete(branch.key, stack)
    }
}
