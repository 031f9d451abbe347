//! What keys and the mouse mean.

use super::follow::Condition;
use super::state::{Pane, Sort, State};
use super::survey::Shown;
use crate::list_keys::row_after;
use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

/// What the screen alone cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Leave.
    Quit,
    /// Note what is alive now.
    Mark,
    /// Forget the mark.
    ClearMark,
    /// Look at one process alone, or at all together.
    Process(Option<u32>),
    /// Have the program look at everything that is alive.
    Census,
    /// Write what is recorded so far as a flame graph.
    Flamegraph,
}

/// Where the mouse finds things; the view says so when it draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The row of the tabs.
    pub tabs: u16,
    /// The first row of the pane's list, and the line of the list that stands there.
    pub list: (u16, usize),
    /// How many rows the list has.
    pub rows: u16,
    /// Where each tab begins and ends.
    pub tab_columns: [(u16, u16); 7],
}

/// Does what an event says, and returns what is left to do.
pub fn handle(state: &mut State, places: &Places, event: &Event) -> Option<Wish> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => self::key(state, *key),
        Event::Mouse(mouse) => {
            self::mouse(state, places, *mouse);
            None
        }
        Event::Paste(text) if state.typing => {
            state
                .filter
                .extend(text.chars().filter(|letter| !letter.is_control()));
            None
        }
        _ => None,
    }
}

fn key(state: &mut State, key: KeyEvent) -> Option<Wish> {
    state.message = None;
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        match key.code {
            KeyCode::Char('c') => return Some(Wish::Quit),
            KeyCode::Char('u') if state.typing => state.filter.clear(),
            _ => {}
        }
        return None;
    }
    if state.typing {
        type_filter(state, key.code);
        return None;
    }
    if state.help {
        state.help = false;
        return (key.code == KeyCode::Char('q')).then_some(Wish::Quit);
    }
    if let Some(wish) = wish(state, key.code) {
        return Some(wish);
    }
    if !choose(state, key.code) {
        go(state, key.code);
    }
    None
}

/// Keys that want something done outside the screen.
fn wish(state: &mut State, code: KeyCode) -> Option<Wish> {
    match code {
        KeyCode::Char('q') => Some(Wish::Quit),
        KeyCode::Char('m') => {
            state.shown = Shown::SinceMark;
            Some(Wish::Mark)
        }
        KeyCode::Char('M') => {
            state.shown = Shown::Now;
            Some(Wish::ClearMark)
        }
        KeyCode::Char('f') => Some(Wish::Flamegraph),
        KeyCode::Char('t') => {
            let running = state.condition == Condition::Running;
            if !running {
                state.message = Some("no census: the program has ended".to_owned());
            }
            running.then_some(Wish::Census)
        }
        KeyCode::Enter if state.pane == Pane::Processes => {
            let line = *state.processes().get(state.selected)?;
            Some(Wish::Process(line.map(|entry| entry.process)))
        }
        KeyCode::Char('a') => Some(Wish::Process(None)),
        _ => None,
    }
}

/// Keys that choose what is shown and how. Returns whether it was one.
fn choose(state: &mut State, code: KeyCode) -> bool {
    match code {
        KeyCode::Char('?' | 'h') | KeyCode::F(1) => state.help = true,
        KeyCode::Char('/') => state.typing = true,
        KeyCode::Esc => state.filter.clear(),
        KeyCode::Char(' ') => state.paused = !state.paused,
        KeyCode::Char('p') => {
            state.shown = match (state.shown, state.survey.mark) {
                (Shown::Now, _) => Shown::Peak,
                (Shown::Peak, Some(_)) => Shown::SinceMark,
                _ => Shown::Now,
            };
        }
        KeyCode::Char('s') => {
            let place = Sort::ALL.iter().position(|sort| *sort == state.sort);
            let next = place.map_or(0, |place| (place + 1) % Sort::ALL.len());
            state.sort = Sort::ALL[next];
            state.selected = 0;
        }
        KeyCode::Tab => step(state, 1),
        KeyCode::BackTab => step(state, state.panes().len() - 1),
        KeyCode::Char(digit @ '1'..='9') => {
            let place = digit as usize - '1' as usize;
            if let Some((pane, _)) = state.panes().get(place) {
                state.show(*pane);
            }
        }
        _ => return false,
    }
    true
}

/// Keys that go through the list.
fn go(state: &mut State, code: KeyCode) {
    if let Some(row) = row_after(code, state.selected, state.page) {
        state.select(row);
        return;
    }
    match code {
        KeyCode::Right | KeyCode::Char('l') | KeyCode::Enter if state.pane == Pane::Tree => {
            state.open_branch(true);
        }
        KeyCode::Left if state.pane == Pane::Tree => state.open_branch(false),
        _ => {}
    }
}

fn step(state: &mut State, by: usize) {
    let panes = state.panes();
    let place = panes.iter().position(|(pane, _)| *pane == state.pane);
    let next = (place.unwrap_or(0) + by) % panes.len();
    state.show(panes[next].0);
}

fn type_filter(state: &mut State, code: KeyCode) {
    edit_filter(&mut state.filter, &mut state.typing, code);
    state.selected = 0;
}

/// What a key does to a filter that is being typed.
pub fn edit_filter(filter: &mut String, typing: &mut bool, code: KeyCode) {
    match code {
        KeyCode::Enter => *typing = false,
        KeyCode::Esc => {
            *typing = false;
            filter.clear();
        }
        KeyCode::Backspace => {
            filter.pop();
        }
        KeyCode::Char(letter) => filter.push(letter),
        _ => {}
    }
}

