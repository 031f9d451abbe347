//! Writes flame graph pages of made-up recordings, for the browser tests and for looking at.
//!
//! Usage: `cargo run --release --example flamegraph_page -- KIND FILE.html [NODES]`, where KIND is `small` (exact known values),
//! `difference`, `hostile`, `empty`, or `large` (NODES stacks, 500,000 by default).

mod hostile;
mod large;
mod small;

use std::error::Error;
use std::time::Instant;

use memprof_reporter::report::flamegraph::{FlamegraphData, Recording, render};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, path, rest @ ..] = arguments.as_slice() else {
        return Err("expected KIND FILE.html [NODES]".into());
    };
    let data = match kind.as_str() {
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
    let page = render(&data);
    eprintln!(
        "{path}: {} nodes, {} bytes, made in {} ms",
        data.nodes.len(),
        page.len(),
        begin.elapsed().as_millis()
    );
    std::fs::write(path, page)?;
    Ok(())
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
