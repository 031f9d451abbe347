//! The keys, or what is being typed, or what happened.

use super::style;
use crate::live::places::fit;
use crate::live::state::{Sort, State};
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
        Line::styled(fit(&keys(state), room), style::quiet())
    };
    frame.render_widget(line, area);
}

fn keys(state: &State) -> String {
    let shown = match (state.values(), state.survey.mark) {
        (Shown::Now, _) => "now".to_owned(),
        (Shown::Peak, _) => "peak".to_owned(),
        (Shown::SinceMark, Some(time)) => format!("since {time:.1} s"),
        (Shown::SinceMark, None) => "since the mark".to_owned(),
    };
    let sort = match state.sort {
        Sort::Own => "own",
        Sort::Total => "total",
        Sort::Blocks => "blocks",
        Sort::Churn => "churn",
        Sort::Name => "name",
    };
    let filter = match state.filter.as_str() {
        "" => String::new(),
        filter => format!("  only “{filter}”"),
    };
    format!(
        " ? help  q quit  s sort: {sort}  p shows: {shown}  / filter{filter}  m mark  space pause  f flame graph"
    )
}
