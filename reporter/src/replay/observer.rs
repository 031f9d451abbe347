//! What a report wants to know of a replay while it goes on.

use super::definitions::MarkSeen;
use super::ledger::{Ledger, Share, Stamp};
use super::rows::{RowId, Rows};
use super::space::SpaceIndex;
use memprof_wire::units::{Microseconds, TypeId};

/// The state of the replay at an event, after it was booked.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The sums.
    pub ledger: &'a Ledger,
    /// Where blocks come from.
    pub rows: &'a Rows,
}

impl<'a> Context<'a> {
    #[inline(always)]
    pub(super) fn of(ledger: &'a Ledger, rows: &'a Rows) -> Self {
        Self { ledger, rows }
    }
}

/// Part of the heap that was reported as lost, and was not.
#[derive(Clone, Copy, Debug)]
pub struct Lost {
    /// What was not lost.
    pub share: Share,
    /// The type that was told.
    pub type_id: Option<TypeId>,
    /// When it was reported. If a block was born since, this one comes back as a newborn, so
    /// that it belongs to no moment at which it was thought to be gone.
    pub at: Stamp,
}

/// A listener. Every method does nothing unless it is written, and costs nothing then.
pub trait Observer {
    /// Whether it wants to be told by [`Observer::living`] what a census found: that takes a look at
    /// everything alive.
    const WANTS_CENSUS: bool = false;

