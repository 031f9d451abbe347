//! The screen, drawn from the state alone.

use super::State;
use crate::live::places::fit;
use crate::live::survey::Shown;
use crate::report::measure::{Bytes, Count, Share};
use ratatui::Frame;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;

/// Below this width blocks and what a call holds itself are left out, so that there is room for names.
const NARROW: usize = 90;

const HELP: [&str; 8] = [
    "Up, Down, PgUp, PgDn, Home, End   another line (also k, j, g, G)",
    "Right, Left                       open; close, or back to the caller",
    "Enter, Space, a click             open or close",
    "+  -                              open or close all that is below",
    "/                                 show only what has a text in its name",
    "Esc                               show everything again",
    "?                                 this help",
    "q, Ctrl-C                         leave",
];

/// Draws everything, and notes where the list is.
pub(super) fn draw(frame: &mut Frame<'_>, state: &mut State) {
    let area = frame.area();
    let width = usize::from(area.width);
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let quiet = Style::new().add_modifier(Modifier::DIM);
    let alarming = if state.colour {
        bold.fg(Color::Yellow)
    } else {
        bold
    };
    let mut lines = vec![Line::styled(fit(&format!(" {}", state.title), width), bold)];
    if let Some(warning) = &state.warning {
        lines.push(Line::styled(fit(&format!(" {warning}"), width), alarming));
    }
    lines.push(Line::styled(fit(&heading(width), width), bold));
    let top = lines.len();
    let rows = usize::from(area.height).saturating_sub(top + 1);
    if state.help {
        let help = HELP.iter().take(rows);
        lines.extend(help.map(|line| Line::from(fit(&format!("  {line}"), width))));
    } else {
        list(state, &mut lines, rows, width);
    }
    let buffer = frame.buffer_mut();
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        buffer.set_line(area.x, y, line, area.width);
    }
    if usize::from(area.height) > top {
        let (text, style) = if state.typing {
            let text = format!(
                " show only: {}_  (Enter keeps it, Esc drops it)",
                state.filter
            );
            (text, bold)
        } else {
            (footer(state), quiet)
        };
        let line = Line::styled(fit(&text, width), style);
        buffer.set_line(area.x, area.bottom() - 1, &line, area.width);
    }
    let first = state.window.0;
    state.window = (first, area.y + top as u16, rows);
}

fn footer(state: &State) -> String {
    let filter = match state.filter.as_str() {
        "" => String::new(),
        filter => format!("  only “{filter}”"),
    };
    format!(" ? help  q quit  → open  ← close  + all below  / filter{filter}")
}

fn list(state: &mut State, lines: &mut Vec<Line<'static>>, rows: usize, width: usize) {
    let branches = state.branches();
    state.selected = state.selected.min(branches.len().saturating_sub(1));
    let middle = state.selected.saturating_sub(rows / 2);
    let first = middle.min(branches.len().saturating_sub(rows));
    state.window.0 = first;
    if branches.is_empty() {
        let text = match state.filter.as_str() {
            "" => " nothing was allocated",
            _ => " no call has this in its name: Esc shows all",
        };
        lines.push(Line::from(text));
    }
    let whole = state.nodes.first().map_or(0, |root| root.total.now.bytes);
    for (number, branch) in branches.iter().enumerate().skip(first).take(rows) {
        let node = &state.nodes[branch.node as usize];
        let total = node.total.of(Shown::Now);
        let part = total.bytes;
        let numbers = columns(
            width,
            &Bytes(total.bytes).to_string(),
            &Share { part, whole }.to_string(),
            &Bytes(node.own.now.bytes).to_string(),
            &Count(total.blocks).to_string(),
        );
        let sign = match (branch.has_calls, branch.is_open) {
            (false, _) => ' ',
            (true, true) => '▾',
            (true, false) => '▸',
        };
        // the deepest calls still have room for a name
        let indent = "  ".repeat(branch.depth.min(width / 6));
        let front = format!("{numbers}  {indent}{sign} ");
        let room = width.saturating_sub(front.chars().count());
        let text = format!("{front}{}", fit(&node.name, room));
        let style = if number == state.selected {
            Style::new().add_modifier(Modifier::REVERSED)
        } else {
            Style::new()
        };
        lines.push(Line::styled(text, style));
    }
}

fn heading(width: usize) -> String {
    format!("{}    call", columns(width, "total", "%", "own", "blocks"))
}

fn columns(width: usize, total: &str, share: &str, own: &str, blocks: &str) -> String {
    if width < NARROW {
        format!(" {total:>10} {share:>6}")
    } else {
        format!(" {total:>10} {share:>6} {own:>10} {blocks:>11}")
    }
}
