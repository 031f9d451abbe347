//! `memprof table`: who holds how much, one row for each line, type, file and so on.

use super::columns::Columns;
use super::cut::{More, cut};
use super::measure::{Bytes, Count, Share};
use crate::profile::{Group, Grouping, Label, Profile, Totals, group};
use serde::Serialize;
use std::fmt;

/// Rows of a profile, biggest first.
#[derive(Debug, Serialize)]
pub struct Table {
    /// The moment.
    pub moment: String,
    /// Whether the recording holds everything that happened.
    pub complete: bool,
    /// The sum of all rows, those included that are not shown.
    pub total: Totals,
    /// The rows.
    pub rows: Vec<Group>,
    /// How many rows are not shown.
    #[serde(skip_serializing_if = "is_zero")]
    pub more: usize,
    /// What the first line says.
    #[serde(skip)]
    pub title: String,
    /// What the rows are.
    #[serde(skip)]
    pub heading: String,
    /// How wide a line may be.
    #[serde(skip)]
    pub width: Option<usize>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Table {
    /// The biggest `top` rows of a profile, all without one.
    pub fn new(
        profile: &Profile,
        grouping: &Grouping,
        top: Option<usize>,
        width: Option<usize>,
    ) -> Self {
        let mut rows = group::group(profile, grouping);
        let more = cut(&mut rows, top);
        Self {
            moment: profile.moment.clone(),
            complete: profile.complete,
            total: profile.total,
            rows,
            more,
            title: format!("Heap at {}", profile.moment),
            heading: grouping.to_string(),
            width,
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total;
        let (bytes, blocks) = (Bytes(total.bytes), Count(total.blocks));
        writeln!(out, "{}: {bytes} in {blocks} blocks\n", self.title)?;
        let mut columns = Columns::new(["Bytes", "%", "Blocks", &self.heading], self.width);
        for Group { labels, totals } in &self.rows {
            let labels: Vec<String> = labels.iter().map(Label::to_string).collect();
            columns.row([
                Bytes(totals.bytes).to_string(),
                Share {
                    part: totals.bytes,
                    whole: total.bytes,
                }
                .to_string(),
                Count(totals.blocks).to_string(),
                labels.join("  "),
            ]);
        }
        write!(out, "{columns}")?;
        More(self.more, "rows").fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::profile::sample;
    use crate::profile::{By, Grouping};

    #[test]
    fn as_text() {
        let table = Table::new(&sample::profile(), &Grouping::one(By::Line), Some(2), None);
        let expected = "\
Heap at peak: 10.4 KiB in 13 blocks

   Bytes      %  Blocks  line
10.0 KiB  95.8%      10  decode (/usr/lib/python3.11/json/decoder.py:355)
   400 B   3.7%       2  load (/home/me/app/models.py:12)
<1 more rows. Use --top N to view.>
";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn as_json() {
        let by = |text: &str| text.parse::<Grouping>().expect("known");
        let table = |by| Table::new(&sample::profile(), &by, None, None);
        let json = |by| serde_json::to_string(&table(by)).expect("plain data");
        assert_eq!(
            json(by("site")),
            r#"{"moment":"peak","complete":true,"total":{"bytes":10690,"blocks":13},"rows":[{"function":"load","file":"/home/me/app/models.py","line":12,"bytes":10640,"blocks":12},{"function":"<no stack>","file":"","line":0,"bytes":50,"blocks":1}]}"#
        );
        assert_eq!(
            json(by("type,domain")),
            r#"{"moment":"peak","complete":true,"total":{"bytes":10690,"blocks":13},"rows":[{"kind":"dict","domain":"obj","bytes":10240,"blocks":10},{"kind":"<mem.malloc buffer>","domain":"mem","bytes":400,"blocks":2},{"kind":"<malloc>","domain":"system","bytes":50,"blocks":1}]}"#
        );
        assert_eq!(
            json(by("module")),
            r#"{"moment":"peak","complete":true,"total":{"bytes":10690,"blocks":13},"rows":[{"module":"json.decoder","bytes":10240,"blocks":10},{"module":"app.models","bytes":400,"blocks":2},{"module":"<no stack>","bytes":50,"blocks":1}]}"#
        );
        assert_eq!(
            json(by("thread")),
            r#"{"moment":"peak","complete":true,"total":{"bytes":10690,"blocks":13},"rows":[{"thread":7,"thread_name":"MainThread","bytes":10290,"blocks":11},{"thread":8,"thread_name":"","bytes":400,"blocks":2}]}"#
        );
    }
}
