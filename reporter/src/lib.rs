//! Everything that explains a recording.
#![forbid(unsafe_code)]

mod hashing;
pub mod profile;
pub mod recording;
pub mod replay;
pub mod symbols;
