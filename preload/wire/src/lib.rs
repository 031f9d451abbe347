//! What both sides of the process border agree on.
//!
//! The preloaded library (the producer, inside the program under test) and the recorder (the
//! consumer, its parent) share a memory file: a [`session::SessionPage`], a directory of
//! [`ring::RingHeader`]s and the bytes of the rings. The bytes are [`event::Event`]s as words
//! ([`transport`]); the recorder writes them into a capture by [`codec::Encoder`], and reports read
//! them by [`codec::Decoder`].
//!
//! This crate has no dependencies, allocates nothing and never panics on bad input: half of it
//! runs inside other people's `malloc`.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod allocator;
pub mod codec;
pub mod environment;
pub mod event;
pub mod predictor;
pub mod request;
pub mod ring;
pub mod session;
pub mod transport;
pub mod units;
pub mod varint;
