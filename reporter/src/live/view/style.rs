//! Colours, which are never needed to understand the screen.

use crate::live::state::State;
use ratatui::style::{Color, Modifier, Style};

/// What a heading looks like.
pub(super) fn heading() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// What is chosen.
pub(super) fn chosen() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

/// What is of less importance.
pub(super) fn quiet() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// What must not be overlooked.
pub(super) fn warning(state: &State) -> Style {
    coloured(state, Color::Yellow).add_modifier(Modifier::BOLD)
}

/// The heap.
pub(super) fn heap(state: &State) -> Style {
    coloured(state, Color::Cyan)
}

/// Resident memory.
pub(super) fn resident(state: &State) -> Style {
    coloured(state, Color::Magenta)
}

fn coloured(state: &State, colour: Color) -> Style {
    if state.colour {
        Style::new().fg(colour)
    } else {
        Style::new()
    }
}
