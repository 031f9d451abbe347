//! Blocks that did not live long: freed within N further allocations of their thread.

use super::ledger::{Share, Stamp};
use super::observer::{Context, Lost, Observer};
use super::rows::RowId;
use crate::profile::Totals;
use memprof_wire::units::TypeId;

/// Counts short-lived blocks, by row.
#[derive(Debug)]
pub struct Temporary {
    within: usize,
    threads: Vec<Recent>,
    totals: Vec<Totals>,
}

/// The stamps of a thread's last allocations, as many as matter.
#[derive(Clone, Debug, Default)]
struct Recent {
    /// The oldest of them once there are enough, and before that the first stamp of all.
    bound: Stamp,
    stamps: Vec<Stamp>,
    /// The oldest of them, which is overwritten next.
    oldest: usize,
}

impl Temporary {
    /// Blocks that were freed before their thread had allocated more than `within` others.
    pub fn new(within: usize) -> Self {
        Self {
            within,
            threads: Vec::new(),
            totals: Vec::new(),
        }
    }

    /// The short-lived blocks of each row that had any.
    pub fn totals(&self) -> impl Iterator<Item = (RowId, Totals)> {
        self.totals
            .iter()
            .enumerate()
            .filter(|(_, totals)| !totals.is_zero())
            .map(|(row, &totals)| (RowId(row as u32), totals))
    }

    /// A block is short-lived if it is no older than the thread's allocation before the last
    /// `within` ones. Of a thread that made fewer, every block is.
    #[inline(always)]
    pub(super) fn is_temporary(&self, context: Context<'_>, share: &Share) -> bool {
        let thread = context.rows.get(share.row).stream.0 as usize;
        self.threads
            .get(thread)
            .is_none_or(|recent| share.born >= recent.bound)
    }

    fn count(&mut self, row: RowId, totals: Totals) {
        let row = row.0 as usize;
        if row >= self.totals.len() {
            self.totals.resize(row + 1, Totals::ZERO);
        }
        self.totals[row] += totals;
    }
}

impl Observer for Temporary {
    #[inline(always)]
    fn allocated(&mut self, context: Context<'_>, row: RowId, _: u64, born: Stamp) {
        let thread = context.rows.get(row).stream.0 as usize;
        if thread >= self.threads.len() {
            self.threads.resize(thread + 1, Recent::default());
        }
        let recent = &mut self.threads[thread];
        if recent.stamps.len() <= self.within {
            recent.stamps.push(born);
        } else {
            recent.stamps[recent.oldest] = born;
            recent.oldest += 1;
            if recent.oldest == recent.stamps.len() {
                recent.oldest = 0;
            }
        }
        if recent.stamps.len() > self.within {
            recent.bound = recent.stamps[recent.oldest];
        }
    }

    #[inline(always)]
    fn lost(&mut self, context: Context<'_>, share: Share, _: Option<TypeId>) {
        if self.is_temporary(context, &share) {
            self.count(share.row, share.totals);
        }
    }

    /// Not freed: nobody was done with it.
    fn ended(&mut self, _: Context<'_>, _: Share, _: Option<TypeId>) {}

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        if self.is_temporary(context, &lost.share) {
            self.count(lost.share.row, -lost.share.totals);
        }
    }
}
