//! The lines of each pane as text.

use super::Content;
use crate::live::places::fit;
use crate::live::state::{Pane, State};
use crate::live::survey::Looked;
use crate::report::measure::{Bytes, Count, Seconds, Share};

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
    let line = move |freed: [String; 2], alive: [String; 2], name: &str| {
        let ([freed, deaths], [alive, lives]) = (freed, alive);
        let numbers = if width < NARROWER {
            format!(" {freed:>10} {alive:>10}  ")
        } else {
            format!(" {freed:>10} {deaths:>12} {alive:>10} {lives:>11}  ")
        };
        let room = width.saturating_sub(numbers.chars().count());
        format!("{numbers}{}", fit(name, room))
    };
    let heading = line(
        ["freed".into(), "objects".into()],
        ["alive".into(), "objects".into()],
        &format!("type ({})", when(state, width)),
    );
    let looked = state.survey.looked != Looked::Never;
    let count = entries.len();
    let line = move |number: usize| {
        let entry = entries[number];
        let (freed, alive) = (entry.own.now, entry.total.now);
        let known = |text: String| if looked { text } else { "?".to_owned() };
        line(
            [
                Bytes(freed.bytes).to_string(),
                Count(freed.blocks).to_string(),
            ],
            [
                known(Bytes(alive.bytes).to_string()),
                known(Count(alive.blocks).to_string()),
            ],
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

/// What is known of what is alive.
fn when(state: &State, width: usize) -> String {
    let narrow = width < NARROW;
    match state.survey.looked {
        Looked::Never if narrow => "t: census".to_owned(),
        Looked::Never => "alive: t asks for a census".to_owned(),
        Looked::AtEnd => "alive at the end".to_owned(),
        Looked::At { time, programs } => {
            let ago = Seconds((state.survey.elapsed - time).max(0.0));
            let of = match programs {
                1 => String::new(),
                programs if narrow => format!(" of {programs}"),
                programs => format!(" of {programs} programs"),
            };
            if narrow {
                format!("census{of} {ago} ago")
            } else {
                format!("alive as of the census{of} {ago} ago")
            }
        }
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
