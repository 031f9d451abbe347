//! `memprof stats`: the recording in numbers.

mod counted;

pub use counted::{StatsObserver, observer};

use super::measure::{Bytes, Count, Seconds};
use crate::profile::{self, Passing, Resolver, Thread, Totals};
use crate::recording::Recording;
use crate::replay::{Replay, RowId, SizeRange};
use crate::symbols::NativeNames;
use counted::Counted;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// A recording in numbers.
#[derive(Debug, Serialize)]
pub struct Stats {
    /// Blocks that were handed out, anonymous mappings included.
    pub allocations: i64,
    /// Blocks and mappings that were given back.
    pub frees: u64,
    /// The sum of all sizes, in bytes.
    pub bytes_allocated: i64,
    /// What passed, where only a part was asked for: all numbers are about that part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The largest heap; of a part, what of it was alive at that moment.
    pub peak: PeakStats,
    /// What was alive at the end.
    pub end: Totals,
    /// Seconds.
    pub duration: f64,
    /// Whether the recording holds everything that happened.
    pub complete: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What each allocator handed out, by name.
    #[serde(serialize_with = "by_name")]
    pub by_allocator: Vec<AllocatorStats>,
    /// The threads, in the order in which they were first seen.
    pub threads: Vec<ThreadStats>,
    /// Events that were not recorded.
    pub lost: u64,
    /// Memory that is no heap.
    pub not_heap: NotHeap,
    /// Frees of blocks that nobody was seen to allocate.
    pub unknown_frees: u64,
    /// How large the blocks were.
    pub sizes: Vec<SizeRange>,
    /// The lines that allocated most bytes over the whole run.
    pub top_by_bytes: Vec<TopLine>,
    /// The lines that allocated most often.
    pub top_by_count: Vec<TopLine>,
}

/// The largest heap.
#[derive(Debug, Serialize)]
pub struct PeakStats {
    /// Bytes that were alive.
    pub bytes: i64,
    /// Blocks that were alive.
    pub blocks: i64,
    /// When, in seconds from the start.
    pub time: f64,
}

/// Memory that is no heap, in bytes.
#[derive(Debug, Serialize)]
pub struct NotHeap {
    /// Mapped files at the heap's peak.
    pub files_at_peak: i64,
    /// Mapped files at the end.
    pub files_at_end: i64,
    /// Addresses merely set aside, at the end.
    pub reserved_at_end: i64,
}

/// What an allocator handed out.
#[derive(Debug, Serialize)]
pub struct AllocatorStats {
    #[serde(skip)]
    name: &'static str,
    /// Blocks.
    pub count: i64,
    /// Bytes.
    pub bytes: i64,
}

/// What a thread did.
#[derive(Debug, Serialize)]
pub struct ThreadStats {
    /// The kernel's number.
    pub id: u32,
    /// Its last name.
    pub name: String,
    /// The process that it belonged to.
    pub process: u32,
    /// Blocks that it allocated.
    pub allocations: i64,
}

/// A line, and what it allocated over the whole run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TopLine {
    /// The function.
    pub function: String,
    /// Its file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// All bytes ever allocated there.
    pub bytes: i64,
    /// All blocks.
    pub count: i64,
}

fn by_name<S: Serializer>(stats: &[AllocatorStats], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(stats.len()))?;
    for allocator in stats {
        map.serialize_entry(allocator.name, allocator)?;
    }
    map.end()
}

impl Stats {
    /// Of a recording that was replayed to its end, with the `top` lines.
    pub fn new(
        recording: &Recording,
        replay: &Replay<StatsObserver>,
        passing: &Passing<'_>,
        top: usize,
    ) -> Self {
        let counted = Counted::new(replay, passing);
        let mut by_allocator: BTreeMap<_, Totals> = BTreeMap::new();
        let mut by_stream = vec![Totals::ZERO; recording.streams().len()];
        for (row, allocated) in &counted.allocated {
            let row = replay.rows.get(*row);
            *by_allocator.entry(row.allocator).or_default() += *allocated;
            by_stream[row.stream.0 as usize] += *allocated;
        }
        let all: Totals = by_allocator.values().copied().sum();
        let ledger = &replay.ledger;
        let condition = recording.condition();
        let threads = profile::threads(&replay.definitions, recording.streams());
        let (top_by_bytes, top_by_count) = top_lines(recording, replay, &counted.allocated, top);
        Self {
            allocations: all.blocks,
            frees: counted.frees,
            bytes_allocated: all.bytes,
            filter: passing.to_text(),
            peak: PeakStats {
                bytes: counted.peak.bytes,
                blocks: counted.peak.blocks,
                time: ledger.peak.time.0 as f64 / 1e6,
            },
            end: counted.end,
            duration: recording.duration(),
            complete: condition.complete,
            reason: condition.reason,
            by_allocator: by_allocator
                .into_iter()
                .filter(|(_, totals)| !totals.is_zero())
                .map(|(allocator, totals)| AllocatorStats {
                    name: allocator.name(),
                    count: totals.blocks,
                    bytes: totals.bytes,
                })
                .collect(),
            threads: threads
                .into_iter()
                .zip(by_stream)
                .take(recording.own_streams().len())
                .filter(|(thread, _)| thread.is_real())
                .map(|(Thread { id, name, process }, totals)| ThreadStats {
                    id,
                    name,
                    process,
                    allocations: totals.blocks,
                })
                .collect(),
            lost: recording.lost(),
            not_heap: NotHeap {
                files_at_peak: ledger.peak.files,
                files_at_end: ledger.files,
                reserved_at_end: ledger.reserved,
            },
            unknown_frees: ledger.unknown_frees,
            sizes: counted.sizes,
            top_by_bytes,
            top_by_count,
        }
    }
}

