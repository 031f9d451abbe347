//! How the rows of a profile developed over the run, and how much of what they allocated survived.

use super::build::build_tagged;
use super::{Profile, ProfileError, Request, Totals};
use crate::recording::Recording;
use crate::replay::{DetailedTotals, Growth, Look, Observer, Peak, Replay, Seen};

/// What the totals of a row say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// So much was alive at the moment that was asked for.
    Alive,
    /// So much was ever allocated.
    Allocated,
    /// So much was seen from one moment of the run to another one.
    Seen(Seen),
}

/// What was alive at many moments, and what more is known of the same rows.
#[derive(Debug)]
pub struct Development {
    /// The rows. Their sum means nothing: each is a [`Part`].
    pub profile: Profile,
    /// For each row, what its totals say.
    pub parts: Vec<Part>,
    /// The moments.
    looks: Vec<Look>,
}

impl Development {
    /// What a replay found, up to the end of the program's own code where that is known: what the
    /// interpreter's shutdown frees says nothing about a leak. `more` may be there of each row.
    ///
    /// # Errors
    ///
    /// When there is no such thread as was asked for.
    pub fn new<O: Observer>(
        recording: &Recording,
        replay: &Replay<O>,
        growth: &Growth,
        more: impl Iterator<Item = (DetailedTotals, Part)>,
        request: &Request,
    ) -> Result<Self, ProfileError> {
        let last = growth.main_end();
        let last = last.unwrap_or_else(|| growth.looks().len().saturating_sub(1));
        let looks: Vec<Look> = growth.looks().iter().take(last + 1).copied().collect();
        let found = growth
            .seen()
            .filter(|(_, seen)| usize::from(seen.first) <= last)
            .map(|(found, seen)| (found, Part::Seen(seen)));
        let recorded = (recording, &replay.definitions, &replay.rows);
        let state = Peak {
            time: looks.last().map(|look| look.time).unwrap_or_default(),
            ..Peak::default()
        };
        let moment = request.moment.to_string();
        let found = found.chain(more);
        let (profile, parts) = build_tagged(recorded, found, request, moment, state)?;
        Ok(Self {
            profile,
            parts,
            looks,
        })
    }

    /// Of rows alone, without moments.
    #[cfg(test)]
    pub(crate) fn of(profile: Profile, parts: Vec<Part>) -> Self {
        Self {
            profile,
            parts,
            looks: Vec::new(),
        }
    }

    /// How many bytes all rows together had at each moment.
    pub fn bytes(&self) -> Vec<i64> {
        let mut changes = vec![0i64; self.looks.len() + 1];
        let last = self.looks.len();
        for (row, part) in self.profile.rows.iter().zip(&self.parts) {
            if let Part::Seen(seen) = part {
                changes[usize::from(seen.first).min(last)] += row.totals.bytes;
                changes[usize::from(seen.gone).min(last)] -= row.totals.bytes;
            }
        }
        let all = changes.iter().take(last);
        all.scan(0, |sum, change| {
            *sum += change;
            Some(*sum)
        })
        .collect()
    }

    /// When the moments were, in seconds from the start.
    pub fn seconds(&self) -> Vec<f64> {
        let looks = self.looks.iter();
        looks.map(|look| look.time.0 as f64 / 1e6).collect()
    }

    /// How much of each group the rows of one part are; `groups` has the group of each row, or none.
    pub fn sums(&self, wanted: Part, number: usize, groups: &[Option<usize>]) -> Vec<Totals> {
        let mut sums = vec![Totals::ZERO; number];
        let rows = self.profile.rows.iter().zip(&self.parts).zip(groups);
        for ((row, part), group) in rows {
            if *part == wanted
                && let Some(group) = *group
            {
                sums[group] += row.totals;
            }
        }
        sums
    }

    /// Tells of each group that was ever seen how much of it there was at each moment.
    pub fn courses(&self, groups: &[Option<usize>], mut tell: impl FnMut(usize, &Course<'_>)) {
        let mut rows: Vec<(usize, Seen, Totals)> = Vec::new();
        for ((row, part), group) in self.profile.rows.iter().zip(&self.parts).zip(groups) {
            if let (Part::Seen(seen), Some(group)) = (part, group) {
                rows.push((*group, *seen, row.totals));
            }
        }
        rows.sort_unstable_by_key(|(group, seen, _)| (*group, *seen));
        let mut totals = vec![Totals::ZERO; self.looks.len()];
        for rows in rows.chunk_by(|one, other| one.0 == other.0) {
            // first how much came and went at each moment, then the running sums
            totals.fill(Totals::ZERO);
            for (_, seen, share) in rows {
                totals[usize::from(seen.first)] += *share;
                if let Some(gone) = totals.get_mut(usize::from(seen.gone)) {
                    *gone -= *share;
                }
            }
            let mut now = Totals::ZERO;
            for totals in &mut totals {
                now += *totals;
                *totals = now;
            }
            let left = rows
                .iter()
                .filter(|(_, seen, _)| usize::from(seen.gone) >= self.looks.len());
            let births = left.map(|(_, seen, _)| usize::from(seen.born));
            let (oldest, newest) = births.fold((usize::MAX, 0), |(low, high), first| {
                (low.min(first), high.max(first))
            });
            let time = |look: usize| self.looks[look].time.0 as f64 / 1e6;
            let course = Course {
                totals: &totals,
                ages: (oldest <= newest)
                    .then(|| (oldest.checked_sub(1).map_or(0.0, time), time(newest))),
            };
            tell(rows[0].0, &course);
        }
    }
}

/// How a group developed.
#[derive(Debug)]
pub struct Course<'a> {
    /// How much there was of it at each moment.
    pub totals: &'a [Totals],
    /// Seconds from the start between which everything was allocated that was left at the last
    /// moment.
    pub ages: Option<(f64, f64)>,
}
