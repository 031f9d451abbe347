//! Memory over time, as plain data, and the chart of it as SVG and as a page.
//!
//! Several recordings lie over one another, each from its own beginning. The chart marks each heap's peak, the marks and spans
//! that the program set, and the heap's slope, which tells a program that grows from one that only goes up and down.

mod brackets;
mod curves;
mod drawing;
mod legend;
mod marks;
mod page;
mod scale;
mod slope;
mod thin;

pub use slope::slope;
pub use thin::thin;

/// What `memprof timeline` shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TimelineReport {
    /// What was run, as a short name.
    pub title: String,
    /// Things that the reader must know (a recording is incomplete), one sentence each.
    pub notes: Vec<String>,
    /// The recordings.
    pub timelines: Vec<Timeline>,
}

/// Memory over the time of one recording. Times are seconds since it began.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// What it is called where there are several (`before.bin`).
    pub label: String,
    /// How long the recording is, in seconds.
    pub duration: f64,
    /// The curves.
    pub series: Vec<Series>,
    /// Moments that the program or the user named.
    pub marks: Vec<Mark>,
    /// Stretches of time that the program named.
    pub spans: Vec<Span>,
}

/// What a curve measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Bytes in blocks and anonymous mappings that the program asked for.
    Heap,
    /// The same of a part of them that was asked for, at some moments.
    Part,
    /// Resident set size, as the kernel counts it.
    Resident,
    /// Bytes of mapped files.
    Mapped,
}

impl Quantity {
    /// Whether it is what a heap is measured by: its slope, its peak.
    pub fn is_heap(self) -> bool {
        matches!(self, Self::Heap | Self::Part)
    }
}

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it measures.
    pub quantity: Quantity,
    /// Its points, in the order of time.
    pub points: Vec<Point>,
}

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When, in seconds.
    pub time: f64,
    /// How much, in bytes.
    pub bytes: u64,
}

/// A named moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// When, in seconds.
    pub time: f64,
    /// Its name.
    pub name: String,
}

/// A named stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// When it began, in seconds.
    pub start: f64,
    /// When it ended, in seconds; `None` when it was still open at the end of the recording.
    pub end: Option<f64>,
    /// Its name.
    pub name: String,
}
