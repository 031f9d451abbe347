//! A recording's time line, from one replay of it: the heap and mapped files as the replay sampled them, what the kernel said
//! of the process, and the program's marks.

use super::timeline::{Mark, Point, Quantity, Series as Curve, Span as NamedSpan, Timeline};
use crate::profile::Development;
use crate::recording::Recording;
use crate::replay::{MarkSeen, Series};
use memprof_wire::event::MarkKind;
use memprof_wire::units::Microseconds;
use std::collections::HashMap;

/// How many samples of the heap a time line has.
pub const SAMPLES: usize = 1000;

/// The time line of a recording that was replayed.
pub fn timeline(recording: &Recording, marks: &[MarkSeen], series: &Series) -> Timeline {
    let samples = series.samples();
    let curve = |quantity, points| Curve { quantity, points };
    let point = |time: Microseconds, bytes: i64| Point {
        time: seconds(time),
        bytes: u64::try_from(bytes).unwrap_or(0),
    };
    let heap = samples
        .iter()
        .map(|sample| point(sample.time, sample.heap))
        .collect();
    let mut curves = vec![curve(Quantity::Heap, heap)];
    let observed = recording.observations();
    if !observed.is_empty() {
        let every = observed.len().div_ceil(SAMPLES);
        let resident = observed.iter().step_by(every);
        let resident = resident
            .map(|seen| point(seen.time, seen.resident as i64))
            .collect();
        curves.push(curve(Quantity::Resident, resident));
    }
    if samples.iter().any(|sample| sample.files != 0) {
        let files = samples
            .iter()
            .map(|sample| point(sample.time, sample.files))
            .collect();
        curves.push(curve(Quantity::Mapped, files));
    }
    let (marks, spans) = marks_and_spans(marks);
    Timeline {
        label: recording.facts().name.clone(),
        duration: recording.duration(),
        series: curves,
        marks,
        spans,
    }
}

/// What of the heap was asked for, at the moments that were looked at.
pub fn part_of_heap(part: &Development) -> Curve {
    let points = part.seconds().into_iter().zip(part.bytes());
    Curve {
        quantity: Quantity::Part,
        points: points
            .map(|(time, bytes)| Point {
                time,
                bytes: u64::try_from(bytes).unwrap_or(0),
            })
            .collect(),
    }
}

/// Points, and spans: each end belongs to the last begin of its name that is still open.
fn marks_and_spans(seen: &[MarkSeen]) -> (Vec<Mark>, Vec<NamedSpan>) {
    let mut marks = Vec::new();
    let mut spans: Vec<NamedSpan> = Vec::new();
    let mut open: HashMap<&str, Vec<usize>> = HashMap::new();
    for mark in seen {
        let time = seconds(mark.time);
        match mark.kind {
            MarkKind::Point => marks.push(Mark {
                time,
                name: mark.name.clone(),
            }),
            MarkKind::Begin => {
                open.entry(&mark.name).or_default().push(spans.len());
                spans.push(NamedSpan {
                    start: time,
                    end: None,
                    name: mark.name.clone(),
                });
            }
            MarkKind::End => {
                if let Some(span) = open.get_mut(mark.name.as_str()).and_then(Vec::pop) {
                    spans[span].end = Some(time);
                }
            }
        }
    }
    (marks, spans)
}

fn seconds(Microseconds(time): Microseconds) -> f64 {
    time as f64 / 1e6
}
