//! `memprof export chrome`: memory over time as counters, with marks and spans, for
//! <https://ui.perfetto.dev> and `chrome://tracing`.
//!
//! The format is that of Chrome's trace events ("Trace Event Format", JSON objects): `C` is a
//! counter, `i` an instant, `b` and `e` begin and end something that lasts, `M` names a process.

use crate::report::timeline::{Quantity, Timeline};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, Write};

/// What a trace is about, beside its curves.
#[derive(Clone, Copy, Debug)]
pub struct Process<'a> {
    /// The kernel's number.
    pub id: u32,
    /// What was run.
    pub name: &'a str,
    /// What of its memory the curve is about, if not all.
    pub part: Option<&'a str>,
    /// The largest heap: when, in seconds, and its bytes. A curve knows it by its step alone.
    pub peak: (f64, i64),
    /// The heap at the end, in the same way.
    pub end: (f64, i64),
}

#[derive(Serialize)]
struct Trace {
    #[serde(rename = "traceEvents")]
    events: Vec<Value>,
    #[serde(rename = "displayTimeUnit")]
    unit: &'static str,
}

/// Writes the curves of a recording, its marks and its spans.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn write(timeline: &Timeline, process: Process<'_>, out: &mut dyn Write) -> io::Result<()> {
    let pid = process.id;
    let mut events = vec![
        json!({"ph": "M", "name": "process_name", "pid": pid, "args": {"name": process.name}}),
    ];
    if let Some(part) = process.part {
        let labels = json!({"labels": format!("only {part}")});
        events.push(json!({"ph": "M", "name": "process_labels", "pid": pid, "args": labels}));
    }
    for curve in &timeline.series {
        let points = curve.points.iter();
        let mut values: Vec<(f64, i64)> = points
            .map(|point| (point.time, point.bytes as i64))
            .collect();
        if curve.quantity == Quantity::Heap {
            values.extend([process.peak, process.end]);
            values.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        let name = counter(curve.quantity);
        events.extend(values.into_iter().map(|(time, bytes)| {
            json!({"ph": "C", "name": name, "pid": pid, "ts": microseconds(time), "args": {"bytes": bytes}})
        }));
    }
    for mark in &timeline.marks {
        let time = microseconds(mark.time);
        events.push(
            json!({"ph": "i", "s": "p", "name": mark.name, "pid": pid, "tid": pid, "ts": time}),
        );
    }
    for (id, span) in timeline.spans.iter().enumerate() {
        let end = span.end.unwrap_or(timeline.duration);
        for (phase, time) in [("b", span.start), ("e", end)] {
            let time = microseconds(time);
            events.push(json!({"ph": phase, "cat": "span", "id": id, "name": span.name, "pid": pid, "tid": pid, "ts": time}));
        }
    }
    let trace = Trace { events, unit: "ms" };
    serde_json::to_writer(&mut *out, &trace)?;
    writeln!(out)
}

fn counter(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Heap => "Heap",
        Quantity::Part => "Part of the heap",
        Quantity::Resident => "RSS",
        Quantity::Mapped => "Mapped files",
    }
}

fn microseconds(seconds: f64) -> u64 {
    (seconds * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::{Process, write};
    use crate::report::timeline::{Mark, Point, Quantity, Series, Span, Timeline};
    use serde_json::{Value, json};

    #[test]
    fn counters_marks_and_spans() {
        let point = |time, bytes| Point { time, bytes };
        let timeline = Timeline {
            duration: 2.0,
            series: vec![Series {
                quantity: Quantity::Heap,
                points: vec![point(0.001, 5), point(1.0, 90)],
            }],
            marks: vec![Mark {
                time: 0.5,
                name: "loaded".into(),
            }],
            spans: vec![Span {
                start: 0.25,
                end: None,
                name: "load".into(),
            }],
            ..Timeline::default()
        };
        let process = Process {
            id: 7,
            name: "a.py",
            part: None,
            peak: (0.75, 90),
            end: (2.0, 3),
        };
        let mut out = Vec::new();
        write(&timeline, process, &mut out).expect("in memory");
        let trace: Value = serde_json::from_slice(&out).expect("it is JSON");
        let events = trace["traceEvents"].as_array().expect("a list");
        let of = |phase: &'static str| events.iter().filter(move |event| event["ph"] == phase);
        let heap: Vec<Value> = of("C")
            .map(|event| json!([event["ts"], event["args"]["bytes"]]))
            .collect();
        assert_eq!(
            json!(heap),
            json!([[1000, 5], [750_000, 90], [1_000_000, 90], [2_000_000, 3]])
        );
        assert_eq!(of("i").next().expect("a mark")["name"], "loaded");
        let ends: Vec<&Value> = ["b", "e"]
            .map(|it| &of(it).next().expect("a span")["ts"])
            .into();
        assert_eq!(ends, [&json!(250_000), &json!(2_000_000)]);
    }
}
