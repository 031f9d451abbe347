//! The flame graph page: one self-contained HTML file that opens on any recording.
//!
//! [`FlamegraphData`] is what the page shows; [`render`] makes the page. The data goes along packed (see `pack.rs`, which
//! `assets/flamegraph/recording.js` reads back), so that half a million stacks stay a file of a few megabytes; trees, sums,
//! searches and ranges of time are computed in the page. Nothing is loaded from anywhere.
//!
//! No text of a recording ever becomes markup or script: the head of the page is escaped by the template, all else is base64
//! that the script turns into text nodes and drawn text, and the page's own policy forbids every other script.

mod cells;
mod columns;
mod data;
mod difference;
mod head;
mod lifetimes;
mod pack;
mod page;
mod preorder;

pub use data::{
    FlamegraphData, Frame, FrameId, FrameKind, Node, NodeId, Place, Process, ProcessId, Recording,
    Row, Thread, ThreadId, TypeId, View,
};
pub use difference::{difference, difference_of_moments};
pub use lifetimes::{Lifetime, Lifetimes};
pub use page::render;
