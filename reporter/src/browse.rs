//! `memprof tree` on a terminal: a profile's calls, to be opened and closed.
//!
//! It looks and feels like the tree of `memprof live`, but nothing moves: a [`State`] is made once
//! and changed by keys alone.

mod input;
mod state;
mod view;

pub use state::State;

use crate::live::state::Branch;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, DisableMouseCapture, EnableMouseCapture};
use ratatui::crossterm::execute;
use std::io;

/// Shows the calls until the user leaves.
///
/// # Errors
///
/// When the terminal cannot be used.
pub fn browse(mut state: State) -> io::Result<()> {
    let mut terminal = ratatui::try_init()?;
    // without a mouse the keys do
    let _ = execute!(io::stdout(), EnableMouseCapture);
    let result = run(&mut terminal, &mut state);
    let _ = execute!(io::stdout(), DisableMouseCapture);
    ratatui::restore();
    result
}

fn run(terminal: &mut DefaultTerminal, state: &mut State) -> io::Result<()> {
    loop {
        terminal.draw(|frame| view::draw(frame, state))?;
        if input::handle(state, &event::read()?).is_break() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
