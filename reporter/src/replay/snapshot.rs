//! What the heap is made of at one moment, found in a single pass.
//!
//! Nothing is counted while the heap grows. A block that is freed *after* the moment, and was born
//! before it, was alive at it; so is one that is never freed and was born before it. That is all
//! there is to count, and it comes with the type of the object, which is only known when it dies.
//! The peak is a moment that moves: whenever a new one is found, what was counted for the old one
//! is void, which each row finds out when it is next touched.

use super::definitions::MarkSeen;
use super::ledger::{Ledger, Peak, Share, Stamp};
use super::observer::{Context, Lost, Observer};
use super::rows::RowId;
use crate::profile::Totals;
use memprof_wire::units::{Microseconds, TypeId};

/// A moment that is still to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Before the first event.
    Start,
    /// When the heap is largest.
    Peak,
    /// After the last event.
    End,
    /// After everything that happened up to this time.
    Time(Microseconds),
    /// At the first mark with this [`MarkSeen::label`].
    Mark(String),
}

/// Born after `after`, and alive at `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// [`Bound::Start`] for everything that was alive.
    pub after: Bound,
    /// The moment.
    pub until: Bound,
}

impl Span {
    /// Everything that was alive at a moment.
    pub fn at(until: Bound) -> Self {
        Self {
            after: Bound::Start,
            until,
        }
    }
}

/// A moment, once it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reached {
    stamp: Stamp,
    state: Peak,
}

/// What was alive in one row, of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypedTotals {
    /// The row.
    pub row: RowId,
    /// The type, where it is known.
    pub type_id: Option<TypeId>,
    /// How much.
    pub totals: Totals,
}

/// Collects what is alive at the end of a [`Span`].
#[derive(Debug)]
pub struct Snapshot {
    span: Span,
    after: Option<Reached>,
    until: Option<Reached>,
    /// The cells of each row, newest use first.
    first: Vec<u32>,
    cells: Vec<Cell>,
}

/// The count of one (row, type).
#[derive(Clone, Copy, Debug)]
struct Cell {
    type_id: u32,
    next: u32,
    /// The moment that it is counted for.
    moment: Stamp,
    totals: Totals,
}

const NO_CELL: u32 = u32::MAX;
const NO_TYPE: u32 = u32::MAX;

impl Snapshot {
    /// Of the end of this span.
    pub fn new(span: Span) -> Self {
        let start = Reached {
            stamp: Stamp::START,
            state: Peak::default(),
        };
        Self {
            after: (span.after == Bound::Start).then_some(start),
            until: None,
            span,
            first: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// What was alive; rows with nothing are left out.
    pub fn totals(&self) -> impl Iterator<Item = TypedTotals> {
        let moment = self.until.map(|until| until.stamp);
        self.first
            .iter()
            .enumerate()
            .flat_map(move |(row, &first)| {
                let mut next = first;
                std::iter::from_fn(move || {
                    let cell = *self.cells.get(next as usize)?;
                    next = cell.next;
                    Some(cell)
                })
                .filter(move |cell| Some(cell.moment) == moment && !cell.totals.is_zero())
                .map(move |cell| TypedTotals {
                    row: RowId(row as u32),
                    type_id: (cell.type_id != NO_TYPE).then_some(TypeId(cell.type_id)),
                    totals: cell.totals,
                })
            })
    }

    /// The state of the whole heap at the moment, if it came.
    pub fn until(&self) -> Option<Peak> {
        self.until.map(|until| until.state)
    }

    /// The state of the whole heap where the span began, if it came.
    pub fn after(&self) -> Option<Peak> {
        self.after.map(|after| after.state)
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

    fn count(&mut self, moment: Stamp, row: RowId, type_id: Option<TypeId>, totals: Totals) {
        let type_id = type_id.map_or(NO_TYPE, |type_id| type_id.0);
        let row = row.0 as usize;
        if row >= self.first.len() {
            self.first.resize(row + 1, NO_CELL);
        }
        let mut before = NO_CELL;
        let mut place = self.first[row];
        while let Some(cell) = self.cells.get_mut(place as usize) {
            if cell.type_id == type_id {
                if cell.moment != moment {
                    cell.moment = moment;
                    cell.totals = Totals::ZERO;
                }
                cell.totals += totals;
                if before != NO_CELL {
                    // to the front: the next one is likely of the same type
                    let next = std::mem::replace(&mut cell.next, self.first[row]);
                    self.cells[before as usize].next = next;
                    self.first[row] = place;
                }
                return;
            }
            before = place;
            place = cell.next;
        }
        let next = std::mem::replace(&mut self.first[row], self.cells.len() as u32);
        self.cells.push(Cell {
            type_id,
            next,
            moment,
            totals,
        });
    }

    fn reach(&mut self, ledger: &Ledger, what: impl Fn(&Bound) -> bool) {
        let state = Peak {
            heap: ledger.heap,
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
        }
    }
}

impl Observer for Snapshot {
    #[inline(always)]
    fn lost(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if let Some(moment) = self.moment(context.ledger, share.born) {
            self.count(moment, share.row, type_id, share.totals);
        }
    }

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        // otherwise it comes back as a newborn, and what was counted stays right
        if context.ledger.births == lost.at
            && let Some(moment) = self.moment(context.ledger, lost.share.born)
        {
            self.count(moment, lost.share.row, lost.type_id, -lost.share.totals);
        }
    }

    #[inline(always)]
    fn time(&mut self, context: Context<'_>, new: Microseconds) {
        self.reach(
            context.ledger,
            |bound| matches!(bound, Bound::Time(time) if *time < new),
        );
    }

    fn mark(&mut self, context: Context<'_>, mark: &MarkSeen) {
        let name = mark.label();
        self.reach(
            context.ledger,
            |bound| matches!(bound, Bound::Mark(wanted) if *wanted == name),
        );
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

    fn survivor(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.lost(context, share, type_id);
    }
}
