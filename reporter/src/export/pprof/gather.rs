//! The samples of a profile, from one replay of a recording.

use super::Sample;
use crate::hashing::NumberMap;
use crate::profile::{self, Resolver, Stacks, Totals};
use crate::recording::Recording;
use crate::replay::{Replay, Snapshot};
use std::collections::BTreeMap;

/// What every stack of the wanted threads allocated, and what of it is alive at the moment of the
/// snapshot. `wanted` tells for each stream whether its thread is to be counted.
pub fn gather(
    recording: &Recording,
    replay: &Replay<Snapshot>,
    wanted: &[bool],
) -> (Stacks, Vec<Sample>) {
    let threads = profile::threads(&replay.definitions, recording.streams());
    let native = recording.native_names();
    let mut resolver = Resolver::new(&replay.definitions, &native);
    let mut alive: NumberMap<u32, Totals> = NumberMap::default();
    for found in replay.observer.totals() {
        *alive.entry(found.row.0).or_default() += found.totals;
    }
    let mut sums: BTreeMap<_, (Totals, Totals)> = BTreeMap::new();
    for (row, found) in replay.rows.iter() {
        if wanted[found.stream.0 as usize] {
            let sum = sums
                .entry((resolver.stack(found.call), found.stream.0))
                .or_default();
            sum.0 += found.allocated;
            sum.1 += alive.get(&row.0).copied().unwrap_or_default();
        }
    }
    let samples = sums
        .into_iter()
        .map(|((stack, stream), (allocated, alive))| {
            let thread = &threads[stream as usize];
            Sample {
                stack,
                thread: (thread.id, thread.name.clone()),
                allocated,
                alive,
            }
        })
        .collect();
    (resolver.finish(), samples)
}
