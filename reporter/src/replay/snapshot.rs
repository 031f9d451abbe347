//! What the heap is made of at one moment, found in a single pass.
//!
//! Nothing is counted while the heap grows. A block that is freed *after* the moment, and was born
//! before it, was alive at it; so is one that is never freed and was born before it. That is all
//! there is to count, and it comes with the type of the object, which is only known when it dies.
//! The peak is a moment that moves: whenever a new one is found, what was counted for the old one
//! is void, which each row finds out when it is next touched.

mod detail;
mod span;

pub use detail::{Detail, DetailedTotals};
pub use span::{Bound, Span};

use super::atoms::{Answers, Atoms};
use super::definitions::MarkSeen;
use super::ledger::{Ledger, Peak, Share, Stamp};
use super::observer::{Context, Lost, Observer};
use super::rows::RowId;
use crate::hashing::NumberMap;
use crate::profile::Totals;
use memprof_wire::units::{Microseconds, TypeId};

/// A moment, once it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reached {
    stamp: Stamp,
    state: Peak,
}

/// Collects what is alive at the end of a [`Span`].
#[derive(Debug)]
pub struct Snapshot {
    span: Span,
    detail: Detail,
    at_once: bool,
    /// Whether the moment came before the span began.
    backwards: bool,
    after: Option<Reached>,
    until: Option<Reached>,
    cells: Vec<Cell>,
    known: NumberMap<(u32, u64, u16), u32>,
    atoms: Atoms,
    /// The cell last counted in of each row: the next block is likely of the same type.
    recent: Vec<u32>,
}

/// The count of one row and detail.
#[derive(Clone, Copy, Debug)]
struct Cell {
    row: RowId,
    /// A [`Detail::word`].
    detail: u64,
    answers: Answers,
    /// The moment that it is counted for.
    moment: Stamp,
    totals: Totals,
}

const NO_CELL: u32 = u32::MAX;

impl Snapshot {
    /// Of the end of this span.
    pub fn new(span: Span, detail: Detail) -> Self {
        let start = Reached {
            stamp: Stamp::START,
            state: Peak::default(),
        };
        Self {
            after: (span.after == Bound::Start).then_some(start),
            until: None,
            span,
            detail,
            at_once: false,
            backwards: false,
            cells: Vec::new(),
            known: NumberMap::default(),
            atoms: Atoms::default(),
            recent: Vec::new(),
        }
    }

    /// Asks these questions about each block, too.
    #[must_use]
    pub fn asking(mut self, atoms: Atoms) -> Self {
        self.atoms = atoms;
        self
    }

    /// Counts what is alive as soon as the moment has come, where the replay allows it. For those who
    /// ask for nothing that is only known at the death of a block.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    /// What was alive; rows with nothing are left out.
    pub fn totals(&self) -> impl Iterator<Item = DetailedTotals> {
        let moment = self.until.map(|until| until.stamp);
        self.cells
            .iter()
            .filter(move |cell| Some(cell.moment) == moment && !cell.totals.is_zero())
            .map(|cell| DetailedTotals::new(cell.row.0, cell.detail, cell.answers, cell.totals))
    }

    /// The state of the whole heap at the moment, if it came.
    pub fn until(&self) -> Option<Peak> {
        self.until.map(|until| until.state)
    }

    /// The state of the whole heap where the span began, if it came.
    pub fn after(&self) -> Option<Peak> {
        self.after.map(|after| after.state)
    }

    /// Whether the span began, and ended no earlier, as far as their order is known. Where it is not
    /// so nothing may have been born in between, so that it is a span all the same.
    pub fn came_in_order(&self) -> bool {
        self.after.is_some() && self.until.is_some() && !self.backwards
    }

    /// The span that was asked for.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// Whether a share belongs into the picture, and of which moment.
    #[inline(always)]
    fn moment(&self, ledger: &Ledger, born: Stamp) -> Option<Stamp> {
        let after = self.after?.stamp;
        let until = match self.until {
            Some(until) => until.stamp,
            None if self.span.until == Bound::Peak => ledger.peak.stamp,
            None => return None,
        };
        (after < born && born <= until).then_some(until)
    }

