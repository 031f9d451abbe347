//! `memprof growth`: how much of each type, line and so on there was at some moments, and what
//! grows without end.

use super::columns::Columns;
use super::cut::{More, cut};
use super::measure::Bytes;
use super::trend::{Slope, Trend, picture, slope, thin, trend};
use crate::profile::{Course, Development, Grouping, Label, Totals, group};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::fmt;

/// What grew, most first.
#[derive(Debug, Serialize)]
pub struct GrowthReport {
    /// The last moment.
    pub moment: String,
    /// Whether the recording holds everything that happened.
    pub complete: bool,
    /// The moments, in seconds from the start.
    pub times: Vec<f64>,
    /// Everything, at those moments.
    pub total: GrowthRow,
    /// The rows.
    pub rows: Vec<GrowthRow>,
    /// How many rows are not shown.
    pub more: usize,
    /// What the rows are.
    #[serde(skip)]
    pub heading: String,
    /// How wide a line may be.
    #[serde(skip)]
    pub width: Option<usize>,
}

/// How one group developed.
#[derive(Debug, Default)]
pub struct GrowthRow {
    /// What it is.
    pub labels: Vec<Label>,
    /// How much there was at each of the moments that are shown.
    pub totals: Vec<Totals>,
    /// The most there was, over all moments that were looked at.
    pub maximum: Totals,
    /// How it went.
    pub trend: Trend,
    /// How fast the bytes grew, where time goes by.
    pub bytes: Option<Slope>,
    /// How fast the number of blocks grew, where time goes by.
    pub blocks: Option<Slope>,
    /// The bytes at all moments, as a picture.
    pub picture: String,
}

/// With the keys of its labels.
impl Serialize for GrowthRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for label in &self.labels {
            label.serialize_into(&mut map)?;
        }
        let bytes: Vec<i64> = self.totals.iter().map(|totals| totals.bytes).collect();
        let blocks: Vec<i64> = self.totals.iter().map(|totals| totals.blocks).collect();
        map.serialize_entry("trend", &self.trend)?;
        map.serialize_entry("bytes_per_second", &self.bytes.map(|it| it.per_second))?;
        map.serialize_entry("blocks_per_second", &self.blocks.map(|it| it.per_second))?;
        map.serialize_entry("maximum", &self.maximum)?;
        map.serialize_entry("bytes", &bytes)?;
        map.serialize_entry("blocks", &blocks)?;
        map.end()
    }
}

/// Letters of a picture.
const PICTURE: usize = 20;

impl GrowthRow {
    fn new(labels: Vec<Label>, course: &Course<'_>, seconds: &[f64], shown: &[usize]) -> Self {
        let totals = course.totals;
        let bytes: Vec<i64> = totals.iter().map(|totals| totals.bytes).collect();
        let blocks: Vec<i64> = totals.iter().map(|totals| totals.blocks).collect();
        let most = |values: &[i64]| values.iter().copied().max().unwrap_or(0);
        Self {
            labels,
            totals: shown.iter().map(|&place| totals[place]).collect(),
            maximum: Totals {
                bytes: most(&bytes),
                blocks: most(&blocks),
            },
            trend: trend(&bytes),
            bytes: slope(seconds, &bytes),
            blocks: slope(seconds, &blocks),
            picture: picture(&bytes, PICTURE),
        }
    }

    /// What grows without end comes first, then what grew most.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let grown = |row: &Self| row.bytes.map_or(0.0, |slope| slope.grown);
        let grows = |row: &Self| row.trend == Trend::Grows;
        let size = |row: &Self| row.totals.last().map(|totals| totals.bytes);
        grows(other)
            .cmp(&grows(self))
            .then_with(|| grown(other).total_cmp(&grown(self)))
            .then_with(|| size(other).cmp(&size(self)))
            .then_with(|| self.labels.cmp(&other.labels))
    }
}

