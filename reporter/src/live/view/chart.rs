//! The heap and the resident memory over time.

use super::style;
use crate::live::state::State;
use crate::report::measure::{Bytes, Seconds};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::symbols::Marker;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let survey = &state.survey;
    let heap: Vec<(f64, f64)> = survey
        .samples
        .iter()
        .map(|sample| (sample.time.0 as f64 / 1e6, sample.heap as f64))
        .collect();
    let resident: Vec<(f64, f64)> = survey
        .resident_samples
        .iter()
        .map(|&(time, bytes)| (time, bytes as f64))
        .collect();
    let points = heap.iter().chain(&resident);
    let (mut end, mut top) = (survey.elapsed.max(0.001), 1024.0_f64);
    for &(time, bytes) in points {
        end = end.max(time);
        top = top.max(bytes);
    }
    let line = |name, points, style| {
        Dataset::default()
            .name(name)
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(style)
            .data(points)
    };
    let datasets = vec![
        line("RSS", &resident, style::resident(state)),
        line("heap", &heap, style::heap(state)),
    ];
    let time = Axis::default()
        .style(style::quiet())
        .bounds([0.0, end])
        .labels(["0".to_owned(), Seconds(end).to_string()]);
    let bytes = Axis::default()
        .style(style::quiet())
        .bounds([0.0, top])
        .labels(["0".to_owned(), Bytes(top as i64).to_string()]);
    let chart = Chart::new(datasets).x_axis(time).y_axis(bytes);
    frame.render_widget(chart, area);
}
