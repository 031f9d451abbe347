//! Whole programs: recorded by `memprof run`, read back, and compared with what is known of them.
//!
//! A test builds a [`scenario::Scenario`], records it, and asserts on the events, on the reports,
//! or on what the program itself printed. The targets are in `programs/`, named for what they do.

#![expect(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected is to fail where it meets it"
)]

mod addresses;
mod allocators;
mod arrows;
mod behaviours;
mod beside;
mod binaries;
mod bounds;
mod capture;
mod census;
mod domains;
mod embedding;
mod endings;
mod errors;
mod exports;
mod faults;
mod filters;
mod formats;
mod generated;
mod heapy;
mod interpreters;
mod kinds;
mod known;
mod later;
mod lines;
mod live;
mod loading;
mod mappings;
mod memory_limits;
mod naive;
mod native;
mod no_events;
mod outside;
mod packages;
mod passed_over;
mod peers;
mod processes;
mod programs;
mod reports;
mod scenario;
mod servers;
mod stacks;
mod stops;
mod symbols;
mod terminals;
mod threads;
mod timeline;
mod unharmed;
mod unwinding;
mod versions;
mod windows;
