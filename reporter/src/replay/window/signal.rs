//! What the half of a replay that books tells the half that reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// How it goes, seen from both halves.
#[derive(Debug, Default)]
pub struct Signal(AtomicU8);

const ENOUGH: u8 = 1;
const UNKNOWN: u8 = 2;

impl Signal {
    /// No more blocks are wanted.
    pub(super) fn is_enough(&self) -> bool {
        // nothing else is read that the other half has written, so no order has to be kept
        self.0.load(Ordering::Relaxed) & ENOUGH != 0
    }

    /// Something happened that only a whole replay can know.
    pub(super) fn is_unknown(&self) -> bool {
        self.0.load(Ordering::Relaxed) & UNKNOWN != 0
    }
}

/// The end of it that the half that books holds.
#[derive(Debug)]
pub struct Watch {
    signal: Arc<Signal>,
    over: bool,
}

impl Watch {
    /// Of a replay that begins.
    pub fn new(signal: &Arc<Signal>) -> Self {
        Self {
            signal: Arc::clone(signal),
            over: false,
        }
    }

    /// Whether nothing is booked any more.
    #[inline(always)]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// All was counted that was asked for.
    pub fn enough(&mut self) {
        self.over = true;
        self.signal.0.fetch_or(ENOUGH, Ordering::Relaxed);
    }

    /// Only a whole replay can know.
    #[cold]
    pub fn unknown(&mut self) {
        self.over = true;
        self.signal.0.fetch_or(UNKNOWN, Ordering::Relaxed);
    }
}
