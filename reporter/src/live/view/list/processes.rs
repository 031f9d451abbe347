//! The lines of the processes as text.

use super::Content;
use crate::live::places::fit;
use crate::live::state::State;
use crate::live::survey::ProcessEntry;
use crate::report::measure::{Bytes, Count};

/// Below this width parents and threads are left out, so that there is room for commands.
const NARROW: usize = 110;
/// Below this width so are peak, events and resident memory.
const NARROWER: usize = 72;

pub(super) fn processes(state: &State, width: usize) -> Content<'_> {
    let entries = state.processes();
    let titles = [
        "process", "parent", "heap", "peak", "events/s", "RSS", "threads", "state",
    ];
    let heading = format!("{}command", numbers(width, ' ', &titles.map(str::to_owned)));
    let count = entries.len();
    let line = move |number: usize| {
        let (numbers, command) = match entries[number] {
            Some(entry) => (of_one(entry, width), entry.command.as_str()),
            None => (of_all(state, width), "all processes together"),
        };
        let room = width.saturating_sub(numbers.chars().count());
        format!("{numbers}{}", fit(command, room))
    };
    Content {
        heading,
        count,
        line: Box::new(line),
        empty: "no process has attached yet",
    }
}

/// What stands before a command, as far as there is room for it.
fn numbers(width: usize, mark: char, cells: &[String; 8]) -> String {
    let [process, parent, heap, peak, rate, resident, threads, end] = cells;
    if width >= NARROW {
        format!(
            "{mark}{process:>8} {parent:>8} {heap:>10} {peak:>10} {rate:>10} {resident:>10} {threads:>7}  {end:<10} "
        )
    } else if width >= NARROWER {
        format!("{mark}{process:>8} {heap:>10} {peak:>10} {rate:>10} {resident:>10}  {end:<10} ")
    } else {
        format!("{mark}{process:>8} {heap:>10}  {end:<10} ")
    }
}

fn unknown() -> String {
    "-".to_owned()
}

/// Heap, peak and events a second.
fn amounts(heap: Option<(i64, i64, f64)>) -> [String; 3] {
    match heap {
        Some((heap, peak, rate)) => [
            Bytes(heap).to_string(),
            Bytes(peak).to_string(),
            Count(rate as i64).to_string(),
        ],
        None => [(); 3].map(|()| unknown()),
    }
}

fn of_one(entry: &ProcessEntry, width: usize) -> String {
    let [heap, peak, rate] = amounts(entry.heap);
    let cells = [
        entry.process.to_string(),
        entry.parent.to_string(),
        heap,
        peak,
        rate,
        resident(entry.resident),
        entry.threads.to_string(),
        entry.end.clone().unwrap_or_else(|| "running".to_owned()),
    ];
    numbers(width, mark(entry.is_shown), &cells)
}

/// All processes together. While only one is looked at, nobody knows more of them.
fn of_all(state: &State, width: usize) -> String {
    let survey = &state.survey;
    let together = survey.chosen.is_none();
    let running = survey.processes.iter().filter(|entry| entry.end.is_none());
    let threads: usize = survey.processes.iter().map(|entry| entry.threads).sum();
    let known = (survey.heap.bytes, survey.peak.heap.bytes, survey.events);
    let [heap, peak, rate] = amounts(together.then_some(known));
    let cells = [
        "all".to_owned(),
        unknown(),
        heap,
        peak,
        rate,
        resident(survey.resident.filter(|_| together)),
        threads.to_string(),
        format!("{} running", running.count()),
    ];
    numbers(width, mark(together), &cells)
}

fn mark(is_shown: bool) -> char {
    if is_shown { '*' } else { ' ' }
}

fn resident(bytes: Option<u64>) -> String {
    bytes.map_or_else(unknown, |bytes| Bytes(bytes as i64).to_string())
}
