//! Events on their way from whoever decodes them to whoever books them.

use super::rows::Row;
use memprof_wire::event::{MappingKind, MarkKind, Role};
use memprof_wire::units::{Address, Size, TypeId};

/// Events that are booked together, in their order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// The events.
    pub steps: Vec<Step>,
    /// What the steps of the kind [`Step::RARE`] stand for.
    pub rare: Vec<Rare>,
    /// The rows that occur here for the first time, in the order of their numbers.
    pub rows: Vec<Row>,
}

/// An event of the kinds that come in millions, or the place of another one in [`Batch::rare`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The address; of [`Step::RUN`], the time.
    pub address: u64,
    /// The size; of [`Step::RUN`], the stream; of [`Step::RARE`], the place.
    pub size: u64,
    /// The row of an allocation, or one of the constants.
    pub what: u32,
    /// The type of an object that dies, or [`Step::NO_TYPE`].
    pub type_id: u32,
}

impl Step {
    /// Row 0 is no row.
    pub const FREE: u32 = 0;
    /// The events that follow are another stream's, or happened at another time. More than any row.
    pub const RUN: u32 = u32::MAX;
    /// Whatever does not come in millions. More than any row.
    pub const RARE: u32 = u32::MAX - 1;
    /// Nobody looked.
    pub const NO_TYPE: u32 = u32::MAX;
}

/// What does not come in millions, as far as it changes what is alive.
#[derive(Clone, Debug)]
pub(super) enum Rare {
    FreeCancelled,
    UnmapCancelled,
    Map {
        address: Address,
        length: Size,
        kind: MappingKind,
        row: super::RowId,
    },
    Unmap {
        address: Address,
        length: Size,
    },
    Remap {
        old: Address,
        old_length: Size,
        new: Address,
        new_length: Size,
        row: super::RowId,
    },
    Protect {
        address: Address,
        length: Size,
        usable: bool,
    },
    Mark {
        kind: MarkKind,
        name: String,
    },
    /// A child begins with its parent's memory.
    Fork {
        parent: super::SpaceIndex,
        child: super::SpaceIndex,
    },
    /// The process of the current space ends by itself.
    Exits,
    CensusBegin,
    CensusObject {
        address: Address,
        type_id: TypeId,
        waiting: bool,
    },
    CensusOwned {
        pointer: Address,
        role: Role,
        owner: TypeId,
    },
    CensusEnd {
        /// The types of dictionaries.
        dicts: Vec<TypeId>,
    },
}

impl Batch {
    /// An empty one with room for so many steps.
    pub fn with_room(steps: usize) -> Self {
        Self {
            steps: Vec::with_capacity(steps),
            ..Self::default()
        }
    }

    /// Empties it, and keeps its memory.
    pub fn clear(&mut self) {
        self.steps.clear();
        self.rare.clear();
        self.rows.clear();
    }
}