fn mouse(state: &mut State, places: &Places, mouse: MouseEvent) {
    match mouse.kind {
        MouseEventKind::ScrollDown => state.select(state.selected + 3),
        MouseEventKind::ScrollUp => state.select(state.selected.saturating_sub(3)),
        MouseEventKind::Down(MouseButton::Left) if mouse.row == places.tabs => {
            let under = |(from, to): &(u16, u16)| (*from..*to).contains(&mouse.column);
            let tab = places.tab_columns.iter().position(under);
            if let Some((pane, _)) = tab.and_then(|tab| state.panes().get(tab)) {
                state.show(*pane);
            }
        }
        MouseEventKind::Down(MouseButton::Left) => {
            let (first, line) = places.list;
            if (first..first + places.rows).contains(&mouse.row) {
                state.select(line + usize::from(mouse.row - first));
                if state.pane == Pane::Tree
                    && let Some(branch) = state.branches().get(state.selected)
                {
                    state.open_branch(!branch.is_open);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Places, Wish, handle};
    use crate::live::follow::Condition;
    use crate::live::state::{Pane, Sort, State};
    use crate::live::survey::{Entry, ProcessEntry, Rate, Shown, Values};
    use ratatui::crossterm::event::{
        Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
    };

    fn press(state: &mut State, keys: &str) -> Option<Wish> {
        let mut last = None;
        for letter in keys.chars() {
            let code = match letter {
                '\n' => KeyCode::Enter,
                '\t' => KeyCode::Tab,
                letter => KeyCode::Char(letter),
            };
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            last = handle(state, &Places::default(), &Event::Key(key));
        }
        last
    }

    #[test]
    fn keys_choose_pane_order_and_moment() {
        let mut state = State::default();
        assert_eq!(press(&mut state, "s"), None);
        assert_eq!(state.sort, Sort::Total);
        press(&mut state, "\t");
        assert_eq!(state.pane, Pane::Functions);
        press(&mut state, "4");
        assert_eq!(state.pane, Pane::Tree);
        press(&mut state, "7");
        assert_eq!(state.pane, Pane::Tree, "there is no output to show");
        press(&mut state, "p");
        assert_eq!(state.shown, Shown::Peak);
        press(&mut state, " ");
        assert!(state.paused);
        assert_eq!(press(&mut state, "m"), Some(Wish::Mark));
        assert_eq!(press(&mut state, "t"), Some(Wish::Census));
        state.condition = Condition::Finished { how: String::new() };
        assert_eq!(press(&mut state, "t"), None);
        assert_eq!(press(&mut state, "q"), Some(Wish::Quit));
    }

    #[test]
    fn one_process_is_chosen_or_all() {
        let mut state = State::default();
        let entry = |process, command: &str| ProcessEntry {
            process,
            command: command.to_owned(),
            ..ProcessEntry::default()
        };
        state.survey.processes = vec![entry(7, "app"), entry(8, "worker"), entry(9, "other")];
        assert_eq!(press(&mut state, "6\n"), Some(Wish::Process(None)));
        assert_eq!(press(&mut state, "jj\n"), Some(Wish::Process(Some(8))));
        assert_eq!(press(&mut state, "/oth\nj\n"), Some(Wish::Process(Some(9))));
        assert_eq!(press(&mut state, "1a"), Some(Wish::Process(None)));
        state.filter.clear();
        state.survey.processes.truncate(1);
        assert_eq!(press(&mut state, "6\n"), Some(Wish::Process(Some(7))));
    }

    #[test]
    fn a_filter_is_typed_and_keeps_its_letters() {
        let entry = |name: &str| Entry {
            name: name.into(),
            own: Values::default(),
            total: Values::default(),
            churn: Rate {
                bytes: 0.0,
                blocks: 1.0,
            },
        };
        let mut state = State::default();
        state.survey.lines = vec![entry("load (a.py:1)"), entry("Query (b.py:2)")];
        assert_eq!(press(&mut state, "/q"), None);
        assert!(state.typing);
        let names: Vec<_> = state
            .entries()
            .iter()
            .map(|it| it.name.to_string())
            .collect();
        assert_eq!(names, ["Query (b.py:2)"]);
        press(&mut state, "\n");
        assert!(!state.typing);
        assert_eq!(state.filter, "q");
    }

    #[test]
    fn the_mouse_chooses_lines_and_tabs() {
        let mut state = State::default();
        let entry = |number: u32| Entry {
            name: format!("{number:02}").into(),
            own: Values::default(),
            total: Values::default(),
            churn: Rate {
                bytes: 0.0,
                blocks: 1.0,
            },
        };
        state.survey.lines = (0..30).map(entry).collect();
        let mut places = Places {
            tabs: 4,
            list: (6, 10),
            rows: 8,
            ..Places::default()
        };
        places.tab_columns[1] = (9, 20);
        let click = |state: &mut State, kind, column, row| {
            let modifiers = KeyModifiers::NONE;
            let mouse = MouseEvent {
                kind,
                column,
                row,
                modifiers,
            };
            handle(state, &places, &Event::Mouse(mouse));
        };
        let left = MouseEventKind::Down(MouseButton::Left);
        click(&mut state, left, 3, 8);
        assert_eq!(state.selected, 12);
        click(&mut state, MouseEventKind::ScrollDown, 3, 8);
        assert_eq!(state.selected, 15);
        click(&mut state, left, 12, 4);
        assert_eq!((state.pane, state.selected), (Pane::Functions, 0));
    }
}
