//! When memory was born and when it died, in coarse steps of time.

use super::atoms::{Answers, Atoms};
use super::definitions::MarkSeen;
use super::ledger::{Share, Stamp};
use super::observer::{Context, Lost, Observer};
use super::rows::RowId;
use crate::hashing::NumberMap;
use crate::profile::Totals;
use memprof_wire::units::{Microseconds, TypeId};

/// Blocks of one row and type that were born in one step and died in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lived {
    /// The row.
    pub row: RowId,
    /// The type, where it is known.
    pub type_id: Option<TypeId>,
    /// The step they were born in, from 0.
    pub born: u16,
    /// The step they died in; `None` for never.
    pub died: Option<u16>,
    /// What was answered about each of these blocks.
    pub answers: Answers,
    /// How much.
    pub totals: Totals,
}

/// Counts memory by the steps of its birth and its death. What dies in the step of its birth is
/// alive at the end of none, and not counted: that is nearly all.
#[derive(Debug)]
pub struct Lifetimes {
    step: u64,
    steps: u16,
    /// How many births there had been when each step began.
    began: Vec<Stamp>,
    lived: NumberMap<(u32, u32, u32, u16), Totals>,
    atoms: Atoms,
}

const NO_TYPE: u32 = u32::MAX;
const NEVER: u16 = u16::MAX;

impl Lifetimes {
    /// Steps for a recording of this duration.
    pub fn new(duration: Microseconds, steps: u16) -> Self {
        let steps = steps.clamp(1, NEVER - 1);
        Self {
            step: duration.0.div_ceil(u64::from(steps)).max(1),
            steps,
            began: vec![Stamp::START],
            lived: NumberMap::default(),
            atoms: Atoms::default(),
        }
    }

    /// Asks these questions about each block, too.
    #[must_use]
    pub fn asking(mut self, atoms: Atoms) -> Self {
        self.atoms = atoms;
        self
    }

    /// The length of a step.
    pub fn step(&self) -> Microseconds {
        Microseconds(self.step)
    }

    /// What lived beyond the step of its birth.
    pub fn lived(&self) -> impl Iterator<Item = Lived> {
        self.lived
            .iter()
            .filter(|(_, totals)| !totals.is_zero())
            .map(|(&(row, type_id, steps, answers), &totals)| {
                let died = steps as u16;
                Lived {
                    row: RowId(row),
                    type_id: (type_id != NO_TYPE).then_some(TypeId(type_id)),
                    born: (steps >> 16) as u16,
                    died: (died != NEVER).then_some(died),
                    answers: Answers(answers),
                    totals,
                }
            })
    }

    fn now(&self) -> u16 {
        (self.began.len() - 1) as u16
    }

    fn count(
        &mut self,
        now: Microseconds,
        share: Share,
        type_id: Option<TypeId>,
        died: u16,
        totals: Totals,
    ) {
        let began = |stamp: &Stamp| *stamp < share.born;
        let born = (self.began.partition_point(began) - 1) as u16;
        if born != died {
            let type_id = type_id.map_or(NO_TYPE, |type_id| type_id.0);
            let steps = u32::from(born) << 16 | u32::from(died);
            let when = (died != NEVER).then_some(now);
            let answers = self.atoms.answers(share, when, now).0;
            let key = (share.row.0, type_id, steps, answers);
            *self.lived.entry(key).or_default() += totals;
        }
    }
}

impl Observer for Lifetimes {
    #[inline(always)]
    fn lost(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if self.began.last().is_none_or(|began| share.born <= *began) {
            self.count(context.ledger.now, share, type_id, self.now(), share.totals);
        }
    }

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        if context.ledger.births == lost.at {
            self.count(
                context.ledger.now,
                lost.share,
                lost.type_id,
                self.now(),
                -lost.share.totals,
            );
        }
    }

    fn time(&mut self, context: Context<'_>, new: Microseconds) {
        let step = (new.0 / self.step).min(u64::from(self.steps) - 1) as usize;
        while self.began.len() <= step {
            self.began.push(context.ledger.births);
        }
        self.atoms.time(context.ledger.births, new);
    }

    fn mark(&mut self, _: Context<'_>, mark: &MarkSeen) {
        self.atoms.mark(mark);
    }

    fn survivor(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.count(context.ledger.now, share, type_id, NEVER, share.totals);
    }
}

#[cfg(test)]
mod tests {
    use super::{Answers, Lifetimes, Lived};
    use crate::profile::Totals;
    use crate::replay::recorded::{Recorded, allocation, free};
    use crate::replay::{Order, Replay, RowId};
    use memprof_wire::units::Microseconds;

    #[test]
    fn what_outlives_its_step_is_counted_by_birth_and_death() {
        let mut recorded = Recorded::default();
        // a turn is a millisecond, a step ten of them
        recorded
            .turn(0, 1)
            .event(0, allocation(16, 1))
            .event(0, allocation(32, 2));
        recorded
            .turn(0, 5)
            .event(0, free(16))
            .event(0, allocation(48, 4));
        recorded
            .turn(0, 12)
            .event(0, free(32))
            .event(0, allocation(64, 8));
        recorded.turn(0, 39);
        let mut order = Order::new(&recorded, recorded.streams()).expect("in memory");
        let mut replay = Replay::new(4096, Lifetimes::new(Microseconds(40_000), 4));
        order.drive(&mut replay).expect("in memory");
        replay.finish();
        let mut lived: Vec<Lived> = replay.observer.lived().collect();
        lived.sort_by_key(|lived| lived.totals.bytes);
        let of = |born, died, bytes| Lived {
            row: RowId(1),
            type_id: None,
            born,
            died,
            answers: Answers::default(),
            totals: Totals::block(bytes),
        };
        assert_eq!(lived, [of(0, Some(1), 2), of(0, None, 4), of(1, None, 8)]);
    }
}
