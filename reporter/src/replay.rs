//! What happened, in order: from the streams of a recording to the state of the heap at any moment.
//!
//! ```text
//! Source ─▶ Stream (one thread) ─▶ Order (all threads, by turn) ─▶ Visitor
//!                                                                    │
//!                             Replay: Heap + Pages + Ledger ◀────────┘──▶ Observer
//! ```
//!
//! [`Order`] decodes and merges; [`Replay`] is the visitor that keeps the live blocks and the exact
//! peak, and tells an [`Observer`] what it needs for one kind of report. Everything happens in one
//! pass, and nothing here has heard of files or of names.

mod allocated;
mod atoms;
mod batch;
mod calls;
mod census;
mod definitions;
mod descriptions;
mod engine;
mod error;
mod growth;
mod heap;
mod ledger;
mod lifetimes;
mod numbers;
mod observer;
mod order;
mod pages;
mod pipeline;
mod reading;
mod rows;
mod series;
mod short_lived;
mod sizes;
mod snapshot;
mod source;
mod space;
mod stream;
mod temporary;
mod window;

pub use allocated::Allocated;
pub use atoms::{ATOMS, Answers, Atom, Atoms};
pub use calls::{Call, CallId, Calls, PlaceId};
pub use definitions::{CodeObject, Definitions, Interpreter, MarkSeen, StreamNames};
pub use descriptions::owner_of_part;
pub use engine::Replay;
pub use error::{Damage, DamageKind, ReplayError};
pub use growth::{Growth, Look, Seen};
pub use heap::{Block, Heap};
pub use ledger::{Ledger, Peak, Share, Stamp};
pub use lifetimes::{Lifetimes, Lived};
pub use observer::{Context, Lost, Observer};
pub use order::{Following, Order, Visitor};
pub use pages::{Change, Pages};
pub use pipeline::{drive as drive_on_two_cores, drive_window};
pub use rows::{Row, RowId, Rows};
pub use series::{Sample, Series};
pub use short_lived::{ShortLife, ShortLived};
pub use sizes::{SizeRange, Sizes};
pub use snapshot::{Bound, Detail, DetailedTotals, Snapshot, Span};
pub use source::{Outline, Source, StreamSource};
pub use space::{SpaceIndex, SpacePlan};
pub use stream::{StackTable, StreamIndex};
pub use temporary::Temporary;
pub use window::{Answer, Window};

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
pub(crate) mod recorded;
