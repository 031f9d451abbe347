//! Spans: a bar over the chart for each, nested ones below those that hold them, and a bracket on the curve at its begin and end.

use super::scale::{Scale, tenth};
use super::{Point, Span};

/// Height of a lane of bars, in pixels.
pub(super) const LANE: f64 = 19.0;

/// Lanes that are drawn; spans that nest deeper only have their brackets.
const MOST_LANES: usize = 5;

/// A span as it is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bracket {
    /// Number of its colour.
    pub(super) colour: usize,
    /// The bar, as a path; empty when it has no lane.
    pub(super) bar: String,
    /// The brackets on the curve, as a path.
    pub(super) ends: String,
    pub(super) text_x: f64,
    pub(super) text_y: f64,
    /// The name as far as the bar has room for it.
    pub(super) text: String,
    /// What the pointer reads.
    pub(super) title: String,
}

/// Puts each span into the first lane that is free when it begins. Lanes are in the order of the spans given.
pub(super) fn lanes(spans: &[Span], duration: f64) -> Vec<usize> {
    let mut ends: Vec<f64> = Vec::new();
    spans
        .iter()
        .map(|span| {
            let lane = ends.iter().position(|end| *end <= span.start);
            let lane = lane.unwrap_or(ends.len());
            let end = span.end.unwrap_or(duration);
            if lane == ends.len() {
                ends.push(end);
            } else {
                ends[lane] = end;
            }
            lane
        })
        .collect()
}

/// How many lanes are drawn.
pub(super) fn lane_count(lanes: &[usize]) -> usize {
    lanes
        .iter()
        .map(|lane| lane + 1)
        .max()
        .unwrap_or(0)
        .min(MOST_LANES)
}

/// The spans (in the order of their begins) of a recording with this heap.
pub(super) fn draw(spans: &[Span], heap: &[Point], scale: &Scale, top: f64) -> Vec<Bracket> {
    let lanes = lanes(spans, scale.duration);
    let mut names: Vec<&str> = Vec::new();
    spans
        .iter()
        .zip(lanes)
        .map(|(span, lane)| {
            let known = names.iter().position(|name| *name == span.name);
            let colour = known.unwrap_or_else(|| {
                names.push(&span.name);
                names.len() - 1
            });
            draw_one(span, lane, colour % 6, heap, scale, top)
        })
        .collect()
}

fn draw_one(
    span: &Span,
    lane: usize,
    colour: usize,
    heap: &[Point],
    scale: &Scale,
    top: f64,
) -> Bracket {
    let end = span.end.unwrap_or(scale.duration);
    let (left, right) = (scale.x(span.start), scale.x(end));
    let y = tenth(top + lane as f64 * LANE + 3.0);
    let (start_y, end_y) = (
        scale.y(value_at(heap, span.start)),
        scale.y(value_at(heap, end)),
    );
    let mut ends = bracket(left, start_y, 4.0);
    if span.end.is_some() {
        ends += &bracket(right, end_y, -4.0);
    }
    let room = (((right - left) - 8.0) / super::legend::LETTER).max(0.0) as usize;
    let seconds = crate::report::measure::Seconds(end - span.start);
    let open = if span.end.is_some() {
        ""
    } else {
        ", not ended"
    };
    let drawn = lane < MOST_LANES;
    Bracket {
        colour,
        bar: match (drawn, span.end) {
            (false, _) => String::new(),
            (true, Some(_)) => format!("M{left} {}V{y}H{right}v11", y + 11.0),
            (true, None) => format!("M{left} {}V{y}H{right}", y + 11.0),
        },
        ends,
        text_x: left + 5.0,
        text_y: y + 12.0,
        text: if drawn {
            super::legend::shortened(&span.name, room)
        } else {
            String::new()
        },
        title: format!("{}: {seconds}{open}", span.name),
    }
}

/// A bracket at a place of the curve; a negative width opens it to the left.
fn bracket(x: f64, y: f64, width: f64) -> String {
    format!(
        "M{} {}H{x}V{}H{}",
        tenth(x + width),
        tenth(y - 8.0),
        tenth(y + 8.0),
        tenth(x + width)
    )
}

/// The value of a curve at a time: that of the last point before it.
pub(super) fn value_at(points: &[Point], time: f64) -> f64 {
    let after = points.partition_point(|point| point.time <= time);
    after
        .checked_sub(1)
        .map_or(0.0, |index| points[index].bytes as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: f64, end: Option<f64>) -> Span {
        Span {
            start,
            end,
            name: "load".into(),
        }
    }

    #[test]
    fn nested_spans_are_below_and_later_ones_beside() {
        let spans = [
            span(0.0, Some(5.0)),
            span(1.0, Some(2.0)),
            span(2.0, Some(3.0)),
            span(5.0, None),
        ];
        assert_eq!(lanes(&spans, 9.0), [0, 1, 1, 0]);
        assert_eq!(lane_count(&lanes(&spans, 9.0)), 2);
        assert_eq!(lane_count(&[]), 0);
    }

    #[test]
    fn the_value_at_a_time_is_that_of_the_point_before() {
        let points = [
            Point {
                time: 1.0,
                bytes: 10,
            },
            Point {
                time: 2.0,
                bytes: 20,
            },
        ];
        assert_eq!(
            [0.5, 1.0, 1.9, 2.0, 9.0].map(|time| value_at(&points, time) as u64),
            [0, 10, 10, 20, 20]
        );
    }
}
