//! Records a program: starts it, drains the rings that its threads write to, and keeps the bytes
//! in a capture file.
//!
//! This room moves bytes and never looks inside an event, so it keeps up with any program; and
//! because it lives in another process, what was recorded outlives the program's death, however
//! sudden. [`capture`] is the file, for writing and for reading.

pub mod capture;
mod clock;
mod drain;
mod observe;
mod process;
mod session;
mod writer;
