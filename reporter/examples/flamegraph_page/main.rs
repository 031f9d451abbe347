//! Writes pages of made-up recordings, flame graphs and time lines, for the browser tests and for looking at.
//!
//! Usage: `cargo run --release --example flamegraph_page -- KIND FILE.html [NODES]`, where KIND is `small` (exact known values),
//! `difference`, `hostile`, `empty`, or `large` (NODES stacks, 500,000 by default); with `timeline-` before it, the recording's
//! time line alone. A FILE that ends in `.svg` becomes an image.

mod hostile;
mod large;
mod small;

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use memprof_reporter::report::flamegraph::{FlamegraphData, Recording, render};
use memprof_reporter::report::timeline::TimelineReport;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, path, rest @ ..] = arguments.as_slice() else {
        return Err("expected KIND FILE.html [NODES]".into());
    };
    let (timeline, kind) = match kind.strip_prefix("timeline-") {
        Some(kind) => (true, kind),
        None => (false, kind.as_str()),
    };
    let data = match kind {
        "small" => small::recording(),
        "difference" => small::difference(),
        "hostile" => hostile::recording(),
        "empty" => empty(),
        "large" => {
            let nodes = rest.first().map_or(Ok(500_000), |text| text.parse())?;
            large::recording(nodes)
        }
        other => return Err(format!("there is no kind {other}").into()),
    };
    let begin = Instant::now();
    let page = if timeline {
        timeline_page(&data, path)
    } else {
        render(&data)
    };
    eprintln!(
        "{path}: {} nodes, {} bytes, made in {} ms",
        data.nodes.len(),
        page.len(),
        begin.elapsed().as_millis()
    );
    std::fs::write(path, page)?;
    Ok(())
}

fn timeline_page(data: &FlamegraphData, path: &str) -> String {
    let report = TimelineReport {
        title: data.recording.title.clone(),
        notes: data.recording.cut_short.iter().cloned().collect(),
        timelines: data.timelines.clone(),
    };
    if Path::new(path).extension().is_some_and(|end| end == "svg") {
        report.svg()
    } else {
        report.html()
    }
}

/// A recording in which nothing was allocated.
fn empty() -> FlamegraphData {
    FlamegraphData {
        recording: Recording {
            title: "true".into(),
            command: "/usr/bin/true".into(),
            tool: "memprof 0.1.0".into(),
            ..Recording::default()
        },
        ..FlamegraphData::default()
    }
}
