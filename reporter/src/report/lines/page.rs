//! Lines as a page.

use super::{Amounts, Lines};
use crate::report::content::{hash, visible};
use crate::report::measure::{Bytes, Count};
use askama::Template;

const STYLE: &str = include_str!("../../../assets/lines/page.css");
/// How many shades there are for the share of a line.
const SHADES: i64 = 8;

#[derive(Template)]
#[template(path = "lines.html")]
struct Page {
    title: String,
    style: &'static str,
    style_hash: String,
    moment: String,
    heading: &'static str,
    complete: bool,
    total: String,
    functions: Vec<Function>,
    elided: usize,
}

struct Function {
    name: String,
    file: String,
    line: u32,
    sums: Cells,
    rows: Vec<Row>,
}

enum Row {
    Gap,
    Line {
        number: u32,
        cells: Option<Cells>,
        shade: i64,
        source: String,
    },
}

/// The numbers of a line as text.
struct Cells {
    allocated: String,
    blocks: String,
    alive: String,
    net: String,
}

impl Cells {
    fn of(amounts: &Amounts) -> Self {
        Self {
            allocated: Bytes(amounts.allocated.bytes).to_string(),
            blocks: Count(amounts.allocated.blocks).to_string(),
            alive: Bytes(amounts.alive.bytes).to_string(),
            net: Bytes(amounts.net.bytes).to_string(),
        }
    }
}

impl Lines {
    /// One page that loads nothing and runs no script.
    pub fn html(&self) -> String {
        let page = Page {
            title: visible(&self.title),
            style: STYLE,
            style_hash: hash(STYLE),
            moment: visible(&self.moment),
            heading: self.heading(),
            complete: self.complete,
            total: Bytes(self.total.bytes).to_string(),
            functions: self.functions.iter().map(function).collect(),
            elided: self.elided,
        };
        page.render()
            .expect("the template only writes texts into a String, which never fails")
    }
}

fn function(function: &super::FunctionLines) -> Function {
    let alive = function.lines.iter().map(|line| line.amounts.alive.bytes);
    let most = alive.max().unwrap_or(0).max(1);
    let mut rows = Vec::new();
    let mut last = None;
    for line in &function.lines {
        if last.is_some_and(|last| last + 1 != line.line) {
            rows.push(Row::Gap);
        }
        last = Some(line.line);
        let bytes = line.amounts.alive.bytes.max(0);
        rows.push(Row::Line {
            number: line.line,
            cells: (!line.amounts.is_zero()).then(|| Cells::of(&line.amounts)),
            shade: (bytes as f64 * SHADES as f64 / most as f64).ceil() as i64,
            source: visible(line.source.as_deref().unwrap_or_default()),
        });
    }
    Function {
        name: visible(&function.function),
        file: visible(&function.file),
        line: function.line,
        sums: Cells::of(&function.amounts),
        rows,
    }
}
