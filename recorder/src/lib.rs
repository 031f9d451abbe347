//! Records a program: starts it, drains the rings that its threads write to, and keeps the bytes
//! in a capture file.
//!
//! It does what the program should not have to wait for: it makes the small events of a capture
//! out of the words that come through a ring, and compresses them. Because it lives in another
//! process, what was recorded outlives the program's death, however sudden.
//!
//! [`record()`] does all of it; [`capture`] is the file, for writing and for reading; [`outside`] asks
//! something of a recording while it runs; [`origin`] tells whose code a file is.

pub mod capture;
mod clock;
mod drain;
mod elf;
#[cfg(test)]
mod folder;
mod launch;
mod observe;
pub mod origin;
pub mod outside;
mod process;
mod record;
mod session;
mod sources;
mod stack_limit;
mod writer;

pub use launch::{Launch, LaunchError, PRELOAD_LIBRARY, Target};
pub use record::{Options, Outcome, RecordError, Started, WALK_EACH, record};
pub use stack_limit::STACK_LIMIT;
