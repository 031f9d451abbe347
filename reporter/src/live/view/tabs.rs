//! The names of the panes, with their keys.

use super::style;
use crate::live::state::State;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Draws the tabs, and tells where each begins and ends. Where they do not fit, only the one that is
/// shown has its name.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State) -> [(u16, u16); 7] {
    let label = |place: usize, title: &str| format!(" {} {title} ", place + 1);
    let panes = state.panes().iter().enumerate();
    let all: usize = panes
        .map(|(place, (_, title))| label(place, title).chars().count())
        .sum();
    let fits = all <= usize::from(area.width);
    let mut columns = [(0, 0); 7];
    let mut spans = Vec::new();
    let mut column = area.x;
    for (place, (pane, title)) in state.panes().iter().enumerate() {
        let text = if fits || *pane == state.pane {
            label(place, title)
        } else {
            format!(" {} ", place + 1)
        };
        let width = text.chars().count() as u16;
        columns[place] = (column, column + width);
        column += width;
        let style = if *pane == state.pane {
            style::chosen()
        } else {
            Style::new()
        };
        spans.push(Span::styled(text, style));
    }
    frame.render_widget(Line::from(spans), area);
    columns
}
