//! What the heap is made of at one moment, found in a single pass.
//!
//! Nothing is counted while the heap grows. A block that is freed *after* the moment, and was born
//! before it, was alive at it; so is one that is never freed and was born before it. That is all
//! there is to count, and it comes with the type of the object, which is only known when it dies.
//! The peak is a moment that moves: whenever a new one is found, what was counted for the old one
//! is void, which each row finds out when it is next touched.

use super::atoms::{Answers, Atoms};
use super::definitions::MarkSeen;
use super::ledger::{Ledger, Peak, Share, Stamp};
use super::observer::{Context, Lost, Observer};
use super::rows::{RowId, Rows};
use crate::hashing::NumberMap;
use crate::profile::Totals;
use memprof_wire::allocator::Domain;
use memprof_wire::units::{Microseconds, TypeId};
use std::fmt;

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

impl fmt::Display for Bound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => out.write_str("start"),
            Self::Peak => out.write_str("peak"),
            Self::End => out.write_str("end"),
            Self::Time(Microseconds(time)) => write!(out, "{}s", *time as f64 / 1e6),
            Self::Mark(name) => out.write_str(name),
        }
    }
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

/// What is told apart within a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// The type of the object.
    #[default]
    Type,
    /// The size of the block. Mappings have none: they are cut and grow.
    Size,
    /// Both.
    TypeAndSize,
    /// Nothing.
    Neither,
}

impl Detail {
    /// Whether types are told apart.
    pub fn has_types(self) -> bool {
        matches!(self, Self::Type | Self::TypeAndSize)
    }

    /// What is told apart as one word: the type plus one in the upper 24 bits, the size plus one
    /// in the lower 40, 0 where there is none.
    pub(super) fn word(self, type_id: Option<TypeId>, size: Option<u64>) -> u64 {
        let type_id = type_id.filter(|_| self.has_types());
        let size = size.filter(|_| matches!(self, Self::Size | Self::TypeAndSize));
        let upper = type_id.map_or(0, |type_id| u64::from(type_id.0) + 1);
        let lower = size.map_or(0, |size| size.saturating_add(1).min(SIZE_MASK));
        upper << SIZE_BITS | lower
    }

    /// The word of a block: a mapping has no size of its own, as parts of it come and go.
    #[inline(always)]
    pub(super) fn of(self, rows: &Rows, share: Share, type_id: Option<TypeId>) -> u64 {
        let domain = rows.get(share.row).allocator.domain();
        let size = (domain != Domain::Mapping).then_some(share.totals.bytes as u64);
        self.word(type_id, size)
    }
}

const SIZE_BITS: u32 = 40;
const SIZE_MASK: u64 = (1 << SIZE_BITS) - 1;

/// The opposite of [`Detail::word`].
fn split(word: u64) -> (Option<TypeId>, Option<u64>) {
    let type_id = (word >> SIZE_BITS)
        .checked_sub(1)
        .map(|type_id| TypeId(type_id as u32));
    (type_id, (word & SIZE_MASK).checked_sub(1))
}

/// What was alive in one row, of one type or size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetailedTotals {
    /// The row.
    pub row: RowId,
    /// The type, where it is known and was asked for.
    pub type_id: Option<TypeId>,
    /// The size in bytes, where it was asked for; mappings have none.
    pub size: Option<u64>,
    /// What was answered about each of these blocks.
    pub answers: Answers,
    /// How much.
    pub totals: Totals,
}

impl DetailedTotals {
    /// Of a whole row.
    pub fn of_row((row, totals): (RowId, Totals)) -> Self {
        Self::new(row.0, 0, Answers::default(), totals)
    }

    /// From a [`Detail::word`].
    pub(super) fn new(row: u32, word: u64, answers: Answers, totals: Totals) -> Self {
        let (type_id, size) = split(word);
        Self {
            row: RowId(row),
            type_id,
            size,
            answers,
            totals,
        }
    }
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
