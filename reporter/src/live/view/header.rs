//! Who is recorded, and how it is now.

use super::style;
use crate::live::follow::Condition;
use crate::live::places::fit;
use crate::live::state::State;
use crate::report::measure::{Bytes, Count, Seconds};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

/// From this width on two lines are enough.
const WIDE: u16 = 120;

/// How many lines it takes.
pub(super) fn height(width: u16) -> u16 {
    if width >= WIDE { 2 } else { 3 }
}

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let mut lines = vec![title(state, usize::from(area.width))];
    if area.width >= WIDE {
        let mut numbers = memory(state);
        numbers.push(Span::raw("   "));
        numbers.extend(pace(state));
        lines.push(Line::from(numbers));
    } else {
        lines.push(Line::from(memory(state)));
        lines.push(Line::from(pace(state)));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn title(state: &State, width: usize) -> Line<'static> {
    let condition = match &state.condition {
        Condition::Running => "running".to_owned(),
        Condition::Finished { how } => format!("finished: {how}"),
        Condition::Broken { reason } => format!("cut short: {reason}"),
    };
    let style = match state.condition {
        Condition::Running => style::quiet(),
        _ => style::warning(state),
    };
    let mut first = format!(" {}", state.program);
    first = fit(&first, width / 2);
    let rest = format!(
        "  {}  {}  {condition}",
        who(state),
        Seconds(state.survey.elapsed)
    );
    let room = width.saturating_sub(first.chars().count());
    let mut spans = vec![
        Span::styled(first, style::heading()),
        Span::styled(fit(&rest, room), style),
    ];
    if state.paused {
        spans.push(Span::styled("  PAUSED", style::warning(state)));
    }
    Line::from(spans)
}

/// Which processes all is about.
fn who(state: &State) -> String {
    let process = state.process;
    match (state.process_count(), state.survey.chosen) {
        (0 | 1, _) => format!("pid {process}"),
        (all, Some(_)) => format!("pid {process} alone, of {all}"),
        (2, None) => format!("pid {process} and 1 other"),
        (all, None) => format!("pid {process} and {} others", all - 1),
    }
}

fn memory(state: &State) -> Vec<Span<'static>> {
    let survey = &state.survey;
    let mut spans = vec![
        Span::raw(" heap "),
        Span::styled(Bytes(survey.heap.bytes).to_string(), style::heap(state)),
        Span::raw(format!(
            "  peak {} at {}",
            Bytes(survey.peak.heap.bytes),
            Seconds(survey.peak.time.0 as f64 / 1e6)
        )),
    ];
    let resident = survey
        .resident
        .map_or("-".to_owned(), |bytes| Bytes(bytes as i64).to_string());
    spans.push(Span::raw("  RSS "));
    spans.push(Span::styled(resident, style::resident(state)));
    if survey.files > 0 {
        spans.push(Span::raw(format!("  files {}", Bytes(survey.files))));
    }
    spans
}

fn pace(state: &State) -> Vec<Span<'static>> {
    let survey = &state.survey;
    let mut texts = vec![format!(
        " {} blocks  {} events/s",
        Count(survey.heap.blocks),
        Count(survey.events as i64)
    )];
    if let Some(lag) = state.lag {
        texts.push(format!("  {lag:.1} s behind"));
    }
    if state.progress < 1.0 {
        let percent = state.progress * 100.0;
        texts.push(format!("  reading the past: {percent:.0}%"));
    }
    let spans = texts.into_iter();
    spans
        .map(|text| Span::styled(text, style::quiet()))
        .collect()
}
