//! The list of the pane that is shown.

mod processes;
mod rows;

use super::style;
use crate::live::places::fit;
use crate::live::state::{Pane, State};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

/// What a pane shows: a heading, and lines of which only those on the screen are made.
struct Content<'a> {
    heading: String,
    count: usize,
    line: Box<dyn Fn(usize) -> String + 'a>,
    /// What is shown where there is nothing.
    empty: &'static str,
}

/// Draws the list. Returns the first line that is on the screen.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &mut State) -> usize {
    let rows = usize::from(area.height.saturating_sub(1));
    state.page = rows;
    state.select(state.selected);
    let content = content(state, usize::from(area.width));
    let first = if state.pane == Pane::Log {
        // the end is what matters, unless somebody went up
        let last = content.count.saturating_sub(rows);
        last.min(if state.selected == 0 {
            last
        } else {
            state.selected
        })
    } else {
        let middle = state.selected.saturating_sub(rows / 2);
        middle.min(content.count.saturating_sub(rows))
    };
    let room = usize::from(area.width);
    let mut lines = vec![Line::styled(fit(&content.heading, room), style::heading())];
    for number in first..(first + rows).min(content.count) {
        let style = if number == state.selected && state.pane != Pane::Log {
            style::chosen()
        } else {
            Style::new()
        };
        lines.push(Line::styled((content.line)(number), style));
    }
    if content.count == 0 && rows > 0 {
        lines.push(Line::styled(format!(" {}", content.empty), style::quiet()));
    }
    let buffer = frame.buffer_mut();
    for (line, y) in lines.iter().zip(area.y..area.bottom()) {
        buffer.set_line(area.x, y, line, area.width);
    }
    first
}

fn content(state: &State, width: usize) -> Content<'_> {
    match state.pane {
        Pane::Types => rows::types(state, width),
        Pane::Tree => rows::tree(state, width),
        Pane::Processes => processes::processes(state, width),
        Pane::Log => rows::log(state, width),
        Pane::Lines | Pane::Functions | Pane::Threads => rows::table(state, width),
    }
}
