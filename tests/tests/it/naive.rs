//! A replay that is plain enough to be believed: one map of all that is alive, and no cleverness.

use crate::capture::{Capture, What};
use memprof_reporter::replay::CallId;
use memprof_wire::event::MappingKind;
use std::collections::{BTreeMap, HashMap};

/// Something that is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Bytes.
    pub size: u64,
    /// Where it was allocated.
    pub at: CallId,
    /// The allocator.
    pub by: &'static str,
    /// The thread, as in the capture.
    pub thread: usize,
    /// Its number among all allocations, and among those of its thread.
    born: (u64, u64),
}

/// What is known in the end.
#[derive(Debug, Default)]
pub struct Naive {
    /// All allocations, with the anonymous mappings.
    pub allocations: u64,
    /// The sum of their sizes.
    pub bytes_allocated: u64,
    /// Count and bytes by allocator.
    pub by_allocator: BTreeMap<&'static str, (u64, u64)>,
    /// Allocations of each thread.
    pub by_thread: BTreeMap<usize, u64>,
    /// Blocks and mappings that were given back.
    pub frees: u64,
    /// The greatest sum of all sizes.
    pub peak: u64,
    /// What was alive then.
    pub at_peak: Vec<Block>,
    /// What was alive at the end.
    pub at_end: Vec<Block>,
    /// What was freed before its thread had allocated `within` more, with its owner.
    pub temporary: Vec<Block>,
}

/// Replays a capture. Mappings are taken as a whole: a program that unmaps parts is for
/// `mappings.rs`.
pub fn replay(capture: &Capture, within: u64) -> Naive {
    let (mut naive, place) = replay_until(capture, within, capture.events.len());
    naive.at_peak = replay_until(capture, within, place).0.at_end;
    naive
}

/// Replays so many events. Says, too, after how many of them the peak was.
fn replay_until(capture: &Capture, within: u64, until: usize) -> (Naive, usize) {
    let mut naive = Naive::default();
    let mut peak_place = 0;
    // everything alive, by address; mappings apart, because a block may begin where one does
    let mut alive: HashMap<(bool, u64), Block> = HashMap::new();
    let mut freed: HashMap<usize, (u64, Option<Block>, bool)> = HashMap::new();
    let mut total = 0;
    for (place, happening) in capture.events[..until].iter().enumerate() {
        let (thread, what) = (happening.thread, happening.what);
        let mut lose = |alive: &mut HashMap<_, Block>, key| {
            let block = alive.remove(&key)?;
            total -= block.size;
            Some(block)
        };
        match what {
            What::Free { address } => {
                let block = lose(&mut alive, (false, address));
                naive.frees += u64::from(block.is_some());
                let own = |block: &Block| naive.by_thread[&block.thread] - block.born.1 <= within;
                let temporary = block.filter(own);
                naive.temporary.extend(temporary);
                freed.insert(thread, (address, block, temporary.is_some()));
            }
            What::FreeCancelled => {
                if let Some((address, Some(block), temporary)) = freed.remove(&thread) {
                    alive.insert((false, address), block);
                    total += block.size;
                    naive.frees -= 1;
                    if temporary {
                        let last = naive.temporary.iter().rposition(|it| *it == block);
                        naive.temporary.remove(last.unwrap());
                    }
                }
            }
            What::Allocation {
                address,
                size,
                by,
                at,
            } => {
                lose(&mut alive, (false, address));
                let own = naive.by_thread.entry(thread).or_default();
                *own += 1;
                naive.allocations += 1;
                let born = (naive.allocations, *own);
                let block = Block {
                    size,
                    at,
                    by,
                    thread,
                    born,
                };
                alive.insert((false, address), block);
                total += size;
            }
            What::Map {
                address,
                length,
                kind,
                at,
            } => {
                lose(&mut alive, (true, address));
                if kind == MappingKind::Anonymous {
                    let own = naive.by_thread.entry(thread).or_default();
                    *own += 1;
                    naive.allocations += 1;
                    let born = (naive.allocations, *own);
                    let block = Block {
                        size: length,
                        at,
                        by: "mmap",
                        thread,
                        born,
                    };
                    alive.insert((true, address), block);
                    total += length;
                }
            }
            What::Unmap { address, length } => {
                let block = lose(&mut alive, (true, address));
                if let Some(block) = block {
                    assert_eq!(block.size, length, "part of a mapping is unmapped");
                    naive.frees += 1;
                    let own = naive.by_thread[&block.thread];
                    naive
                        .temporary
                        .extend((own - block.born.1 <= within).then_some(block));
                }
            }
            What::UnmapCancelled | What::Remap { .. } => panic!("for another test: {what:?}"),
            What::Protect { .. } | What::Renamed => {}
        }
        if let What::Allocation { size, by, .. } = what {
            count(&mut naive, by, size);
        }
        if let What::Map {
            length,
            kind: MappingKind::Anonymous,
            ..
        } = what
        {
            count(&mut naive, "mmap", length);
        }
        if total > naive.peak {
            naive.peak = total;
            peak_place = place + 1;
        }
    }
    naive.at_end = alive.values().copied().collect();
    (naive, peak_place)
}

fn count(naive: &mut Naive, by: &'static str, size: u64) {
    naive.bytes_allocated += size;
    let of_allocator = naive.by_allocator.entry(by).or_default();
    of_allocator.0 += 1;
    of_allocator.1 += size;
}
