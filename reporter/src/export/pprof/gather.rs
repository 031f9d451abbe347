//! The samples of a profile, from one replay of a recording.

use super::Sample;
use crate::profile::{self, Passing, Resolver, Stacks, Totals};
use crate::recording::Recording;
use crate::replay::{Allocated, Replay, Snapshot};
use std::collections::BTreeMap;

/// What every stack allocated, and what of it is alive at the moment of the snapshot; of the threads
/// that are asked for, and of what passes the filter.
pub fn gather(
    recording: &Recording,
    replay: &Replay<(Snapshot, Allocated)>,
    passing: &Passing<'_>,
) -> (Stacks, Vec<Sample>) {
    let threads = profile::threads(&replay.definitions, recording.streams());
    let native = recording.native_names();
    let mut resolver = Resolver::new(&replay.definitions, &native);
    let (snapshot, allocated) = &replay.observer;
    let alive = snapshot.totals().map(|found| (found, true));
    let ever = allocated.totals(&replay.rows).map(|found| (found, false));
    let mut asking = passing.ask();
    let mut sums: BTreeMap<_, (Totals, Totals)> = BTreeMap::new();
    for (found, is_alive) in ever.chain(alive) {
        if !asking.found(&found) {
            continue;
        }
        let row = replay.rows.get(found.row);
        let sum = sums
            .entry((resolver.stack(row.call), row.stream.0))
            .or_default();
        let part = if is_alive { &mut sum.1 } else { &mut sum.0 };
        *part += found.totals;
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
