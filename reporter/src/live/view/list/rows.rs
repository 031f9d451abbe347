//! The lines of each pane as text.

use super::Content;
use crate::live::places::fit;
use crate::live::state::{Pane, State};
use crate::live::survey::ProcessEntry;
use crate::report::measure::{Bytes, Count, Share};

/// Below this width the share is left out, so that there is room for names.
const NARROW: usize = 100;
/// Below this width so are the blocks.
const NARROWER: usize = 72;

pub(super) fn table(state: &State, width: usize) -> Content<'_> {
    let entries = state.entries();
    let shown = state.values();
    let whole: i64 = match state.pane {
        Pane::Threads => entries.iter().map(|entry| entry.own.of(shown).bytes).sum(),
        _ => state
            .survey
            .lines
            .iter()
            .map(|entry| entry.own.of(shown).bytes)
            .sum(),
    };
    let what = match state.pane {
        Pane::Functions => "function",
        Pane::Threads => "thread",
        _ => "line",
    };
    let line = move |own: String,
                     share: String,
                     total: String,
                     blocks: String,
                     churn: String,
                     name: &str| {
        let numbers = if width < NARROWER {
            format!(" {own:>10} {total:>10} {churn:>10}  ")
        } else if width < NARROW {
            format!(" {own:>10} {total:>10} {blocks:>11} {churn:>10}  ")
        } else {
            format!(" {own:>10} {share:>6} {total:>10} {blocks:>11} {churn:>10}  ")
        };
        let room = width.saturating_sub(numbers.chars().count());
        format!("{numbers}{}", fit(name, room))
    };
    let heading = line(
        "own".into(),
        "%".into(),
        "total".into(),
        "blocks".into(),
        "churn/s".into(),
        what,
    );
    let count = entries.len();
    let line = move |number: usize| {
        let entry = entries[number];
        let (own, total) = (entry.own.of(shown), entry.total.of(shown));
        let part = own.bytes;
        line(
            Bytes(own.bytes).to_string(),
            Share { part, whole }.to_string(),
            Bytes(total.bytes).to_string(),
            Count(own.blocks).to_string(),
            Bytes(entry.churn.bytes as i64).to_string(),
            &entry.name,
        )
    };
    Content {
        heading,
        count,
        line: Box::new(line),
        empty: nothing(state),
    }
}

pub(super) fn types(state: &State, width: usize) -> Content<'_> {
    let entries = state.entries();
    let heading = format!(
        " {:>10} {:>12} {:>10} {:>11}  type",
        "freed", "objects", "at end", "objects"
    );
    let count = entries.len();
    let line = move |number: usize| {
        let entry = entries[number];
        let (freed, alive) = (entry.own.now, entry.total.now);
        let numbers = format!(
            " {:>10} {:>12} {:>10} {:>11}  ",
            Bytes(freed.bytes).to_string(),
            Count(freed.blocks).to_string(),
            Bytes(alive.bytes).to_string(),
            Count(alive.blocks).to_string()
        );
        let room = width.saturating_sub(numbers.chars().count());
        format!("{numbers}{}", fit(&entry.name, room))
    };
    Content {
        heading,
        count,
        line: Box::new(line),
        empty: nothing(state),
    }
}

pub(super) fn tree(state: &State, width: usize) -> Content<'_> {
    let branches = state.branches();
    let shown = state.shown;
    let nodes = &state.survey.tree;
    let whole = nodes.first().map_or(0, |root| root.total.of(shown).bytes);
    let count = branches.len();
    let line = move |number: usize| {
        let branch = branches[number];
        let node = &nodes[branch.node as usize];
        let total = node.total.of(shown);
        let part = total.bytes;
        let sign = match (branch.has_calls, branch.is_open) {
            (false, _) => ' ',
            (true, true) => '▾',
            (true, false) => '▸',
        };
        // the deepest branches still have room for a name
        let indent = "  ".repeat(branch.depth.min(width / 6));
        let numbers = format!(
            " {:>10} {:>6} {:>11}  {indent}{sign} ",
            Bytes(total.bytes).to_string(),
            Share { part, whole }.to_string(),
            Count(total.blocks).to_string()
        );
        let room = width.saturating_sub(numbers.chars().count());
        format!("{numbers}{}", fit(&node.name, room))
    };
    Content {
        heading: format!(" {:>10} {:>6} {:>11}    call", "total", "%", "blocks"),
        count,
        line: Box::new(line),
        empty: nothing(state),
    }
}

pub(super) fn processes(state: &State, width: usize) -> Content<'_> {
    let entries = &state.survey.processes;
    let line = move |number: usize| {
        let ProcessEntry {
            process,
            parent,
            command,
            resident,
            threads,
            end,
            is_shown,
        } = &entries[number];
        let resident = resident.map_or("-".to_owned(), |bytes| Bytes(bytes as i64).to_string());
        let end = end.as_deref().unwrap_or("running");
        let mark = if *is_shown { '*' } else { ' ' };
        let numbers =
            format!("{mark}{process:>8} {parent:>8} {resident:>10} {threads:>7}  {end:<10} ");
        let room = width.saturating_sub(numbers.chars().count());
        format!("{numbers}{}", fit(command, room))
    };
    Content {
        heading: format!(
            " {:>8} {:>8} {:>10} {:>7}  {:<10} command",
            "process", "parent", "RSS", "threads", "state"
        ),
        count: entries.len(),
        line: Box::new(line),
        empty: "no process has attached yet",
    }
}

pub(super) fn log(state: &State, width: usize) -> Content<'_> {
    let lines = state.log.as_deref().unwrap_or_default();
    let line = move |number: usize| {
        let text: String = lines[number].chars().take(width).collect();
        text
    };
    Content {
        heading: " what the program writes".to_owned(),
        count: lines.len(),
        line: Box::new(line),
        empty: "nothing yet",
    }
}

fn nothing(state: &State) -> &'static str {
    if !state.filter.is_empty() {
        return "nothing has this in its name: Esc shows all";
    }
    match state.pane {
        Pane::Types => "no object has died yet whose type was read",
        _ => "nothing yet",
    }
}
