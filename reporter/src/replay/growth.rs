//! What was alive of each row at many moments of the run, found in a single pass.
//!
//! A block is counted once, when it dies, with the first moment that saw it alive and the first that
//! did not; most die between two moments and are not counted at all. Moments are taken when so many
//! blocks were born, and when so much time went by in which any were: a program that works hard
//! and one that does little, but with large arrays, both have enough of them, and a pause has none.
//!
//! What is asked about a block's age is answered for each moment that saw it: one that grows old is counted once
//! for each answer, with the moments that it was true at.

use super::atoms::{Answers, Atoms};
use super::definitions::MarkSeen;
use super::ledger::{Ledger, Share, Stamp};
use super::observer::{Context, Lost, Observer};
use super::rows::RowId;
use super::snapshot::{Detail, DetailedTotals};
use crate::hashing::NumberMap;
use crate::profile::Totals;
use memprof_wire::event::MAIN_END;
use memprof_wire::units::{Microseconds, TypeId};

/// A moment at which the heap was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its place in the order.
    pub stamp: Stamp,
    /// When.
    pub time: Microseconds,
    /// Because so many blocks were born: such moments are thinned out when there are too many.
    by_births: bool,
}

/// Blocks of one kind were seen at the moments from `first` up to `gone`, without that one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    /// The first moment that saw them.
    pub first: u16,
    /// The first later moment that did not, or at which the answers about their age were others.
    pub gone: u16,
    /// The first moment that saw them at whatever age.
    pub born: u16,
}

/// Counts memory by the moments that saw it.
#[derive(Debug)]
pub struct Growth {
    looks: Vec<Look>,
    main_end: Option<usize>,
    births_between: u64,
    next_births: u64,
    time_between: u64,
    next_time: u64,
    counts: NumberMap<Key, Totals>,
    detail: Detail,
    atoms: Atoms,
}

/// A row, a word of detail, answers, and when it was seen.
type Key = (u32, u64, u16, Seen);

/// Moments by births are at most twice, those by time at most as many as this.
const LOOKS: usize = 64;

impl Growth {
    /// For a recording of this duration; told apart as finely as asked for.
    pub fn new(duration: Microseconds, detail: Detail, atoms: Atoms) -> Self {
        let births_between = 256;
        let time_between = duration.0.div_ceil(LOOKS as u64).max(1000);
        Self {
            looks: Vec::new(),
            main_end: None,
            births_between,
            next_births: births_between,
            time_between,
            next_time: time_between,
            counts: NumberMap::default(),
            detail,
            atoms,
        }
    }

    /// The moments, in their order; the last one is the end of the recording.
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// Which moment is the end of the program's own code, if it was seen.
    pub fn main_end(&self) -> Option<usize> {
        self.main_end
    }

    /// What any moment saw.
    pub fn seen(&self) -> impl Iterator<Item = (DetailedTotals, Seen)> {
        let counts = self.counts.iter().filter(|(_, totals)| !totals.is_zero());
        counts.map(|(&(row, word, answers, seen), &totals)| {
            let found = DetailedTotals::new(row, word, Answers(answers), totals);
            (found, seen)
        })
    }

    #[inline(always)]
    fn last_stamp(&self) -> Stamp {
        self.looks.last().map_or(Stamp::START, |look| look.stamp)
    }

    fn count(
        &mut self,
        context: Context<'_>,
        share: Share,
        type_id: Option<TypeId>,
        died: Option<Microseconds>,
        totals: Totals,
    ) {
        let born = self.looks.partition_point(|look| look.stamp < share.born);
        if born == self.looks.len() {
            return;
        }
        let word = self.detail.of(context.rows, share, type_id);
        let mut first = born;
        while let Some(look) = self.looks.get(first) {
            let answers = self.atoms.answers(share, died, look.time);
            let gone = match self.atoms.until(share.born, look.time) {
                Some(until) => self.looks.partition_point(|look| look.time <= until),
                None => self.looks.len(),
            };
            let seen = Seen {
                first: first as u16,
                gone: gone as u16,
                born: born as u16,
            };
            let key = (share.row.0, word, answers.0, seen);
            *self.counts.entry(key).or_default() += totals;
            first = gone;
        }
    }

    #[inline(never)]
    fn look(&mut self, ledger: &Ledger, time: Microseconds, by_births: bool) {
        let stamp = ledger.births;
        self.looks.push(Look {
            stamp,
            time,
            by_births,
        });
        self.next_births = stamp.0 + self.births_between;
        let taken = self.looks.iter().filter(|look| look.by_births).count();
        if taken > 2 * LOOKS {
            self.thin_out();
        }
    }

    /// Forgets every second moment that was taken by births.
    fn thin_out(&mut self) {
        self.births_between *= 2;
        // for each moment, how many are kept before it
        let mut kept_before = Vec::with_capacity(self.looks.len() + 1);
        let mut kept = Vec::with_capacity(self.looks.len());
        let mut drop_next = true;
        for (place, look) in self.looks.iter().enumerate() {
            kept_before.push(kept.len() as u16);
            let drop = look.by_births && drop_next && self.main_end != Some(place);
            drop_next ^= look.by_births;
            if !drop {
                kept.push(*look);
            }
        }
        kept_before.push(kept.len() as u16);
        let kept_before = |place: u16| kept_before[usize::from(place)];
        let main_end = self.main_end.map(|place| kept_before(place as u16));
        self.main_end = main_end.map(usize::from);
        self.looks = kept;
        let counts = std::mem::take(&mut self.counts);
        for ((row, word, answers, seen), totals) in counts {
            let seen = Seen {
                first: kept_before(seen.first),
                gone: kept_before(seen.gone),
                born: kept_before(seen.born),
            };
            if seen.first != seen.gone {
                let key = (row, word, answers, seen);
                *self.counts.entry(key).or_default() += totals;
            }
        }
    }
}

impl Observer for Growth {
    #[inline(always)]
    fn allocated(&mut self, context: Context<'_>, _: RowId, _: u64, born: Stamp) {
        if born.0 >= self.next_births {
            self.look(context.ledger, context.ledger.now, true);
        }
    }

    #[inline(always)]
    fn lost(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if share.born <= self.last_stamp() {
            let died = Some(context.ledger.now);
            self.count(context, share, type_id, died, share.totals);
        }
    }

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        // otherwise it comes back as a newborn
        if context.ledger.births == lost.at {
            let died = Some(context.ledger.now);
            self.count(context, lost.share, lost.type_id, died, -lost.share.totals);
        }
    }

    fn time(&mut self, context: Context<'_>, new: Microseconds) {
        if new.0 >= self.next_time {
            self.next_time = (new.0 / self.time_between + 1) * self.time_between;
            if context.ledger.births > self.last_stamp() {
                self.look(context.ledger, new, false);
            }
        }
        self.atoms.time(context.ledger.births, new);
    }

    fn mark(&mut self, context: Context<'_>, mark: &MarkSeen) {
        self.atoms.mark(mark);
        if mark.name == MAIN_END && self.main_end.is_none() {
            self.main_end = Some(self.looks.len());
            self.look(context.ledger, context.ledger.now, false);
        }
    }

    fn end(&mut self, context: Context<'_>) {
        self.look(context.ledger, context.ledger.now, false);
    }

    fn survivor(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.count(context, share, type_id, None, share.totals);
    }
}

#[cfg(test)]
#[path = "growth_tests.rs"]
mod tests;
