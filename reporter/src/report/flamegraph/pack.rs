//! The data of a page as bytes; `assets/flamegraph/recording.js` reads them. In this order, all numbers as varints:
//!
//! | what | form |
//! |---|---|
//! | head | a text: JSON, see `head.rs` |
//! | texts | how many, the length of each, their UTF-8; other tables name a text by its number, 0 is empty |
//! | functions | columns: name, file, module (texts), kind |
//! | frames | columns: function, line, column, source (text) |
//! | nodes | in preorder; columns: levels up from the node before to the parent, frame |
//! | cells | columns: node + 1 (rising), thread + 1, type + 1; 0 is none |
//! | each view | rows; then of a difference, rows before. Rows: how many, then columns: cell (rising), bytes, blocks |
//! | each curve of each time line | how many points; columns: microseconds (rising), bytes (drifting) |
//! | lifetimes, if any | how many; columns: cell (rising), bucket of birth, 0 for never freed or else 1 + buckets lived, bytes, blocks |
//!
//! *Rising* columns are stored as differences, *drifting* ones as signed (zigzag) differences.

use std::collections::HashMap;

use super::cells::{Cell, Cells, Limits, gathered};
use super::columns::{ColumnWriter, Texts};
use super::data::{FlamegraphData, FrameKind, Row};
use super::head;
use super::lifetimes::Lifetimes;
use super::preorder::Preorder;
use crate::report::timeline::{Series, thin};

/// Points kept of each curve; a screen shows no more.
const CURVE_POINTS: usize = 2_000;

type CellRows = Vec<(Cell, u64, u64)>;
type LifetimeRows = Vec<((Cell, u32, u32), u64, u64)>;

/// The packed data, not compressed.
pub(super) fn pack(data: &FlamegraphData) -> Vec<u8> {
    let order = Preorder::of(&data.nodes);
    let limits = Limits {
        places: &order.places,
        threads: data.threads.len(),
        types: data.types.len(),
    };
    let views: Vec<(CellRows, Option<CellRows>)> = data
        .views
        .iter()
        .map(|view| {
            let before = view.before.as_ref();
            (
                cell_rows(&view.rows, &limits),
                before.map(|rows| cell_rows(rows, &limits)),
            )
        })
        .collect();
    let lifetimes = data
        .lifetimes
        .as_ref()
        .map(|lifetimes| lifetime_rows(lifetimes, &limits));
    let cells = Cells::of(
        views
            .iter()
            .flat_map(|(rows, before)| rows.iter().chain(before.iter().flatten()))
            .map(|row| row.0)
            .chain(lifetimes.iter().flatten().map(|row| row.0.0)),
    );

    let mut texts = Texts::new();
    let code = code(data, &order, &mut texts);

    let mut out = ColumnWriter::default();
    out.text(&head::json(data, code.functions, &cells));
    texts.write(&mut out);
    out.append(code.columns);
    let column = |of: fn(&Cell) -> u32| cells.0.iter().map(move |cell| u64::from(of(cell)));
    out.rising(column(|cell| cell.node));
    out.column(column(|cell| cell.thread));
    out.column(column(|cell| cell.type_of));
    for (rows, before) in &views {
        write_rows(&mut out, &cells, rows);
        if let Some(before) = before {
            write_rows(&mut out, &cells, before);
        }
    }
    for timeline in &data.timelines {
        for series in &timeline.series {
            write_curve(&mut out, series);
        }
    }
    if let Some(rows) = &lifetimes {
        write_lifetimes(&mut out, &cells, rows);
    }
    out.into_bytes()
}

/// Functions, frames and nodes.
struct Code {
    functions: usize,
    columns: ColumnWriter,
}

fn code<'a>(data: &'a FlamegraphData, order: &Preorder, texts: &mut Texts<'a>) -> Code {
    let mut numbers: HashMap<(u64, u64, u64, FrameKind), u64> = HashMap::new();
    let mut functions: Vec<(u64, u64, u64, FrameKind)> = Vec::new();
    let mut frames = Vec::with_capacity(data.frames.len());
    for frame in &data.frames {
        let function = (
            texts.number(&frame.function),
            texts.number(&frame.file),
            texts.number(&frame.module),
            frame.kind,
        );
        let number = *numbers.entry(function).or_insert_with(|| {
            functions.push(function);
            functions.len() as u64 - 1
        });
        let source = texts.number(frame.source.as_deref().unwrap_or_default());
        frames.push((number, source));
    }

    let mut columns = ColumnWriter::default();
    columns.column(functions.iter().map(|function| function.0));
    columns.column(functions.iter().map(|function| function.1));
    columns.column(functions.iter().map(|function| function.2));
    columns.column(
        functions
            .iter()
            .map(|function| head::kind_number(function.3)),
    );
    columns.column(frames.iter().map(|frame| frame.0));
    columns.column(data.frames.iter().map(|frame| u64::from(frame.line)));
    columns.column(data.frames.iter().map(|frame| u64::from(frame.column)));
    columns.column(frames.iter().map(|frame| frame.1));
    columns.column(order.ups.iter().map(|&up| u64::from(up)));
    columns.column(
        order
            .nodes
            .iter()
            .map(|&node| u64::from(data.nodes[node as usize].frame.0)),
    );
    Code {
        functions: functions.len(),
        columns,
    }
}

fn cell_rows(rows: &[Row], limits: &Limits) -> CellRows {
    gathered(
        rows.iter()
            .map(|row| (Cell::of(row.place, limits), row.bytes, row.blocks)),
    )
}

fn lifetime_rows(lifetimes: &Lifetimes, limits: &Limits) -> LifetimeRows {
    let last = lifetimes.buckets.saturating_sub(1);
    gathered(lifetimes.rows.iter().map(|row| {
        let born = row.born.min(last);
        let lived = match row.died {
            Some(died) => died.min(last).saturating_sub(born) + 1,
            None => 0,
        };
        (
            (Cell::of(row.place, limits), born, lived),
            row.bytes,
            row.blocks,
        )
    }))
}

fn write_rows(out: &mut ColumnWriter, cells: &Cells, rows: &CellRows) {
    out.number(rows.len() as u64);
    out.rising(cells.numbers(rows.iter().map(|row| row.0)));
    out.column(rows.iter().map(|row| row.1));
    out.column(rows.iter().map(|row| row.2));
}

fn write_lifetimes(out: &mut ColumnWriter, cells: &Cells, rows: &LifetimeRows) {
    out.number(rows.len() as u64);
    out.rising(cells.numbers(rows.iter().map(|row| row.0.0)));
    out.column(rows.iter().map(|row| u64::from(row.0.1)));
    out.column(rows.iter().map(|row| u64::from(row.0.2)));
    out.column(rows.iter().map(|row| row.1));
    out.column(rows.iter().map(|row| row.2));
}

fn write_curve(out: &mut ColumnWriter, series: &Series) {
    let points = thin(&series.points, CURVE_POINTS);
    out.number(points.len() as u64);
    out.rising(
        points
            .iter()
            .map(|point| (point.time.max(0.0) * 1e6) as u64),
    );
    out.drifting(points.iter().map(|point| point.bytes));
}
