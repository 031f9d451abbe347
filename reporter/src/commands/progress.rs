//! A line on the terminal while a long replay goes on.

use crate::recording::Recording;
use crate::replay::{Outline, ReplayError, Source};
use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Replays shorter than this go without.
const PATIENCE: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(100);

/// A recording that shows how much of it was read.
pub(super) struct Progress<'a> {
    recording: &'a Recording,
    total: u64,
    done: Cell<u64>,
    next: Cell<Instant>,
    shown: Cell<bool>,
    terminal: bool,
}

impl<'a> Progress<'a> {
    pub(super) fn new(recording: &'a Recording) -> Self {
        Self {
            recording,
            total: recording.event_bytes().max(1),
            done: Cell::new(0),
            next: Cell::new(Instant::now() + PATIENCE),
            shown: Cell::new(false),
            terminal: io::stderr().is_terminal(),
        }
    }

    fn show(&self) {
        const WIDTH: u64 = 30;
        let now = Instant::now();
        if now < self.next.get() {
            return;
        }
        self.next.set(now + INTERVAL);
        self.shown.set(true);
        let done = self.done.get().min(self.total);
        let marks = (done * WIDTH / self.total) as usize;
        let percent = done * 100 / self.total;
        let bar = "█".repeat(marks) + &"░".repeat(WIDTH as usize - marks);
        // a terminal that is gone is no reason to stop
        let _ = write!(io::stderr(), "\rreading {bar} {percent:>3}%");
    }
}

impl Source for Progress<'_> {
    fn read(&self, chunk: usize, bytes: &mut Vec<u8>) -> Result<(), ReplayError> {
        self.recording.read(chunk, bytes)?;
        if self.terminal {
            self.done.set(self.done.get() + bytes.len() as u64);
            self.show();
        }
        Ok(())
    }

    fn distrust(&self, chunk: usize) {
        self.recording.distrust(chunk);
    }

    fn outline(&self, chunk: usize) -> Outline {
        self.recording.outline(chunk)
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.shown.get() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
