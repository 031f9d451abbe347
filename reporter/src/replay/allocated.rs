//! Everything that was ever allocated: what a share of survivors is a share of.

use super::atoms::{Answers, Atoms};
use super::definitions::MarkSeen;
use super::ledger::Share;
use super::observer::{Context, Lost, Observer};
use super::rows::Rows;
use super::snapshot::{Detail, DetailedTotals};
use crate::hashing::NumberMap;
use crate::profile::Totals;
use memprof_wire::units::{Microseconds, TypeId};

/// Of rows alone the sums are known anyway; told apart by type, size and answers to questions,
/// every block is counted once, when it dies or at the end.
#[derive(Debug)]
pub struct Allocated {
    finely: bool,
    detail: Detail,
    atoms: Atoms,
    counts: NumberMap<(u32, u64, u16), Totals>,
}

impl Allocated {
    /// Told apart by more than rows if that is wanted.
    pub fn new(finely: bool, detail: Detail, atoms: Atoms) -> Self {
        Self {
            finely,
            detail,
            atoms,
            counts: NumberMap::default(),
        }
    }

    /// What was allocated in these rows.
    pub fn totals(&self, rows: &Rows) -> impl Iterator<Item = DetailedTotals> {
        let coarse = rows.iter().filter(|_| !self.finely).map(|(row, of)| {
            let word = self.detail.word(None, None);
            DetailedTotals::new(row.0, word, Answers::default(), of.allocated)
        });
        let counts = self.counts.iter().filter(|(_, totals)| !totals.is_zero());
        let fine = counts.map(|(&(row, word, answers), &totals)| {
            DetailedTotals::new(row, word, Answers(answers), totals)
        });
        coarse.chain(fine)
    }

    pub(super) fn count(
        &mut self,
        context: Context<'_>,
        share: Share,
        type_id: Option<TypeId>,
        died: Option<Microseconds>,
        totals: Totals,
    ) {
        if !self.finely {
            return;
        }
        let answers = self.atoms.answers(share, died, context.ledger.now);
        let word = self.detail.of(context.rows, share, type_id);
        *self
            .counts
            .entry((share.row.0, word, answers.0))
            .or_default() += totals;
    }
}

impl Observer for Allocated {
    fn lost(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        let died = Some(context.ledger.now);
        self.count(context, share, type_id, died, share.totals);
    }

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        let died = Some(context.ledger.now);
        let (share, type_id) = (lost.share, lost.type_id);
        self.count(context, share, type_id, died, -share.totals);
    }

    fn time(&mut self, context: Context<'_>, new: Microseconds) {
        self.atoms.time(context.ledger.births, new);
    }

    fn mark(&mut self, _: Context<'_>, mark: &MarkSeen) {
        self.atoms.mark(mark);
    }

    fn survivor(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.count(context, share, type_id, None, share.totals);
    }
}
