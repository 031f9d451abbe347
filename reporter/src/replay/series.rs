//! The heap over time: the largest it was in each of a bounded number of equal steps.

use super::ledger::{Ledger, Stamp};
use super::observer::{Context, Observer};
use super::rows::RowId;
use memprof_wire::units::Microseconds;

/// One step of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// When the step ends.
    pub time: Microseconds,
    /// The largest heap within the step, in bytes.
    pub heap: i64,
    /// Mapped files at the end of the step, in bytes.
    pub files: i64,
}

/// Samples the heap; when there are too many samples, each two neighbours become one.
#[derive(Debug)]
pub struct Series {
    limit: usize,
    step: u64,
    samples: Vec<Sample>,
    largest: i64,
}

impl Series {
    /// At most `limit` samples, which should be even, at least a millisecond apart.
    pub fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(2),
            step: 1000,
            samples: Vec::new(),
            largest: 0,
        }
    }

    /// The samples, in the order of time.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The first end of a step that is no earlier than a time.
    fn end_of_step(&self, Microseconds(time): Microseconds) -> Microseconds {
        Microseconds(time.checked_next_multiple_of(self.step).unwrap_or(u64::MAX))
    }

    fn sample(&mut self, ledger: &Ledger) {
        let time = self.end_of_step(ledger.now);
        let files = ledger.files;
        let heap = self.largest.max(ledger.heap().bytes);
        match self.samples.last_mut() {
            Some(last) if last.time == time => {
                last.heap = last.heap.max(heap);
                last.files = files;
            }
            _ => self.samples.push(Sample { time, heap, files }),
        }
        self.largest = ledger.heap().bytes;
        if self.samples.len() > self.limit {
            self.halve();
        }
    }

    fn halve(&mut self) {
        self.step = self.step.saturating_mul(2);
        let mut halved: Vec<Sample> = Vec::with_capacity(self.limit);
        for sample in &self.samples {
            let time = self.end_of_step(sample.time);
            match halved.last_mut() {
                Some(last) if last.time == time => {
                    last.heap = last.heap.max(sample.heap);
                    last.files = sample.files;
                }
                _ => halved.push(Sample { time, ..*sample }),
            }
        }
        self.samples = halved;
        if self.samples.len() > self.limit {
            self.halve();
        }
    }
}

impl Observer for Series {
    #[inline(always)]
    fn allocated(&mut self, context: Context<'_>, _: RowId, _: u64, _: Stamp) {
        self.largest = self.largest.max(context.ledger.heap().bytes);
    }

    fn time(&mut self, context: Context<'_>, _: Microseconds) {
        self.sample(context.ledger);
    }

    fn end(&mut self, context: Context<'_>) {
        self.sample(context.ledger);
    }
}
