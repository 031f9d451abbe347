//! Keys that go through a list, the same wherever a terminal shows one.

use ratatui::crossterm::event::KeyCode;

/// The row that a key leads to from the selected one, in a list of which `page` rows are seen at
/// once; it may be behind the last. `None` for any other key.
pub(crate) fn row_after(code: KeyCode, selected: usize, page: usize) -> Option<usize> {
    let page = page.max(1);
    match code {
        KeyCode::Up | KeyCode::Char('k') => Some(selected.saturating_sub(1)),
        KeyCode::Down | KeyCode::Char('j') => Some(selected + 1),
        KeyCode::PageUp => Some(selected.saturating_sub(page)),
        KeyCode::PageDown => Some(selected + page),
        KeyCode::Home | KeyCode::Char('g') => Some(0),
        KeyCode::End | KeyCode::Char('G') => Some(usize::MAX),
        _ => None,
    }
}