    fn count(
        &mut self,
        context: Context<'_>,
        moment: Stamp,
        share: Share,
        type_id: Option<TypeId>,
        died: Option<Microseconds>,
        totals: Totals,
    ) {
        let until = self.until.map(|until| until.state);
        let until = until.unwrap_or(context.ledger.peak);
        let answers = self.atoms.answers(share, died, until.time);
        let detail = self.detail.of(context.rows, share, type_id);
        let row = share.row.0 as usize;
        if row >= self.recent.len() {
            self.recent.resize(row + 1, NO_CELL);
        }
        let recent = self.recent[row];
        let place = match self.cells.get(recent as usize) {
            Some(cell) if cell.detail == detail && cell.answers == answers => recent,
            _ => self.cell(share.row, detail, answers),
        };
        let cell = &mut self.cells[place as usize];
        if cell.moment != moment {
            cell.moment = moment;
            cell.totals = Totals::ZERO;
        }
        cell.totals += totals;
    }

    /// The cell of a row and detail, which becomes the recent one.
    fn cell(&mut self, row: RowId, detail: u64, answers: Answers) -> u32 {
        let new = self.cells.len() as u32;
        let place = *self.known.entry((row.0, detail, answers.0)).or_insert(new);
        if place == new {
            let totals = Totals::ZERO;
            self.cells.push(Cell {
                row,
                detail,
                answers,
                moment: Stamp::START,
                totals,
            });
        }
        self.recent[row.0 as usize] = place;
        place
    }

    fn reach(&mut self, ledger: &Ledger, what: impl Fn(&Bound) -> bool) {
        let state = Peak {
            heap: ledger.heap(),
            files: ledger.files,
            reserved: ledger.reserved,
            stamp: ledger.births,
            time: ledger.now,
        };
        let reached = Reached {
            stamp: ledger.births,
            state,
        };
        if self.after.is_none() && what(&self.span.after) {
            self.after = Some(reached);
        }
        if self.until.is_none() && what(&self.span.until) {
            self.until = Some(reached);
            self.backwards = self.after.is_none();
        }
    }
}

impl Observer for Snapshot {
    #[inline(always)]
    fn lost(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if let Some(moment) = self.moment(context.ledger, share.born) {
            let died = Some(context.ledger.now);
            self.count(context, moment, share, type_id, died, share.totals);
        }
    }

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        // otherwise it comes back as a newborn, and what was counted stays right
        if context.ledger.births == lost.at
            && let Some(moment) = self.moment(context.ledger, lost.share.born)
        {
            self.count(
                context,
                moment,
                lost.share,
                lost.type_id,
                Some(context.ledger.now),
                -lost.share.totals,
            );
        }
    }

    #[inline(always)]
    fn time(&mut self, context: Context<'_>, new: Microseconds) {
        self.reach(
            context.ledger,
            |bound| matches!(bound, Bound::Time(time) if *time < new),
        );
        self.atoms.time(context.ledger.births, new);
    }

    fn mark(&mut self, context: Context<'_>, mark: &MarkSeen) {
        self.atoms.mark(mark);
        let name = mark.label();
        self.reach(
            context.ledger,
            |bound| matches!(bound, Bound::Mark(wanted) if *wanted == name),
        );
    }

    fn is_done(&self) -> bool {
        self.at_once && self.until.is_some()
    }

    fn end(&mut self, context: Context<'_>) {
        self.reach(context.ledger, |bound| {
            matches!(bound, Bound::End | Bound::Time(_))
        });
        if self.span.until == Bound::Peak {
            let state = context.ledger.peak;
            self.until = Some(Reached {
                stamp: state.stamp,
                state,
            });
        }
    }

    /// At the end of the recording a process that is gone is taken as it was at its own end.
    fn ended(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if self.span.until != Bound::End {
            self.lost(context, share, type_id);
        }
    }

    fn left(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if self.span.until == Bound::End {
            self.survivor(context, share, type_id);
        }
    }

    fn survivor(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if let Some(moment) = self.moment(context.ledger, share.born) {
            self.count(context, moment, share, type_id, None, share.totals);
        }
    }
}
