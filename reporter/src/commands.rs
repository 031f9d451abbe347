//! One file a command: it reads what was asked for, makes a report, and prints it.

pub mod failure;
pub mod input;
pub mod output;
mod progress;
pub mod stats;

pub use failure::Failure;
pub use input::Input;