    /// A block of `size` bytes was born.
    #[inline(always)]
    fn allocated(&mut self, _context: Context<'_>, _row: RowId, _size: u64, _born: Stamp) {}

    /// Part of the heap is gone; `type_id` is the type of the object that died there, if anybody
    /// looked.
    #[inline(always)]
    fn lost(&mut self, _context: Context<'_>, _share: Share, _type_id: Option<TypeId>) {}

    /// Part of a mapping has become part of the heap. [`Observer::allocated`] tells of the call that
    /// mapped it; this tells how much of it counts, also where a reservation became usable.
    fn mapped(&mut self, _context: Context<'_>, _share: Share) {}

    /// What was reported as lost was not: the opposite of [`Observer::lost`].
    fn restored(&mut self, _context: Context<'_>, _lost: Lost) {}

    /// The clock has moved on. Called before anything that happened at the new time; the ledger
    /// still tells the old one.
    #[inline(always)]
    fn time(&mut self, _context: Context<'_>, _new: Microseconds) {}

    /// What follows happened in this address space, until another one is named; before the first
    /// is named, in the first.
    fn enters(&mut self, _space: SpaceIndex) {}

    /// Somebody named this moment.
    fn mark(&mut self, _context: Context<'_>, _mark: &MarkSeen) {}

    /// A census of the address space was complete at this event. What was alive follows, each by
    /// [`Observer::living`].
    fn census(&mut self, _context: Context<'_>) {}

    /// This was alive at the census; its type, if it is an object or something that belongs to one.
    fn living(&mut self, _share: Share, _type_id: Option<TypeId>) {}

    /// Whether nothing that happens from now on matters. What is alive now is told by
    /// [`Observer::survivor`] then. Only a replay of a [window](super::Window) asks.
    #[inline(always)]
    fn is_done(&self) -> bool {
        false
    }

    /// The recording ends here; what is still alive follows, each by [`Observer::survivor`].
    fn end(&mut self, _context: Context<'_>) {}

    /// A process has ended, and this was alive in it. Others go on.
    fn ended(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.lost(context, share, type_id);
    }

    /// At the end, before the survivors: this was alive in a process that had [ended](Self::ended).
    fn left(&mut self, _context: Context<'_>, _share: Share, _type_id: Option<TypeId>) {}

    /// This is alive at the end.
    fn survivor(&mut self, _context: Context<'_>, _share: Share, _type_id: Option<TypeId>) {}
}

/// Nobody listens.
impl Observer for () {}

/// Somebody may listen.
impl<O: Observer> Observer for Option<O> {
    const WANTS_CENSUS: bool = O::WANTS_CENSUS;

    #[inline(always)]
    fn allocated(&mut self, context: Context<'_>, row: RowId, size: u64, born: Stamp) {
        if let Some(observer) = self {
            observer.allocated(context, row, size, born);
        }
    }

    #[inline(always)]
    fn lost(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if let Some(observer) = self {
            observer.lost(context, share, type_id);
        }
    }

    fn mapped(&mut self, context: Context<'_>, share: Share) {
        if let Some(observer) = self {
            observer.mapped(context, share);
        }
    }

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        if let Some(observer) = self {
            observer.restored(context, lost);
        }
    }

    #[inline(always)]
    fn time(&mut self, context: Context<'_>, new: Microseconds) {
        if let Some(observer) = self {
            observer.time(context, new);
        }
    }

    fn mark(&mut self, context: Context<'_>, mark: &MarkSeen) {
        if let Some(observer) = self {
            observer.mark(context, mark);
        }
    }

    fn enters(&mut self, space: SpaceIndex) {
        if let Some(observer) = self {
            observer.enters(space);
        }
    }

    fn census(&mut self, context: Context<'_>) {
        if let Some(observer) = self {
            observer.census(context);
        }
    }

    fn living(&mut self, share: Share, type_id: Option<TypeId>) {
        if let Some(observer) = self {
            observer.living(share, type_id);
        }
    }

    fn end(&mut self, context: Context<'_>) {
        if let Some(observer) = self {
            observer.end(context);
        }
    }

    fn ended(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if let Some(observer) = self {
            observer.ended(context, share, type_id);
        }
    }

    fn left(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if let Some(observer) = self {
            observer.left(context, share, type_id);
        }
    }

    fn survivor(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        if let Some(observer) = self {
            observer.survivor(context, share, type_id);
        }
    }
}

/// Two listen.
impl<A: Observer, B: Observer> Observer for (A, B) {
    const WANTS_CENSUS: bool = A::WANTS_CENSUS || B::WANTS_CENSUS;

    #[inline(always)]
    fn allocated(&mut self, context: Context<'_>, row: RowId, size: u64, born: Stamp) {
        self.0.allocated(context, row, size, born);
        self.1.allocated(context, row, size, born);
    }

    #[inline(always)]
    fn lost(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.0.lost(context, share, type_id);
        self.1.lost(context, share, type_id);
    }

    fn mapped(&mut self, context: Context<'_>, share: Share) {
        self.0.mapped(context, share);
        self.1.mapped(context, share);
    }

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        self.0.restored(context, lost);
        self.1.restored(context, lost);
    }

    #[inline(always)]
    fn time(&mut self, context: Context<'_>, new: Microseconds) {
        self.0.time(context, new);
        self.1.time(context, new);
    }

    fn enters(&mut self, space: SpaceIndex) {
        self.0.enters(space);
        self.1.enters(space);
    }

    fn mark(&mut self, context: Context<'_>, mark: &MarkSeen) {
        self.0.mark(context, mark);
        self.1.mark(context, mark);
    }

    fn census(&mut self, context: Context<'_>) {
        self.0.census(context);
        self.1.census(context);
    }

    fn living(&mut self, share: Share, type_id: Option<TypeId>) {
        self.0.living(share, type_id);
        self.1.living(share, type_id);
    }

    fn end(&mut self, context: Context<'_>) {
        self.0.end(context);
        self.1.end(context);
    }

    fn ended(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.0.ended(context, share, type_id);
        self.1.ended(context, share, type_id);
    }

    fn left(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.0.left(context, share, type_id);
        self.1.left(context, share, type_id);
    }

    fn survivor(&mut self, context: Context<'_>, share: Share, type_id: Option<TypeId>) {
        self.0.survivor(context, share, type_id);
        self.1.survivor(context, share, type_id);
    }
}
