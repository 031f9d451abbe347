//! What keys and the mouse mean.

use super::State;
use crate::list_keys::row_after;
use crate::live::input::edit_filter;
use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};
use std::ops::ControlFlow;

/// Does what an event says; breaks when the user wants to leave.
pub(super) fn handle(state: &mut State, event: &Event) -> ControlFlow<()> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => return self::key(state, *key),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::ScrollDown => state.select(state.selected + 3),
            MouseEventKind::ScrollUp => state.select(state.selected.saturating_sub(3)),
            MouseEventKind::Down(MouseButton::Left) => click(state, mouse.row),
            _ => {}
        },
        _ => {}
    }
    ControlFlow::Continue(())
}

fn key(state: &mut State, key: KeyEvent) -> ControlFlow<()> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
    }
    if state.typing {
        type_filter(state, key.code);
        return ControlFlow::Continue(());
    }
    if std::mem::take(&mut state.help) && key.code != KeyCode::Char('q') {
        return ControlFlow::Continue(());
    }
    if let Some(row) = row_after(key.code, state.selected, state.window.2) {
        state.select(row);
        return ControlFlow::Continue(());
    }
    match key.code {
        KeyCode::Char('q') => return ControlFlow::Break(()),
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => state.help = true,
        KeyCode::Char('/') => state.typing = true,
        KeyCode::Esc => state.filter.clear(),
        KeyCode::Right | KeyCode::Char('l') => state.open(true),
        KeyCode::Left => state.open(false),
        KeyCode::Enter | KeyCode::Char(' ') => toggle(state),
        KeyCode::Char('+') => state.open_all(true),
        KeyCode::Char('-') => state.open_all(false),
        _ => {}
    }
    ControlFlow::Continue(())
}

fn toggle(state: &mut State) {
    if let Some(branch) = state.branches().get(state.selected)
        && branch.has_calls
    {
        state.open(!branch.is_open);
    }
}

fn click(state: &mut State, row: u16) {
    let (first, top, rows) = state.window;
    let place = usize::from(row.saturating_sub(top));
    if row >= top && place < rows && first + place < state.branches().len() {
        state.select(first + place);
        toggle(state);
    }
}

fn type_filter(state: &mut State, code: KeyCode) {
    edit_filter(&mut state.filter, &mut state.typing, code);
    // what is found is shown with the way to it, whatever was open before
    state.open = None;
    state.selected = 0;
}
