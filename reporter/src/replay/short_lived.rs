//! Blocks that did not live long, told apart by type, size and answers to questions.

use super::allocated::Allocated;
use super::atoms::{Atom, Atoms};
use super::definitions::MarkSeen;
use super::ledger::{Share, Stamp};
use super::observer::{Context, Lost, Observer};
use super::rows::{RowId, Rows};
use super::snapshot::{Detail, DetailedTotals};
use super::temporary::Temporary;
use crate::profile::Totals;
use memprof_wire::units::{Microseconds, TypeId};

/// What a short life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShortLife {
    /// Freed before the thread had made more than so many further allocations.
    Within(usize),
    /// Freed no later than this after its birth, as exactly as the clock of a recording tells.
    Lasting(Microseconds),
}

/// Counts blocks of a short life.
#[derive(Debug)]
pub struct ShortLived {
    short: ShortLife,
    recent: Temporary,
    clock: Atoms,
    counted: Allocated,
}

impl ShortLived {
    /// Told apart as finely as asked for.
    pub fn new(short: ShortLife, detail: Detail, atoms: Atoms) -> Self {
        let (within, clock) = match short {
            ShortLife::Within(within) => (within, Atoms::default()),
            ShortLife::Lasting(time) => (0, Atoms::new(vec![Atom::Outlived(time)])),
        };
        Self {
            short,
            recent: Temporary::new(within),
            clock,
            counted: Allocated::new(true, detail, atoms),
        }
    }

    /// The short-lived blocks.
    pub fn totals(&self, rows: &Rows) -> impl Iterator<Item = DetailedTotals> {
        self.counted.totals(rows)
    }

    fn count(
        &mut self,
        context: Context<'_>,
        share: Share,
        type_id: Option<TypeId>,
        totals: Totals,
    ) {
        let died = Some(context.ledger.now);
        let short = match self.short {
            ShortLife::Within(_) => self.recent.is_temporary(context, &share),
            ShortLife::Lasting(_) => !self.clock.answers(share, died, context.ledger.now).get(0),
        };
        if short {
            self.counted.count(context, share, type_id, died, totals);
        }
    }
}

impl Observer for ShortLived {
    fn allocated(&mut self, context: Context<'_>, row: RowId, size: u64, born: Stamp) {
        self.recent.allocated(context, row, size, born);
    }

    fn lost(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.count(context, share, type_id, share.totals);
    }

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        self.count(context, lost.share, lost.type_id, -lost.share.totals);
    }

    fn time(&mut self, context: Context<'_>, new: Microseconds) {
        self.clock.time(context.ledger.births, new);
        self.counted.time(context, new);
    }

    fn mark(&mut self, context: Context<'_>, mark: &MarkSeen) {
        self.counted.mark(context, mark);
    }
}
