//! The loop: read what is new, draw, wait for a key.

use super::ask::{Censuses, mark};
use super::follow::{Condition, Follower};
use super::input::{self, Places, Wish};
use super::state::State;
use super::survey::Surveyor;
use super::view;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, DisableMouseCapture, EnableMouseCapture};
use ratatui::crossterm::execute;
use std::io;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

/// Between two drawings.
const INTERVAL: Duration = Duration::from_millis(250);
/// So long it may read before keys are looked at again.
const READING: Duration = Duration::from_millis(100);

/// What the screen asks of the rest of the program.
pub trait Host {
    /// Begins to save what is recorded so far as a flame graph, of one process or all. Returns what
    /// to tell the user now, and where there is something to tell when it is done.
    fn flamegraph(&mut self, process: Option<u32>, elapsed: f64) -> (String, Receiver<String>);
    /// What the program has written since, if this terminal is the program's.
    fn log(&mut self, lines: &mut Vec<String>);
}

/// Watches until the user leaves.
///
/// # Errors
///
/// When the terminal cannot be used.
pub fn watch(follower: &mut Follower, host: &mut impl Host, mut state: State) -> io::Result<()> {
    let mut terminal = ratatui::try_init()?;
    // without a mouse the keys do
    let _ = execute!(io::stdout(), EnableMouseCapture);
    let result = run(&mut terminal, follower, host, &mut state);
    let _ = execute!(io::stdout(), DisableMouseCapture);
    ratatui::restore();
    result
}

fn run(
    terminal: &mut DefaultTerminal,
    follower: &mut Follower,
    host: &mut impl Host,
    state: &mut State,
) -> io::Result<()> {
    let mut surveyor = Surveyor::default();
    let mut places = Places::default();
    let mut censuses = Censuses::default();
    let mut pages: Vec<Receiver<String>> = Vec::new();
    let mut marks = 0;
    let mut next = Instant::now();
    loop {
        let caught_up = follower.advance(READING);
        if Instant::now() >= next {
            next = Instant::now() + INTERVAL;
            look(follower, state);
            if let Some(log) = &mut state.log {
                host.log(log);
            }
            if let Some(said) = censuses.poll() {
                state.message = Some(said);
            }
            pages.retain(|page| match page.try_recv() {
                Ok(said) => {
                    state.message = Some(said);
                    false
                }
                Err(error) => error == TryRecvError::Empty,
            });
            if !state.paused {
                state.survey = surveyor.survey(follower);
            }
            terminal.draw(|frame| places = view::draw(frame, state))?;
        }
        let mut wait = if caught_up {
            next.saturating_duration_since(Instant::now())
        } else {
            Duration::ZERO
        };
        let mut touched = false;
        while event::poll(wait)? {
            wait = Duration::ZERO;
            touched = true;
            match input::handle(state, &places, &event::read()?) {
                Some(Wish::Quit) => return Ok(()),
                Some(Wish::Mark) => {
                    surveyor.mark(follower);
                    state.survey = surveyor.survey(follower);
                    if state.condition == Condition::Running {
                        marks += 1;
                        state.message = Some(mark(state.process, &format!("live-{marks}")));
                    }
                }
                Some(Wish::Census) => {
                    censuses.ask(&running(follower));
                }
                Some(Wish::ClearMark) => {
                    surveyor.clear_mark();
                    state.survey.mark = None;
                }
                Some(Wish::Process(process)) => follower.choose(process),
                Some(Wish::Flamegraph) => {
                    let (said, later) = host.flamegraph(follower.chosen(), state.survey.elapsed);
                    state.message = Some(said);
                    pages.push(later);
                }
                None => {}
            }
        }
        if touched {
            terminal.draw(|frame| places = view::draw(frame, state))?;
        }
    }
}

/// The processes that are looked at and can be asked something.
fn running(follower: &Follower) -> Vec<u32> {
    if follower.condition() != Condition::Running {
        return Vec::new();
    }
    let ends = follower.reader().image_ends();
    let images = follower.programs().images().iter();
    images
        .filter(|(image, _, counts)| *counts && ends.iter().all(|end| end.image != *image))
        .map(|(_, process, _)| *process)
        .collect()
}

/// Takes over what is known of the recording at large.
fn look(follower: &Follower, state: &mut State) {
    let facts = follower.reader().facts();
    state.program = super::places::printable(&facts.name);
    state.process = follower.chosen().unwrap_or(facts.root);
    state.condition = follower.condition();
    state.lag = follower.lag();
    state.progress = match state.condition {
        Condition::Running if state.lag.is_none_or(|lag| lag < 2.0) => 1.0,
        _ => follower.progress(),
    };
}
