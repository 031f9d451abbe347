//! Everything that explains a recording.
#![forbid(unsafe_code)]

pub mod cli;
pub mod commands;
pub mod export;
mod hashing;
pub mod live;
pub mod profile;
pub mod recording;
pub mod replay;
pub mod report;
pub mod symbols;
