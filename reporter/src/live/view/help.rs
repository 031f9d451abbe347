//! What the keys do.

use super::style;
use crate::live::state::State;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph};

const KEYS: [(&str, &str); 16] = [
    ("1 … 7, Tab", "another pane; or click on its name"),
    ("↑ ↓, j k", "another line; PgUp PgDn Home End go further"),
    (
        "→ ←",
        "in the tree: open, close; Enter or a click does both",
    ),
    ("s", "sort by own, total, blocks, churn, name"),
    ("p", "show what is alive now, at the peak, since the mark"),
    (
        "m, M",
        "mark this moment, here and in the recording; forget it",
    ),
    ("t", "types of what is alive: ask the program for a census"),
    ("/", "show only lines with a text in them; Esc shows all"),
    ("space", "pause the screen; the program goes on"),
    (
        "Enter, a",
        "in the processes: this one alone; a: all together",
    ),
    ("f", "save a flame graph of what is recorded so far"),
    ("q, Ctrl-C", "leave; the program goes on"),
    ("", ""),
    ("own", "allocated in the line or function itself"),
    ("total", "the same with all that it called"),
    ("churn/s", "bytes allocated a second, freed or not"),
];

/// The longest of them, and the border.
const WIDTH: u16 = 70;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, _: &State) {
    let width = area.width.min(WIDTH);
    let height = area.height.min(KEYS.len() as u16 + 2);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    let lines: Vec<Line<'_>> = KEYS
        .iter()
        .map(|(key, what)| Line::from(format!(" {key:<11} {what}")))
        .collect();
    let block = Block::bordered()
        .title(" Keys ")
        .title_style(style::heading());
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(block), place);
}