impl GrowthReport {
    /// The `top` rows that grew most, all without one, at so many moments.
    pub fn new(
        development: &Development,
        grouping: &Grouping,
        moments: usize,
        top: Option<usize>,
        width: Option<usize>,
    ) -> Self {
        let seconds = development.seconds();
        let shown = moments_shown(&seconds, moments);
        let assignment = group::assign(&development.profile, grouping);
        let groups: Vec<Option<usize>> = assignment.groups.into_iter().map(Some).collect();
        let mut rows: Vec<GrowthRow> = Vec::new();
        development.courses(&groups, |group, course| {
            let labels = assignment.labels[group].clone();
            rows.push(GrowthRow::new(labels, course, &seconds, &shown));
        });
        rows.retain(|row| row.maximum.bytes > 0);
        rows.sort_by(GrowthRow::order);
        let more = cut(&mut rows, top);
        let mut total = None;
        development.courses(&vec![Some(0); groups.len()], |_, course| {
            total = Some(GrowthRow::new(Vec::new(), course, &seconds, &shown));
        });
        Self {
            moment: development.profile.moment.clone(),
            complete: development.profile.complete,
            times: shown.iter().map(|&place| seconds[place]).collect(),
            total: total.unwrap_or_default(),
            rows,
            more,
            heading: grouping.to_string(),
            width,
        }
    }
}

/// Of all moments that were looked at, those nearest to so many equal steps of time.
fn moments_shown(seconds: &[f64], moments: usize) -> Vec<usize> {
    let (Some(&first), Some(&last)) = (seconds.first(), seconds.last()) else {
        return Vec::new();
    };
    let mut shown: Vec<usize> = thin(moments.max(2), moments.max(2))
        .map(|step| first + (last - first) * (step as f64) / (moments.max(2) - 1) as f64)
        .map(|time| seconds.partition_point(|&second| second < time))
        .map(|place| place.min(seconds.len() - 1))
        .collect();
    if let Some(end) = shown.last_mut() {
        *end = seconds.len() - 1;
    }
    shown.dedup();
    shown
}

impl fmt::Display for GrowthReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let growing = self.rows.iter().filter(|row| row.trend == Trend::Grows);
        writeln!(
            out,
            "Growth up to {}: {} now, {} at most; {} of the rows below never stop growing\n",
            self.moment,
            Bytes(self.total.totals.last().map_or(0, |totals| totals.bytes)),
            Bytes(self.total.maximum.bytes),
            growing.count(),
        )?;
        let times: Vec<String> = self.times.iter().map(|time| at(*time)).collect();
        let mut headings = vec!["Trend", "Per second", "Maximum", "Blocks"];
        headings.extend(times.iter().map(String::as_str));
        headings.extend(["Picture", &self.heading]);
        let mut columns = Columns::of(&headings, self.width);
        for row in &self.rows {
            let labels: Vec<String> = row.labels.iter().map(Label::to_string).collect();
            let blocks = row.totals.last().map_or(0, |totals| totals.blocks);
            let mut cells = vec![
                row.trend.name().to_owned(),
                speed(row.bytes),
                Bytes(row.maximum.bytes).to_string(),
                super::measure::Count(blocks).to_string(),
            ];
            let bytes = row.totals.iter().map(|totals| Bytes(totals.bytes));
            cells.extend(bytes.map(|bytes| bytes.to_string()));
            cells.push(row.picture.clone());
            cells.push(labels.join("  "));
            columns.cells(cells);
        }
        write!(out, "{columns}")?;
        More(self.more, "rows").fmt(out)
    }
}

/// A moment as the heading of a column.
fn at(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0}ms", seconds * 1000.0)
    } else {
        format!("{seconds:.1}s")
    }
}

/// Bytes a second, with a sign.
pub fn speed(slope: Option<Slope>) -> String {
    match slope.map(|slope| slope.per_second) {
        None => "-".to_owned(),
        Some(bytes) if bytes >= 0.5 => format!("+{}", Bytes(bytes.round() as i64)),
        Some(bytes) => Bytes(bytes.round() as i64).to_string(),
    }
}
