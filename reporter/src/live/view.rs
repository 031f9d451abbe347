//! The screen, drawn from the state alone.

mod chart;
mod footer;
mod header;
mod help;
mod list;
mod style;
mod tabs;

use super::input::Places;
use super::state::State;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

#[cfg(test)]
mod tests;

/// Draws everything, and tells where the mouse will find it.
pub fn draw(frame: &mut Frame<'_>, state: &mut State) -> Places {
    let area = frame.area();
    let [header, chart, tabs, list, footer] = Layout::vertical([
        Constraint::Length(header::height(area.width)),
        Constraint::Length(chart_height(area)),
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
    ])
    .areas(area);
    header::draw(frame, header, state);
    if chart.height > 0 {
        chart::draw(frame, chart, state);
    }
    let mut places = Places {
        tabs: tabs.y,
        ..Places::default()
    };
    places.tab_columns = tabs::draw(frame, tabs, state);
    let first = list::draw(frame, list, state);
    places.list = (list.y + 1, first);
    places.rows = list.height.saturating_sub(1);
    footer::draw(frame, footer, state);
    if state.help {
        help::draw(frame, area, state);
    }
    places
}

/// The chart gets a quarter of a screen that has room for it.
fn chart_height(area: Rect) -> u16 {
    match area.height {
        0..16 => 0,
        height => (height / 4).clamp(5, 14),
    }
}
