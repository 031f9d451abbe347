//! Everything that explains a recording: replay, profiles, reports, and the `memprof` command.
//!
//! A [`recording::Recording`] is an open capture. [`profile::take`] replays it and answers what was
//! alive at a moment; the reports in [`report`] are made from that answer.
//!
//! ```no_run
//! use memprof_reporter::profile::{By, Grouping, Request, take};
//! use memprof_reporter::recording::Recording;
//! use memprof_reporter::report::table::Table;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let recording = Recording::open("memprof-app.py.4711.bin".as_ref(), None)?;
//! let profile = take(&recording, &recording, &Request::default())?;
//! println!("{}", Table::new(&profile, &Grouping::one(By::Site), Some(10), None));
//! # Ok(())
//! # }
//! ```
//!
//! A recording may still grow, be cut short or damaged: what can be read is reported, and
//! [`recording::Recording::condition`] says what is missing. Nothing here writes to a recording.
#![forbid(unsafe_code)]

pub mod browse;
pub mod cli;
pub mod commands;
#[cfg(test)]
mod drawn;
pub mod export;
mod hashing;
mod list_keys;
pub mod live;
pub mod profile;
pub mod recording;
pub mod replay;
pub mod report;
pub mod symbols;
