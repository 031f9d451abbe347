//! From curves to shapes: where every line and text of the chart is. The template only writes them down.

use super::brackets::{self, Bracket, LANE};
use super::curves::{self, Curve, Line, Peak, heap_of, highest};
use super::legend::{self, LegendItem};
use super::marks::{self, MarkLine};
use super::scale::{Scale, Tick};
use super::{Timeline, TimelineReport};
use crate::report::measure::Bytes;

const WIDTH: f64 = 960.0;
const CURVES: f64 = 320.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 20.0;

/// The chart as shapes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drawing {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) scale: Scale,
    pub(super) sizes: Vec<Tick>,
    pub(super) times: Vec<Tick>,
    pub(super) curves: Vec<Curve>,
    pub(super) peaks: Vec<Peak>,
    pub(super) slopes: Vec<Line>,
    pub(super) brackets: Vec<Bracket>,
    pub(super) marks: Vec<MarkLine>,
    pub(super) legend: Vec<LegendItem>,
}

impl Drawing {
    pub(super) fn of(report: &TimelineReport) -> Self {
        let timelines = &report.timelines;
        let newest = timelines.last();
        let spans = sorted_spans(newest);
        let scale = scale(timelines, &spans);
        let heap = newest
            .and_then(|timeline| heap_of(timeline))
            .map_or(&[][..], |series| &series.points);
        let curves = curves::draw(timelines, &scale);
        let legend = legend(&curves, scale.bottom + 46.0);
        let height = legend
            .last()
            .map_or(scale.bottom + 34.0, |item| item.y + 14.0);
        Self {
            width: WIDTH,
            height,
            sizes: scale.sizes(),
            times: scale.times(),
            peaks: curves::peaks(timelines, &scale),
            slopes: curves::slopes(timelines, &scale),
            brackets: brackets::draw(&spans, heap, &scale, TOP),
            marks: newest.map_or_else(Vec::new, |timeline| marks::draw(&timeline.marks, &scale)),
            curves,
            legend,
            scale,
        }
    }
}

const TOP: f64 = 8.0;

fn sorted_spans(timeline: Option<&Timeline>) -> Vec<super::Span> {
    let mut spans = timeline.map_or_else(Vec::new, |timeline| timeline.spans.clone());
    spans.sort_by(|a, b| a.start.total_cmp(&b.start));
    spans
}

/// Room for the spans' bars and the marks' names above, and for the highest value of any curve.
fn scale(timelines: &[Timeline], spans: &[super::Span]) -> Scale {
    let duration = timelines
        .iter()
        .map(|timeline| timeline.duration)
        .fold(1e-6, f64::max);
    let most = timelines
        .iter()
        .flat_map(|timeline| &timeline.series)
        .flat_map(|series| &series.points)
        .map(|point| point.bytes)
        .max();
    let lanes = brackets::lane_count(&brackets::lanes(spans, duration));
    let marks = timelines
        .last()
        .is_some_and(|timeline| !timeline.marks.is_empty());
    let top = TOP + lanes as f64 * LANE + if marks { 18.0 } else { 0.0 } + 14.0;
    Scale {
        left: LEFT,
        right: WIDTH - RIGHT,
        top,
        bottom: top + CURVES,
        duration,
        most: most.unwrap_or(0).max(1) as f64 * 1.04,
    }
}

fn legend(curves: &[Curve], top: f64) -> Vec<LegendItem> {
    let entries = curves
        .iter()
        .map(|curve| {
            let most = highest(&curve.points).map_or(0, |point| point.bytes);
            let slope = curve.slope.map_or_else(String::new, |slope| {
                format!(", slope {}/s", Signed(slope as i64))
            });
            let text = format!("{}, at most {}{slope}", curve.name, Bytes(most as i64));
            (curve.class.clone(), text)
        })
        .collect();
    legend::set(entries, LEFT, WIDTH - RIGHT, top)
}

/// Bytes with a plus where they grow.
struct Signed(i64);

impl std::fmt::Display for Signed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plus = if self.0 > 0 { "+" } else { "" };
        write!(out, "{plus}{}", Bytes(self.0))
    }
}
