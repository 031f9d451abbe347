//! When memory was born and died, coarse enough to be sent along with a page: time is cut into buckets of equal length,
//! and all blocks of one place that were born in the same bucket and died in the same bucket are one row.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

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

/// Gathers [`Lifetimes`] while a recording is replayed, in bounded memory: when there are more rows than allowed, buckets are
/// joined in pairs.
///
/// ```
/// use memprof_reporter::report::flamegraph::{LifetimeCollector, Place};
/// let mut collector = LifetimeCollector::new(10.0, 100, 1_000);
/// let born = collector.moment(0.31);
/// let died = collector.moment(4.05);
/// collector.add(Place::default(), born, Some(died), 64, 1);
/// let lifetimes = collector.finish();
/// assert_eq!((lifetimes.rows[0].born, lifetimes.rows[0].died), (3, Some(40)));
/// ```
#[derive(Debug)]
pub struct LifetimeCollector {
    fine_seconds: f64,
    fine_buckets: u32,
    /// How many times buckets were joined in pairs.
    halvings: u32,
    limit: usize,
    rows: HashMap<Key, (u64, u64), BuildHasherDefault<PlaceHasher>>,
}

/// A moment at the finest resolution, as [`LifetimeCollector::moment`] gives it: small enough to be kept with each live block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct FineBucket(pub u16);

type Key = (Place, u32, Option<u32>);

/// Fewer buckets than this say nothing about a range; from here on the row limit is exceeded rather than halved again.
const FEWEST_BUCKETS: u32 = 16;

impl LifetimeCollector {
    /// A collector for a recording of `duration` seconds, with at most `buckets` buckets (200 to 500 suit a screen; at most
    /// 65,535) and about `row_limit` rows.
    pub fn new(duration: f64, buckets: u16, row_limit: usize) -> Self {
        let buckets = u32::from(buckets.max(1));
        let duration = if duration.is_finite() && duration > 0.0 {
            duration
        } else {
            1.0
        };
        Self {
            fine_seconds: duration / f64::from(buckets),
            fine_buckets: buckets,
            halvings: 0,
            limit: row_limit,
            rows: HashMap::default(),
        }
    }

    /// The bucket of a time in seconds; times outside the recording belong to its first or last bucket.
    pub fn moment(&self, seconds: f64) -> FineBucket {
        let bucket = (seconds / self.fine_seconds).max(0.0) as u32;
        FineBucket(bucket.min(self.fine_buckets - 1) as u16)
    }

    /// Adds blocks of one place that were allocated at `born` and freed at `died` (`None`: never).
    pub fn add(
        &mut self,
        place: Place,
        born: FineBucket,
        died: Option<FineBucket>,
        bytes: u64,
        blocks: u64,
    ) {
        let coarse = |moment: FineBucket| u32::from(moment.0) >> self.halvings;
        let total = self
            .rows
            .entry((place, coarse(born), died.map(coarse)))
            .or_default();
        total.0 += bytes;
        total.1 += blocks;
        if self.rows.len() > self.limit && self.buckets() / 2 >= FEWEST_BUCKETS {
            self.join_pairs();
        }
    }

    /// What was gathered.
    pub fn finish(self) -> Lifetimes {
        let buckets = self.buckets();
        Lifetimes {
            bucket_seconds: self.fine_seconds * f64::from(1_u32 << self.halvings),
            buckets,
            rows: self
                .rows
                .into_iter()
                .map(|((place, born, died), (bytes, blocks))| Lifetime {
                    place,
                    born,
                    died,
                    bytes,
                    blocks,
                })
                .collect(),
        }
    }

    fn buckets(&self) -> u32 {
        ((self.fine_buckets - 1) >> self.halvings) + 1
    }

    fn join_pairs(&mut self) {
        self.halvings += 1;
        for ((place, born, died), (bytes, blocks)) in std::mem::take(&mut self.rows) {
            let total = self
                .rows
                .entry((place, born / 2, died.map(|bucket| bucket / 2)))
                .or_default();
            total.0 += bytes;
            total.1 += blocks;
        }
    }
}

/// A multiplicative hash: the keys are small integers of our own making and there are tens of millions of look-ups, so the
/// standard hash (made against hostile keys) would dominate a replay.
#[derive(Debug, Default)]
struct PlaceHasher(u64);

impl Hasher for PlaceHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::NodeId;
    use super::*;

    fn place(node: u32) -> Place {
        Place {
            node: Some(NodeId(node)),
            ..Place::default()
        }
    }

    #[test]
    fn equal_lifetimes_become_one_row() {
        let mut collector = LifetimeCollector::new(1.0, 10, 100);
        let (born, died) = (collector.moment(0.05), collector.moment(0.95));
        collector.add(place(1), born, Some(died), 100, 1);
        collector.add(place(1), born, Some(died), 50, 2);
        collector.add(place(1), born, None, 7, 1);
        let mut rows = collector.finish().rows;
        rows.sort_by_key(|row| row.died);
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].died, rows[0].bytes, rows[0].blocks), (None, 7, 1));
        assert_eq!(
            (rows[1].died, rows[1].bytes, rows[1].blocks),
            (Some(9), 150, 3)
        );
    }

    #[test]
    fn too_many_rows_halve_the_buckets_and_lose_no_bytes() {
        let mut collector = LifetimeCollector::new(256.0, 256, 100);
        for second in 0..256 {
            let born = collector.moment(f64::from(second));
            collector.add(place(0), born, None, 10, 1);
        }
        let lifetimes = collector.finish();
        assert_eq!(lifetimes.buckets, 64);
        assert!((lifetimes.bucket_seconds - 4.0).abs() < 1e-9);
        assert_eq!(lifetimes.rows.len(), 64);
        assert!(lifetimes.rows.iter().all(|row| row.bytes == 40));
    }

    #[test]
    fn times_outside_the_recording_are_drawn_in() {
        let collector = LifetimeCollector::new(2.0, 4, 10);
        assert_eq!(collector.moment(-1.0), FineBucket(0));
        assert_eq!(collector.moment(99.0), FineBucket(3));
        assert_eq!(
            LifetimeCollector::new(0.0, 4, 10).moment(0.3),
            FineBucket(1)
        );
    }
}
