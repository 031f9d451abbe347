//! How large the blocks were: a histogram in powers of two.

use super::ledger::Stamp;
use super::observer::{Context, Observer};
use super::rows::RowId;

/// Counts every allocation by its size.
#[derive(Clone, Debug)]
pub struct Sizes {
    /// The first counts blocks of no bytes, the n-th those from 2ⁿ⁻¹ to 2ⁿ - 1 bytes.
    counts: [u64; 65],
}

impl Default for Sizes {
    fn default() -> Self {
        Self { counts: [0; 65] }
    }
}

/// Blocks of similar sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SizeRange {
    /// The smallest size of the range, in bytes.
    pub min_bytes: u64,
    /// The largest, in bytes.
    pub max_bytes: u64,
    /// How many blocks there were.
    pub count: u64,
}

impl Sizes {
    /// Counts some blocks of one size.
    pub fn add(&mut self, size: u64, blocks: u64) {
        // at most 64 for the size with no leading zeros
        self.counts[(64 - size.leading_zeros()) as usize] += blocks;
    }

    /// The ranges from the first to the last that is not empty.
    pub fn ranges(&self) -> Vec<SizeRange> {
        let mut ranges: Vec<SizeRange> = (0u32..)
            .zip(self.counts)
            .map(|(bits, count)| SizeRange {
                min_bytes: if bits == 0 { 0 } else { 1 << (bits - 1) },
                max_bytes: if bits == 0 {
                    0
                } else {
                    u64::MAX >> (64 - bits)
                },
                count,
            })
            .skip_while(|range| range.count == 0)
            .collect();
        while ranges.last().is_some_and(|range| range.count == 0) {
            ranges.pop();
        }
        ranges
    }
}

impl Observer for Sizes {
    #[inline(always)]
    fn allocated(&mut self, _: Context<'_>, _: RowId, size: u64, _: Stamp) {
        self.add(size, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::{SizeRange, Sizes};

    #[test]
    fn ranges_are_powers_of_two_without_empty_ends() {
        let mut sizes = Sizes::default();
        for size in [16u64, 31, 100] {
            sizes.counts[(64 - size.leading_zeros()) as usize] += 1;
        }
        let range = |min_bytes, max_bytes, count| SizeRange {
            min_bytes,
            max_bytes,
            count,
        };
        assert_eq!(
            sizes.ranges(),
            [range(16, 31, 2), range(32, 63, 0), range(64, 127, 1)]
        );
        sizes.counts[0] = 4;
        sizes.counts[64] = 1;
        assert_eq!(sizes.ranges()[0], range(0, 0, 4));
        assert_eq!(sizes.ranges()[64], range(1 << 63, u64::MAX, 1));
        assert_eq!(Sizes::default().ranges(), []);
    }
}
