//! How old blocks are, in ranges that people tell apart.

use crate::replay::{Answers, Atom};
use memprof_wire::units::Microseconds;
use std::fmt;

/// Where each range but the first begins, and what it is called.
const BORDERS: [(u64, &str); 7] = [
    (10_000, "10 ms"),
    (100_000, "100 ms"),
    (1_000_000, "1 s"),
    (10_000_000, "10 s"),
    (60_000_000, "1 min"),
    (600_000_000, "10 min"),
    (3_600_000_000, "1 h"),
];

/// A range of ages: over so many borders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Age(u8);

impl Age {
    /// How many questions it takes to find the range of a block.
    pub const QUESTIONS: usize = BORDERS.len();

    /// Those questions.
    pub fn questions() -> impl Iterator<Item = Atom> {
        BORDERS
            .map(|(time, _)| Atom::Older(Microseconds(time)))
            .into_iter()
    }

    /// The range, from the answers to the questions, the first of which has this place.
    pub fn of(answers: Answers, first: usize) -> Self {
        let borders = (first..first + BORDERS.len()).filter(|&place| answers.get(place));
        Self(borders.count() as u8)
    }

    /// The ages of the range in seconds; the last one has no end.
    pub fn seconds(self) -> (f64, Option<f64>) {
        let border = |place: usize| BORDERS.get(place).map(|(time, _)| *time as f64 / 1e6);
        let place = usize::from(self.0);
        let least = place.checked_sub(1).and_then(border);
        (least.unwrap_or(0.0), border(place))
    }
}

impl fmt::Display for Age {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = usize::from(self.0);
        match (place.checked_sub(1), BORDERS.get(place)) {
            (None, _) => write!(out, "up to {}", BORDERS[0].1),
            (Some(before), Some((_, end))) => write!(out, "{} to {end}", BORDERS[before].1),
            (Some(before), None) => write!(out, "over {}", BORDERS[before].1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Age;
    use crate::replay::Answers;

    #[test]
    fn ranges_follow_one_another() {
        // two questions of somebody else come first
        let age = |borders: u16| Age::of(Answers(((1 << borders) - 1) << 2 | 0b11), 2);
        let names: Vec<String> = (0..=7).map(|borders| age(borders).to_string()).collect();
        assert_eq!(names[0], "up to 10 ms");
        assert_eq!(names[3], "1 s to 10 s");
        assert_eq!(names[7], "over 1 h");
        for borders in 0..7 {
            assert_eq!(age(borders).seconds().1, Some(age(borders + 1).seconds().0));
        }
        assert_eq!(age(7).seconds(), (3600.0, None));
    }
}
