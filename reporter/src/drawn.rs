//! What a terminal would show, as text, for tests.

use ratatui::backend::TestBackend;
use ratatui::buffer::Cell;
use ratatui::{Frame, Terminal};

/// The lines of a terminal of this size after something was drawn, without blanks at their ends.
pub(crate) fn drawn(width: u16, height: u16, draw: impl FnOnce(&mut Frame<'_>)) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("in memory");
    terminal.draw(draw).expect("in memory");
    let buffer = terminal.backend().buffer().clone();
    let rows = buffer.content().chunks(usize::from(width));
    rows.map(|row| {
        let text: String = row.iter().map(Cell::symbol).collect();
        text.trim_end().to_owned()
    })
    .collect()
}
