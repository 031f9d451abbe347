//! Resident memory over time, from `/proc/PID/statm` and, more seldom, from dearer sources.

use crate::capture::Observation;
use memprof_wire::units::Microseconds;
use std::fs;
use std::time::Instant;

/// Between two looks at the cheap figures, while they change.
const INTERVAL: u64 = 10_000;
/// The same, when they have not changed for long.
const IDLE_INTERVAL: u64 = 160_000;
/// Between two looks at the dear ones, at least.
const DETAIL_INTERVAL: u64 = 250_000;
/// The dear figures may take a two-hundredth of one core: in a program with much memory the
/// kernel walks all its pages for them, and holds up its `mmap` calls meanwhile.
const DETAIL_SHARE: u64 = 200;
/// Observations that are kept before they are written.
const FULL: usize = 128 * Observation::BYTES;

/// Observes the memory of one process.
#[derive(Debug)]
pub struct MemoryWatch {
    process: u32,
    page_size: u64,
    shared: u64,
    huge_pages: u64,
    next: Microseconds,
    interval: u64,
    /// Resident pages at the last look.
    pages: (u64, u64),
    next_detail: Microseconds,
    records: Vec<u8>,
    first: Microseconds,
    last: Microseconds,
}

impl MemoryWatch {
    /// Nothing is observed yet; the first look is due at once.
    pub fn new(process: u32, page_size: u64) -> Self {
        Self {
            process,
            page_size,
            shared: 0,
            huge_pages: 0,
            next: Microseconds(0),
            interval: INTERVAL,
            pages: (0, 0),
            next_detail: Microseconds(0),
            records: Vec::new(),
            first: Microseconds(0),
            last: Microseconds(0),
        }
    }

    /// Looks, if it is time to. With many processes each is looked at less often: `processes` is
    /// their number.
    pub fn look(&mut self, now: Microseconds, processes: usize) {
        if now < self.next {
            return;
        }
        let crowd = 1 + processes as u64 / 8;
        self.next = Microseconds(now.0 + self.interval * crowd);
        if now >= self.next_detail {
            self.next_detail =
                Microseconds(now.0 + self.look_closely().max(DETAIL_INTERVAL) * crowd);
        }
        let path = format!("/proc/{}/statm", self.process);
        let Some((resident, of_files)) = fs::read_to_string(path).ok().as_deref().and_then(statm)
        else {
            return;
        };
        // A process that has just died has nothing any more, which says nothing about its life.
        if resident == 0 {
            return;
        }
        let has_changed = self.pages != (resident, of_files);
        self.pages = (resident, of_files);
        self.interval = next_interval(self.interval, has_changed);
        let (resident, of_files) = (resident * self.page_size, of_files * self.page_size);
        let shared = self.shared.min(of_files);
        if self.records.is_empty() {
            self.first = now;
        }
        self.last = now;
        Observation {
            time: now,
            resident,
            private_anonymous: resident.saturating_sub(of_files),
            file_backed: of_files - shared,
            shared,
            huge_pages: self.huge_pages,
        }
        .encode(&mut self.records);
    }

    /// What was observed, and from when to when, if it is time to write it or `all` is wanted.
    pub fn take(&mut self, all: bool) -> Option<(Vec<u8>, Microseconds, Microseconds)> {
        if self.records.is_empty() || !all && self.records.len() < FULL {
            return None;
        }
        Some((std::mem::take(&mut self.records), self.first, self.last))
    }

    /// Reads the dear figures; returns the microseconds until that may be done again.
    fn look_closely(&mut self) -> u64 {
        let begin = Instant::now();
        let read = |name| fs::read_to_string(format!("/proc/{}/{name}", self.process)).ok();
        let shared = read("status").and_then(|text| kibibytes(&text, "RssShmem:"));
        let huge_pages = read("smaps_rollup").and_then(|text| kibibytes(&text, "AnonHugePages:"));
        self.shared = shared.unwrap_or(self.shared);
        self.huge_pages = huge_pages.unwrap_or(self.huge_pages);
        begin.elapsed().as_micros() as u64 * DETAIL_SHARE
    }
}

fn next_interval(interval: u64, has_changed: bool) -> u64 {
    if has_changed {
        INTERVAL
    } else {
        IDLE_INTERVAL.min(interval * 2)
    }
}

/// Resident pages, and those of them that belong to files or shared memory.
fn statm(text: &str) -> Option<(u64, u64)> {
    let mut fields = text.split(' ').skip(1);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The figure of a line like `RssShmem:      12 kB`, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let figure: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(figure * 1024)
}

#[cfg(test)]
mod tests {
    use super::{IDLE_INTERVAL, INTERVAL, MemoryWatch, kibibytes, next_interval, statm};
    use memprof_wire::units::Microseconds;

    #[test]
    fn figures_are_found() {
        assert_eq!(statm("1000 200 30 4 0 5 0\n"), Some((200, 30)));
        assert_eq!(statm(""), None);
        let text = "RssAnon:\t  10 kB\nRssShmem:\t     12 kB\n";
        assert_eq!(kibibytes(text, "RssShmem:"), Some(12 * 1024));
        assert_eq!(kibibytes(text, "RssNone:"), None);
    }

    #[test]
    fn what_does_not_change_is_looked_at_seldom() {
        let rested = (0..20).fold(INTERVAL, |interval, _| next_interval(interval, false));
        assert_eq!(rested, IDLE_INTERVAL);
        assert_eq!(next_interval(rested, true), INTERVAL);
    }

    #[test]
    fn memory_that_is_touched_is_observed() {
        let mut watch = MemoryWatch::new(std::process::id(), 4096);
        let resident = |watch: &mut MemoryWatch, now| {
            watch.look(Microseconds(now), 1);
            let (bytes, first, last) = watch.take(true).expect("it was time to look");
            assert_eq!(
                (first, last, bytes.len()),
                (Microseconds(now), Microseconds(now), 48)
            );
            u64::from_le_bytes(bytes[8..16].try_into().expect("eight bytes"))
        };
        let before = resident(&mut watch, 1);
        let block = vec![1u8; 64 << 20];
        watch.look(Microseconds(2), 1);
        assert!(watch.take(true).is_none(), "it was too early to look");
        let after = resident(&mut watch, 1_000_000);
        assert!(
            after > before + (48 << 20),
            "{before} and {after} bytes with {}",
            block.len()
        );
    }
}