/// The lines that allocated most bytes, and those that allocated most often.
fn top_lines(
    recording: &Recording,
    replay: &Replay<StatsObserver>,
    allocated: &[(RowId, Totals)],
    top: usize,
) -> (Vec<TopLine>, Vec<TopLine>) {
    let native = if recording.facts().native {
        recording.native_names()
    } else {
        NativeNames::default()
    };
    let mut resolver = Resolver::new(&replay.definitions, &native);
    let mut lines: BTreeMap<_, Totals> = BTreeMap::new();
    for (row, allocated) in allocated {
        if let Some(frame) = resolver.innermost(replay.rows.get(*row).call) {
            *lines.entry(frame).or_default() += *allocated;
        }
    }
    let stacks = resolver.finish();
    let mut lines: Vec<_> = lines.into_iter().collect();
    let named = |lines: &[(profile::FrameId, Totals)]| {
        let lines = lines.iter().take(top);
        lines
            .map(|&(frame, totals)| {
                let frame = stacks.frame(frame);
                TopLine {
                    function: stacks.name(frame.function).to_owned(),
                    file: stacks.name(frame.file).to_owned(),
                    line: frame.line,
                    bytes: totals.bytes,
                    count: totals.blocks,
                }
            })
            .collect()
    };
    lines.sort_by_key(|(_, totals)| std::cmp::Reverse((totals.bytes, totals.blocks)));
    let by_bytes = named(&lines);
    lines.sort_by_key(|(_, totals)| std::cmp::Reverse((totals.blocks, totals.bytes)));
    (by_bytes, named(&lines))
}

impl fmt::Display for Stats {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PeakStats {
            bytes,
            blocks,
            time,
        } = self.peak;
        let mut peak = "Peak       ";
        if let Some(filter) = &self.filter {
            peak = "At the peak";
            writeln!(out, "Only               {filter}")?;
        }
        writeln!(out, "Allocations        {}", Count(self.allocations))?;
        writeln!(out, "Frees              {}", Count(self.frees as i64))?;
        writeln!(out, "Allocated in all   {}", Bytes(self.bytes_allocated))?;
        writeln!(
            out,
            "{peak}        {} in {} blocks, at {}",
            Bytes(bytes),
            Count(blocks),
            Seconds(time)
        )?;
        writeln!(
            out,
            "Alive at the end   {} in {} blocks",
            Bytes(self.end.bytes),
            Count(self.end.blocks)
        )?;
        writeln!(out, "Duration           {}", Seconds(self.duration))?;
        if self.not_heap.files_at_peak != 0 || self.not_heap.files_at_end != 0 {
            writeln!(
                out,
                "Mapped files       {} at the peak, {} at the end (no heap)",
                Bytes(self.not_heap.files_at_peak),
                Bytes(self.not_heap.files_at_end)
            )?;
        }
        if self.not_heap.reserved_at_end != 0 {
            let reserved = Bytes(self.not_heap.reserved_at_end);
            writeln!(
                out,
                "Reserved           {reserved} of addresses at the end (no memory)"
            )?;
        }
        if self.lost > 0 {
            writeln!(out, "Lost               {} events", Count(self.lost as i64))?;
        }
        writeln!(out, "\nBy allocator")?;
        for AllocatorStats { name, count, bytes } in &self.by_allocator {
            let count = Count(*count).to_string();
            writeln!(
                out,
                "  {name:<16}{count:>16}{:>14}",
                Bytes(*bytes).to_string()
            )?;
        }
        writeln!(out, "\nBy thread")?;
        for ThreadStats {
            id,
            name,
            allocations,
            process: _,
        } in &self.threads
        {
            let count = Count(*allocations).to_string();
            writeln!(out, "  {name:<16}{count:>16}{id:>14}")?;
        }
        self.write_sizes(out)?;
        write_lines(out, "Most bytes allocated by", &self.top_by_bytes)?;
        write_lines(out, "Most often allocated by", &self.top_by_count)
    }
}

impl Stats {
    fn write_sizes(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WIDTH: u64 = 40;
        writeln!(out, "\nBy size")?;
        let most = self
            .sizes
            .iter()
            .map(|range| range.count)
            .max()
            .unwrap_or(1)
            .max(1);
        for range in &self.sizes {
            let upper = format!("< {}", Bytes(range.max_bytes.saturating_add(1) as i64));
            let label = if range.max_bytes == 0 {
                "0 B".to_owned()
            } else {
                upper
            };
            // a range that is not empty has a mark
            let width = (range.count * WIDTH).div_ceil(most) as usize;
            let count = Count(range.count as i64).to_string();
            writeln!(out, "  {label:<16}{count:>16}  {}", "#".repeat(width))?;
        }
        Ok(())
    }
}

fn write_lines(out: &mut fmt::Formatter<'_>, title: &str, lines: &[TopLine]) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    for TopLine {
        function,
        file,
        line,
        bytes,
        count,
    } in lines
    {
        let bytes = Bytes(*bytes).to_string();
        let count = Count(*count).to_string();
        writeln!(out, "  {bytes:>12}{count:>16}  {function} ({file}:{line})")?;
    }
    Ok(())
}
