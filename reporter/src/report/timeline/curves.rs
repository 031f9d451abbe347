//! The curves, the peak of each heap and its slope.

use super::legend::shortened;
use super::scale::{Scale, beside};
use super::{Point, Quantity, Series, Timeline, slope, thin};
use crate::report::measure::{Bytes, Seconds};

/// Points drawn of each curve.
const POINTS: usize = 1_600;

/// A curve: its line, and the area below it where it has one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Curve {
    pub(super) class: String,
    pub(super) name: String,
    pub(super) line: String,
    pub(super) area: Option<String>,
    pub(super) points: Vec<Point>,
    /// Of a heap, how fast it grows, in bytes per second.
    pub(super) slope: Option<f64>,
}

/// The highest point of a heap, and the dashed line through it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Peak {
    pub(super) class: String,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) text: String,
    pub(super) text_x: f64,
    pub(super) anchor: &'static str,
}

/// A straight line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) class: String,
    pub(super) from: (f64, f64),
    pub(super) to: (f64, f64),
}

/// The heap of a recording, if anything is known of it.
pub(super) fn heap_of(timeline: &Timeline) -> Option<&Series> {
    timeline
        .series
        .iter()
        .find(|series| series.quantity.is_heap() && !series.points.is_empty())
}

/// One recording: a colour for each quantity. Several: a colour for each recording, quantities by dashes, and mapped files are
/// left out.
fn class_of(timelines: &[Timeline], number: usize, quantity: Quantity) -> Option<String> {
    let word = match quantity {
        Quantity::Heap | Quantity::Part => "heap",
        Quantity::Resident => "resident",
        Quantity::Mapped => "mapped",
    };
    match (timelines.len(), quantity) {
        (1, _) => Some(word.to_owned()),
        (_, Quantity::Mapped) => None,
        _ => Some(format!("{word} of{}", number % 6)),
    }
}

fn name_of(timelines: &[Timeline], timeline: &Timeline, quantity: Quantity) -> String {
    let word = match quantity {
        Quantity::Heap => "Heap",
        Quantity::Part => "Part of the heap",
        Quantity::Resident => "RSS",
        Quantity::Mapped => "Mapped files",
    };
    match timelines.len() {
        1 => word.to_owned(),
        _ => format!("{}: {word}", shortened(&timeline.label, 40)),
    }
}

/// All curves, the oldest recording first.
pub(super) fn draw(timelines: &[Timeline], scale: &Scale) -> Vec<Curve> {
    let mut curves = Vec::new();
    for (number, timeline) in timelines.iter().enumerate() {
        for series in &timeline.series {
            let class = class_of(timelines, number, series.quantity);
            let points = thin(&series.points, POINTS);
            let (Some(class), Some(first), Some(last)) = (class, points.first(), points.last())
            else {
                continue;
            };
            let line = steps(&points, scale);
            let closed = format!("{line}V{}H{}Z", scale.bottom, scale.x(first.time));
            let area = series.quantity.is_heap() && timelines.len() == 1 && last.time > first.time;
            curves.push(Curve {
                class,
                name: name_of(timelines, timeline, series.quantity),
                line,
                area: area.then_some(closed),
                slope: series
                    .quantity
                    .is_heap()
                    .then(|| slope(&series.points))
                    .flatten(),
                points,
            });
        }
    }
    curves
}

/// A line in steps: memory stays as it is until the next point.
fn steps(points: &[Point], scale: &Scale) -> String {
    let places: Vec<(f64, f64)> = points
        .iter()
        .map(|point| (scale.x(point.time), scale.y(point.bytes as f64)))
        .collect();
    let start = places.first().map(|(x, y)| format!("M{x} {y}"));
    let rest = places.windows(2).map(|pair| {
        let (before, now) = (pair[0], pair[1]);
        let across = if same(before.0, now.0) {
            String::new()
        } else {
            format!("H{}", now.0)
        };
        let along = if same(before.1, now.1) {
            String::new()
        } else {
            format!("V{}", now.1)
        };
        across + &along
    });
    start.into_iter().chain(rest).collect()
}

/// Whether two places are one on the screen.
fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.05
}

/// The peak of each heap.
pub(super) fn peaks(timelines: &[Timeline], scale: &Scale) -> Vec<Peak> {
    let mut peaks = Vec::new();
    for (number, timeline) in timelines.iter().enumerate() {
        let Some(highest) = heap_of(timeline).and_then(|heap| highest(&heap.points)) else {
            continue;
        };
        let (x, y) = (scale.x(highest.time), scale.y(highest.bytes as f64));
        let (text_x, anchor) = beside(x, scale, 200.0);
        peaks.push(Peak {
            class: class_of(timelines, number, Quantity::Heap).unwrap_or_default(),
            x,
            y,
            text: format!(
                "peak {} at {}",
                Bytes(highest.bytes as i64),
                Seconds(highest.time)
            ),
            text_x,
            anchor,
        });
    }
    peaks
}

/// The first of the highest points.
pub(super) fn highest(points: &[Point]) -> Option<Point> {
    points.iter().copied().reduce(|best, point| {
        if point.bytes > best.bytes {
            point
        } else {
            best
        }
    })
}

/// The slope as a line through the middle of the heap's curve.
pub(super) fn slopes(timelines: &[Timeline], scale: &Scale) -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, timeline) in timelines.iter().enumerate() {
        let Some(heap) = heap_of(timeline) else {
            continue;
        };
        let (Some(slope), Some(first), Some(last)) =
            (slope(&heap.points), heap.points.first(), heap.points.last())
        else {
            continue;
        };
        let middle = f64::midpoint(first.time, last.time);
        let mut rests: Vec<f64> = heap
            .points
            .iter()
            .map(|point| point.bytes as f64 - slope * (point.time - middle))
            .collect();
        let half = rests.len() / 2;
        let (_, level, _) = rests.select_nth_unstable_by(half, f64::total_cmp);
        let value = |time: f64| *level + slope * (time - middle);
        // The line is cut where it would leave the chart below.
        let start = if value(first.time) < 0.0 {
            middle - *level / slope
        } else {
            first.time
        };
        lines.push(Line {
            class: class_of(timelines, number, Quantity::Heap).unwrap_or_default(),
            from: (scale.x(start), scale.y(value(start))),
            to: (scale.x(last.time), scale.y(value(last.time))),
        });
    }
    lines
}
