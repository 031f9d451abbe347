//! One file a command: it reads what was asked for, makes a report, and prints it.

pub mod census;
pub mod diff;
pub mod events;
pub mod export;
pub mod failure;
pub mod flamegraph;
pub mod growth;
pub mod info;
pub mod input;
pub mod leaks;
pub mod lines;
pub mod live;
pub mod mark;
pub mod output;
pub mod partition;
mod progress;
pub mod run;
pub mod run_live;
pub mod select;
pub mod stats;
pub mod summary;
pub mod symbolize;
pub mod table;
pub mod temporary;
pub mod timeline;
pub mod tree;

pub use failure::Failure;
pub use input::Input;
pub use select::Selection;
