//! Paths that were walked, kept as segments.

use super::{Path, place};
use crate::stack::native::frame::Frame;
use crate::stack::native::rule;
use crate::stack::native::segment::{End, FRAMES, Likeness, Segment};

/// Keeping a path costs as much as so many events.
const PRICE: u64 = 16;

impl Path {
    /// Keeps a path that was walked: all frames, the first standing for what is outside. `position`
    /// tells how far the stream is, in bytes.
    pub fn keep(&mut self, frames: &[Frame], position: u64) {
        if !self.savings.pay(PRICE, position) || !self.begin(rule::generation()) {
            return;
        }
        let round = self.serial + 1;
        let mut first = 1;
        while first < frames.len() {
            let behind = (first + FRAMES).min(frames.len());
            let end = if first == 1 {
                End::Outermost
            } else {
                End::Frames
            };
            if !self.keep_part(&frames[..behind], first, end, round) {
                return;
            }
            first = behind;
        }
    }

    /// Keeps the frames from `first` to the last one, as one segment or as several.
    fn keep_part(&mut self, mut frames: &[Frame], first: usize, end: End, round: u32) -> bool {
        let mut left = FRAMES;
        while left > 0 {
            left -= 1;
            let Some(segment) = Segment::of(frames, first, end, false) else {
                return false;
            };
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
                    let Some(segment) = Segment::of(frames, outermost, end, true) else {
                        return false;
                    };
                    self.put(segment, round);
                    count
                }
            };
            let rest = frames.len() - count;
            if rest <= first {
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
