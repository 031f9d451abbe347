//! Puts the packed data, the script and the style into the template.

use askama::Template;

use super::data::FlamegraphData;
use super::pack::pack;
use crate::report::base64;
use crate::report::content::{hash, visible};

/// The page's script: small files of one idea each, in one common scope, in the order in which they build on one another.
const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("../../../assets/flamegraph/decode.js"),
    include_str!("../../../assets/flamegraph/recording.js"),
    include_str!("../../../assets/flamegraph/format.js"),
    include_str!("../../../assets/flamegraph/labels.js"),
    include_str!("../../../assets/flamegraph/tree.js"),
    include_str!("../../../assets/flamegraph/structure.js"),
    include_str!("../../../assets/flamegraph/values.js"),
    include_str!("../../../assets/flamegraph/lifetimes.js"),
    include_str!("../../../assets/flamegraph/inverted.js"),
    include_str!("../../../assets/flamegraph/search.js"),
    include_str!("../../../assets/flamegraph/zoom.js"),
    include_str!("../../../assets/flamegraph/totals.js"),
    include_str!("../../../assets/flamegraph/model.js"),
    include_str!("../../../assets/flamegraph/layout.js"),
    include_str!("../../../assets/flamegraph/colours.js"),
    include_str!("../../../assets/flamegraph/lettering.js"),
    include_str!("../../../assets/flamegraph/paint.js"),
    include_str!("../../../assets/flamegraph/dom.js"),
    include_str!("../../../assets/flamegraph/theme.js"),
    include_str!("../../../assets/flamegraph/describe.js"),
    include_str!("../../../assets/flamegraph/tooltip.js"),
    include_str!("../../../assets/flamegraph/graph.js"),
    include_str!("../../../assets/flamegraph/panel.js"),
    include_str!("../../../assets/flamegraph/table.js"),
    include_str!("../../../assets/flamegraph/axis.js"),
    include_str!("../../../assets/flamegraph/curve.js"),
    include_str!("../../../assets/flamegraph/chart.js"),
    include_str!("../../../assets/flamegraph/brush.js"),
    include_str!("../../../assets/flamegraph/controls.js"),
    include_str!("../../../assets/flamegraph/trail.js"),
    include_str!("../../../assets/flamegraph/state.js"),
    include_str!("../../../assets/flamegraph/page.js"),
    "})();\n",
);

const STYLE: &str = include_str!("../../../assets/flamegraph/page.css");

#[derive(Template)]
#[template(path = "flamegraph.html")]
struct Page {
    title: String,
    command: String,
    tool: String,
    cut_short: Option<String>,
    notes: Vec<String>,
    script: &'static str,
    script_hash: String,
    style: &'static str,
    style_hash: String,
    packed_length: usize,
    data: String,
}

/// The whole page as HTML. It loads nothing and runs no script but its own.
///
/// ```
/// use memprof_reporter::report::flamegraph::{FlamegraphData, render};
/// let mut data = FlamegraphData::default();
/// data.recording.title = "<b>app.py</b>".into();
/// let page = render(&data);
/// assert!(page.starts_with("<!DOCTYPE html>"));
/// assert!(!page.contains("<b>app.py"));
/// ```
pub fn render(data: &FlamegraphData) -> String {
    let packed = pack(data);
    let page = Page {
        title: visible(&data.recording.title),
        command: visible(&data.recording.command),
        tool: visible(&data.recording.tool),
        cut_short: data.recording.cut_short.as_deref().map(visible),
        notes: data
            .recording
            .notes
            .iter()
            .map(|note| visible(note))
            .collect(),
        script: SCRIPT,
        script_hash: hash(SCRIPT),
        style: STYLE,
        style_hash: hash(STYLE),
        packed_length: packed.len(),
        data: base64::encode(&lz4_flex::block::compress(&packed)),
    };
    page.render()
        .expect("the template only writes texts into a String, which never fails")
}
