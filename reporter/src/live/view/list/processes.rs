//! The lines of the processes as text.

use super::Content;
use crate::live::places::fit;
use crate::live::state::State;
use crate::live::survey::ProcessEntry;
use crate::report::measure::{Bytes, Count};

/// Below this width parents and threads are left out, so that there is room for commands.
const NARROW: usize = 110;

pub(super) fn processes(state: &State, width: usize) -> Content<'_> {
    let entries = state.processes();
    let wide = width >= NARROW;
    let heading = if wide {
        format!(
            " {:>8} {:>8} {:>10} {:>10} {:>10} {:>10} {:>7}  {:<10} command",
            "process", "parent", "heap", "peak", "events/s", "RSS", "threads", "state"
        )
    } else {
        format!(
            " {:>8} {:>10} {:>10} {:>10} {:>10}  {:<10} command",
            "process", "heap", "peak", "events/s", "RSS", "state"
        )
    };
    let count = entries.len();
    let line = move |number: usize| {
        let text = match entries[number] {
            Some(entry) => of_one(entry, wide),
            None => of_all(state, wide),
        };
        let (numbers, command) = text;
        let room = width.saturating_sub(numbers.chars().count());
        format!("{numbers}{}", fit(&command, room))
    };
    Content {
        heading,
        count,
        line: Box::new(line),
        empty: "no process has attached yet",
    }
}

fn of_one(entry: &ProcessEntry, wide: bool) -> (String, String) {
    let mark = if entry.is_shown { '*' } else { ' ' };
    let unknown = || "-".to_owned();
    let [heap, peak, rate] = match entry.heap {
        Some((heap, peak, rate)) => [
            Bytes(heap).to_string(),
            Bytes(peak).to_string(),
            Count(rate as i64).to_string(),
        ],
        None => [(); 3].map(|()| unknown()),
    };
    let resident = entry.resident;
    let resident = resident.map_or_else(unknown, |bytes| Bytes(bytes as i64).to_string());
    let end = entry.end.as_deref().unwrap_or("running");
    let (process, parent, threads) = (entry.process, entry.parent, entry.threads);
    let numbers = if wide {
        format!(
            "{mark}{process:>8} {parent:>8} {heap:>10} {peak:>10} {rate:>10} {resident:>10} {threads:>7}  {end:<10} "
        )
    } else {
        format!("{mark}{process:>8} {heap:>10} {peak:>10} {rate:>10} {resident:>10}  {end:<10} ")
    };
    (numbers, entry.command.clone())
}

/// All processes together. While only one is looked at, nobody knows more of them.
fn of_all(state: &State, wide: bool) -> (String, String) {
    let survey = &state.survey;
    let running = survey.processes.iter().filter(|entry| entry.end.is_none());
    let all = ProcessEntry {
        heap: survey.chosen.is_none().then_some((
            survey.heap.bytes,
            survey.peak.heap.bytes,
            survey.events,
        )),
        resident: survey.resident.filter(|_| survey.chosen.is_none()),
        threads: survey.processes.iter().map(|entry| entry.threads).sum(),
        end: Some(format!("{} running", running.count())),
        is_shown: survey.chosen.is_none(),
        ..ProcessEntry::default()
    };
    let (numbers, _) = of_one(&all, wide);
    // no process has the number 0
    let numbers = numbers.replacen("       0", "     all", 1);
    let numbers = if wide {
        numbers.replacen("       0", "       -", 1)
    } else {
        numbers
    };
    (numbers, "all processes together".to_owned())
}
