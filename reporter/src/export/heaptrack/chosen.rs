//! Which blocks pass a filter: of many that is known only when they die, so it takes a replay of its
//! own, before the one that tells of them.

use crate::hashing::NumberMap;
use crate::profile::{Asking, Passing};
use crate::replay::{Answers, Atoms, Context, MarkSeen, Observer, Share, Stamp};
use memprof_wire::units::{Microseconds, TypeId};

/// Some of all births of a recording, one bit each.
#[derive(Debug, Default)]
pub struct Births(Vec<u64>);

impl Births {
    /// Whether this one is among them.
    pub fn contains(&self, born: Stamp) -> bool {
        let word = self.0.get((born.0 / 64) as usize);
        word.is_some_and(|word| word >> (born.0 % 64) & 1 != 0)
    }

    fn set(&mut self, born: Stamp, chosen: bool) {
        let place = (born.0 / 64) as usize;
        if chosen {
            if place >= self.0.len() {
                self.0.resize(place + 1, 0);
            }
            self.0[place] |= 1 << (born.0 % 64);
        } else if let Some(word) = self.0.get_mut(place) {
            *word &= !(1 << (born.0 % 64));
        }
    }
}

/// The birth of a block that was thought to be lost at a moment: its own, or a new one where others were
/// born since.
pub(super) fn comes_back_as(context: Context<'_>, lost_at: Stamp, born: Stamp) -> Stamp {
    match context.ledger.births {
        now if now == lost_at => born,
        now => Stamp(now.0 + 1),
    }
}

/// Finds out which blocks pass. What was told last of one counts: a loss that did not happen is followed by one
/// that did, and of a mapping that goes in parts the last one decides.
pub struct Choosing<'a> {
    asking: Asking<'a>,
    atoms: Atoms,
    /// What was found out of rows, types and answers.
    known: NumberMap<(u32, u32, u16), bool>,
    births: Births,
}

/// A type that nobody read.
const NO_TYPE: u32 = u32::MAX;

impl<'a> Choosing<'a> {
    /// Whom to ask, and the questions about single blocks that this takes.
    pub fn new(passing: &'a Passing<'a>, atoms: Atoms) -> Self {
        Self {
            asking: passing.ask(),
            atoms,
            known: NumberMap::default(),
            births: Births::default(),
        }
    }

    /// What passed.
    pub fn finish(self) -> Births {
        self.births
    }

    fn choose(&mut self, share: Share, type_id: Option<TypeId>, answers: Answers) {
        let key = (share.row.0, type_id.map_or(NO_TYPE, |id| id.0), answers.0);
        let asking = &mut self.asking;
        let passes = self.known.entry(key);
        let passes = *passes.or_insert_with(|| asking.passes(share.row, type_id, answers));
        self.births.set(share.born, passes);
    }
}

impl Observer for Choosing<'_> {
    fn lost(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        let now = context.ledger.now;
        let answers = self.atoms.answers(share, Some(now), now);
        self.choose(share, type_id, answers);
    }

    fn time(&mut self, context: Context<'_>, new: Microseconds) {
        self.atoms.time(context.ledger.births, new);
    }

    fn mark(&mut self, _: Context<'_>, mark: &MarkSeen) {
        self.atoms.mark(mark);
    }

    fn survivor(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        let answers = self.atoms.answers(share, None, context.ledger.now);
        self.choose(share, type_id, answers);
    }
}

#[cfg(test)]
mod tests {
    use super::{Births, Stamp};

    #[test]
    fn births_are_chosen_one_by_one() {
        let mut births = Births::default();
        for born in [1, 63, 64, 1000] {
            births.set(Stamp(born), true);
        }
        births.set(Stamp(64), false);
        births.set(Stamp(5000), false);
        let chosen: Vec<u64> = (0..6000)
            .filter(|born| births.contains(Stamp(*born)))
            .collect();
        assert_eq!(chosen, [1, 63, 1000]);
    }
}
