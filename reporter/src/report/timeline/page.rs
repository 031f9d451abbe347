//! The chart as an SVG that stands alone, and as a page that reads the values out under the pointer.

use askama::Template;
use serde::Serialize;

use super::TimelineReport;
use super::drawing::Drawing;
use crate::report::content::{hash, visible};

const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("../../../assets/flamegraph/format.js"),
    include_str!("../../../assets/flamegraph/theme.js"),
    include_str!("../../../assets/flamegraph/curve.js"),
    include_str!("../../../assets/timeline/page.js"),
    "})();\n",
);
const STYLE: &str = include_str!("../../../assets/timeline/page.css");
const CHART: &str = include_str!("../../../assets/timeline/chart.css");
const DARK: &str = include_str!("../../../assets/timeline/dark.css");

#[derive(Template)]
#[template(path = "timeline.svg", escape = "html")]
struct Chart<'a> {
    drawing: &'a Drawing,
    title: String,
    /// The style, when nothing around the chart brings it.
    style: Option<String>,
}

#[derive(Template)]
#[template(path = "timeline.html")]
struct Page {
    title: String,
    notes: Vec<String>,
    chart: String,
    style: String,
    style_hash: String,
    script: &'static str,
    script_hash: String,
    curves: String,
}

/// What the page's script reads.
#[derive(Serialize)]
struct CurveData<'a> {
    name: String,
    class: &'a str,
    time: Vec<f64>,
    bytes: Vec<u64>,
}

impl TimelineReport {
    /// The chart as an SVG that needs nothing else, light or dark as its reader's system.
    ///
    /// ```
    /// use memprof_reporter::report::timeline::TimelineReport;
    /// let report = TimelineReport { title: "a <b>".into(), ..TimelineReport::default() };
    /// assert!(report.svg().starts_with("<svg "));
    /// assert!(!report.svg().contains("<b>"));
    /// ```
    pub fn svg(&self) -> String {
        let dark = format!("@media (prefers-color-scheme: dark) {{\n{DARK}}}\n");
        self.chart(&Drawing::of(self), Some(format!("{CHART}{dark}")))
    }

    /// One page that loads nothing.
    pub fn html(&self) -> String {
        let drawing = Drawing::of(self);
        let style = format!("{STYLE}{CHART}:root[data-theme=\"dark\"] {{\n{DARK}}}\n");
        let page = Page {
            title: visible(&self.title),
            notes: self.notes.iter().map(|note| visible(note)).collect(),
            chart: self.chart(&drawing, None),
            style_hash: hash(&style),
            style,
            script: SCRIPT,
            script_hash: hash(SCRIPT),
            curves: curves(&drawing),
        };
        page.render().expect(NEVER_FAILS)
    }

    fn chart(&self, drawing: &Drawing, style: Option<String>) -> String {
        let title = visible(&self.title);
        Chart {
            drawing,
            title,
            style,
        }
        .render()
        .expect(NEVER_FAILS)
    }
}

const NEVER_FAILS: &str = "the template only writes texts into a String, which never fails";

/// The curves as JSON that cannot end the script element it stands in.
fn curves(drawing: &Drawing) -> String {
    let curves: Vec<CurveData> = drawing
        .curves
        .iter()
        .map(|curve| CurveData {
            name: visible(&curve.name),
            class: &curve.class,
            time: curve
                .points
                .iter()
                .map(|point| (point.time * 1e4).round() / 1e4)
                .collect(),
            bytes: curve.points.iter().map(|point| point.bytes).collect(),
        })
        .collect();
    serde_json::to_string(&curves)
        .expect("texts and numbers always become JSON")
        .replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::super::{Mark, Point, Quantity, Series, Span, Timeline};
    use super::*;

    fn report(labels: &[&str]) -> TimelineReport {
        let timeline = |label: &&str| Timeline {
            label: (*label).into(),
            duration: 10.0,
            series: vec![Series {
                quantity: Quantity::Heap,
                points: [(0.0, 0), (5.0, 1 << 20), (10.0, 512 << 10)]
                    .map(|(time, bytes)| Point { time, bytes })
                    .to_vec(),
            }],
            marks: vec![Mark {
                time: 5.0,
                name: "half </script>".into(),
            }],
            spans: vec![Span {
                start: 1.0,
                end: Some(3.5),
                name: "load & go".into(),
            }],
        };
        TimelineReport {
            title: "app.py".into(),
            notes: Vec::new(),
            timelines: labels.iter().map(timeline).collect(),
        }
    }

    #[test]
    fn the_chart_says_peak_span_mark_and_slope() {
        let svg = report(&["a"]).svg();
        for text in [
            "peak 1.0 MiB at 5.000 s",
            "load &#38; go",
            "load &#38; go: 2.500 s",
            "half &#60;/script&#62; at 5.000 s",
            "Heap, at most 1.0 MiB, slope ",
        ] {
            assert!(svg.contains(text), "{text} is in {svg}");
        }
        assert!(!svg.contains("</script>"));
    }

    #[test]
    fn curves_are_where_their_values_are() {
        let svg = report(&["a"]).svg();
        // From the left edge at nothing, up to the peak in the middle, down by half at the right edge.
        let drawing = Drawing::of(&report(&["a"]));
        let (scale, curve) = (drawing.scale, &drawing.curves[0]);
        let expected = format!(
            "M{} {}H{}V{}H{}V{}",
            scale.left,
            scale.bottom,
            scale.x(5.0),
            scale.y(1_048_576.0),
            scale.right,
            scale.y(524_288.0)
        );
        assert_eq!(curve.line, expected);
        assert!((scale.x(5.0) - f64::midpoint(scale.left, scale.right)).abs() < 0.1);
        assert!(svg.contains(&expected));
    }

    #[test]
    fn several_recordings_have_their_own_colours_and_names() {
        let svg = report(&["before.bin", "after.bin"]).svg();
        assert!(svg.contains("class=\"curve heap of0\""));
        assert!(svg.contains("class=\"curve heap of1\""));
        assert!(svg.contains("after.bin: Heap, at most 1.0 MiB"));
    }

    #[test]
    fn the_page_holds_the_chart_and_ends_no_script_early() {
        let html = report(&["</script><script>alert(1)</script>", "b"]).html();
        assert!(html.starts_with("<!DOCTYPE html>"));
        assert!(!html.contains("alert(1)</script>"));
        assert_eq!(html.matches("<script").count(), 2);
        assert!(html.contains("\"bytes\":[0,1048576,524288]"));
    }

    #[test]
    fn nothing_recorded_is_still_a_chart() {
        let svg = TimelineReport::default().svg();
        assert!(svg.contains("0 B"));
        assert!(svg.ends_with("</svg>"));
    }
}
