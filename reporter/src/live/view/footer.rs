//! The keys, or what is being typed, or what happened.

use super::style;
use crate::live::places::fit;
use crate::live::state::{Pane, Sort, State};
use crate::live::survey::Shown;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let room = usize::from(area.width);
    let line = if state.typing {
        let text = format!(
            " show only: {}_  (Enter keeps it, Esc drops it)",
            state.filter
        );
        Line::styled(fit(&text, room), style::heading())
    } else if let Some(message) = &state.message {
        Line::styled(fit(&format!(" {message}"), room), style::warning(state))
    } else {
        Line::styled(fit(&keys(state, room), room), style::quiet())
    };
    frame.render_widget(line, area);
}

/// The keys, as many as there is room for: the first one leads to all of them.
fn keys(state: &State, room: usize) -> String {
    let shown = match (state.values(), state.survey.mark) {
        (Shown::Now, _) => "now".to_owned(),
        (Shown::Peak, _) => "peak".to_owned(),
        (Shown::SinceMark, Some(time)) => format!("since {time:.1} s"),
        (Shown::SinceMark, None) => "since the mark".to_owned(),
    };
    let sort = match (state.sort, state.pane) {
        (Sort::Own, Pane::Types) => "freed",
        (Sort::Total, Pane::Types) => "alive",
        (Sort::Own, _) => "own",
        (Sort::Total, _) => "total",
        (Sort::Blocks, _) => "blocks",
        (Sort::Churn, _) => "churn",
        (Sort::Name, _) => "name",
    };
    let filter = match state.filter.as_str() {
        "" => "/ filter".to_owned(),
        filter => format!("/ only “{filter}”"),
    };
    let mut keys = [
        "? help".to_owned(),
        "q quit".to_owned(),
        format!("s sort: {sort}"),
        format!("p shows: {shown}"),
        filter,
        "m mark".to_owned(),
        "space pause".to_owned(),
        "f flame graph".to_owned(),
    ];
    if !state.filter.is_empty() {
        // what is left out of the list must not be overlooked
        keys.swap(0, 4);
    }
    let mut line = format!(" {}", keys[0]);
    for key in &keys[1..] {
        if line.chars().count() + 2 + key.chars().count() > room {
            break;
        }
        line.push_str("  ");
        line.push_str(key);
    }
    line
}
