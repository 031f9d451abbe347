//! When memory was born and died, coarse enough to be sent along with a page: time is cut into buckets of equal length,
//! and all blocks of one place that were born in the same bucket and died in the same bucket are one row.

use super::data::Place;

/// Lifetimes of all memory of a recording, for the selection of a range in the time line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lifetimes {
    /// Length of a bucket in seconds; bucket `n` covers the times from `n * bucket_seconds` to the next one.
    pub bucket_seconds: f64,
    /// Number of buckets.
    pub buckets: u32,
    /// What was born and died when, in no particular order; no two rows agree in place, `born` and `died`.
    pub rows: Vec<Lifetime>,
}

/// Blocks of one place that were allocated in one bucket and freed in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// To what they are charged.
    pub place: Place,
    /// The bucket they were allocated in.
    pub born: u32,
    /// The bucket they were freed in; `None` when they never were.
    pub died: Option<u32>,
    /// Bytes of all of them.
    pub bytes: u64,
    /// How many.
    pub blocks: u64,
}
