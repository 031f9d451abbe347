//! Screens as text, and keys.

use super::input::handle;
use super::{State, view};
use crate::drawn::drawn;
use crate::profile::sample;
use crate::report::tree::Tree;
use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};

fn state() -> State {
    let tree = Tree::new(&sample::branches(), None, None);
    let warning = Some("incomplete: its recorder was killed".to_owned());
    State::new(&tree, "a.py at peak".into(), warning, true)
}

fn screen(state: &mut State, width: u16, height: u16) -> Vec<String> {
    drawn(width, height, |frame| view::draw(frame, state))
}

fn press(state: &mut State, keys: &[KeyCode]) {
    for code in keys {
        let key = Event::Key(KeyEvent::new(*code, KeyModifiers::NONE));
        assert!(handle(state, &key).is_continue(), "{code:?}");
    }
}

#[test]
fn the_heaviest_path_is_open() {
    let expected = [
        " a.py at peak",
        " incomplete: its recorder was killed",
        "      total      %        own      blocks    call",
        "    1.1 KiB 100.0%       12 B           4  ▾ main (/home/me/a.py:1)",
        "     1000 B  89.9%        0 B           1    ▾ big (/home/me/a.py:2)",
        "     1000 B  89.9%     1000 B           1      deep (/home/me/a.py:4)",
        "      100 B   9.0%      100 B           1      small (/home/me/a.py:3)",
        " ? help  q quit  → open  ← close  + all below  / filter",
    ];
    assert_eq!(screen(&mut state(), 100, 8), expected);
}

#[test]
fn keys_open_close_and_filter() {
    let mut state = state();
    press(&mut state, &[KeyCode::Left]);
    assert_eq!(state.branches().len(), 1, "the only call is closed");
    press(&mut state, &[KeyCode::Char('+')]);
    assert_eq!(state.branches().len(), 4);
    press(&mut state, &[KeyCode::End]);
    assert_eq!(state.selected, 3);
    press(&mut state, &[KeyCode::Left]);
    assert_eq!(state.selected, 0, "back to the caller");
    press(&mut state, &[KeyCode::Enter]);
    assert_eq!(state.branches().len(), 1);
    let keys = ['/', 'S', 'm', 'a'].map(KeyCode::Char);
    press(&mut state, &keys);
    assert_eq!(state.branches().len(), 2, "small, and what called it");
    assert!(screen(&mut state, 60, 8)[7].starts_with(" show only: Sma_"));
    press(&mut state, &[KeyCode::Esc]);
    assert_eq!(state.branches().len(), 4);
    press(&mut state, &[KeyCode::Char('?')]);
    assert!(screen(&mut state, 80, 24).join("\n").contains("this help"));
    let quit = Event::Key(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE));
    assert!(handle(&mut state, &quit).is_break());
}

#[test]
fn a_click_opens_and_closes() {
    let mut state = state();
    screen(&mut state, 80, 10);
    let click = Event::Mouse(MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: 30,
        row: 4,
        modifiers: KeyModifiers::NONE,
    });
    assert!(handle(&mut state, &click).is_continue());
    assert_eq!((state.selected, state.branches().len()), (1, 3));
    assert!(handle(&mut state, &click).is_continue());
    assert_eq!(state.branches().len(), 4);
}

#[test]
fn any_size_will_do() {
    for (width, height) in [(1, 1), (3, 2), (20, 5), (300, 80)] {
        assert_eq!(
            screen(&mut state(), width, height).len(),
            usize::from(height)
        );
    }
}
