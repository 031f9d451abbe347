//! The report about leaks as people read it.

use super::super::columns::Columns;
use super::super::cut::More;
use super::super::growth::speed;
use super::super::measure::{Bytes, Count, Share};
use super::super::trend::Trend;
use super::frames::write_frames;
use super::{LeakRow, Leaks};
use crate::profile::{Label, NO_FRAME, Totals};
use std::fmt;

impl fmt::Display for Leaks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for warning in &self.warnings {
            writeln!(out, "Warning: {warning}\n")?;
        }
        self.write_heading(out)?;
        if self.rows.is_empty() {
            return writeln!(out, "\nNothing else was left.");
        }
        match &self.heading {
            Some(heading) => self.write_table(out, heading)?,
            None => self.write_stacks(out)?,
        }
        match (self.more, &self.heading) {
            (0, _) => Ok(()),
            (more, Some(_)) => More(more, "rows").fmt(out),
            (more, None) => write!(out, "\n{}", More(more, "stacks")),
        }
    }
}

impl Leaks {
    fn write_heading(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { bytes, blocks } = self.total;
        let (bytes, blocks) = (Bytes(bytes), Count(blocks));
        match self.moment.as_str() {
            "main-end" => {
                writeln!(
                    out,
                    "Left when the program's own code ended: {bytes} in {blocks} blocks"
                )?;
                writeln!(
                    out,
                    "Never freed, not even by the interpreter's shutdown: {} in {} blocks (--at end)",
                    Bytes(self.never_freed.bytes),
                    Count(self.never_freed.blocks)
                )?;
            }
            "end" => writeln!(out, "Never freed: {bytes} in {blocks} blocks")?,
            moment => writeln!(out, "Left at {moment}: {bytes} in {blocks} blocks")?,
        }
        let suppressed = &self.suppressed;
        if suppressed.blocks != 0 {
            writeln!(
                out,
                "Left out by {} suppressions: {} in {} blocks; --no-default-suppressions shows what \
                 the interpreter and the C library keep",
                suppressed.by.len(),
                Bytes(suppressed.bytes),
                Count(suppressed.blocks)
            )?;
        } else if !self.without_own_code.is_zero() && self.without_own_code != self.total {
            writeln!(
                out,
                "of which {} in {} blocks by no code of your own: the interpreter and libraries keep some until the end",
                Bytes(self.without_own_code.bytes),
                Count(self.without_own_code.blocks)
            )?;
        }
        Ok(())
    }

    fn write_stacks(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            let share = Share {
                part: row.totals.bytes,
                whole: self.total.bytes,
            };
            let (bytes, blocks) = (Bytes(row.totals.bytes), Count(row.totals.blocks));
            writeln!(
                out,
                "\n{bytes} in {blocks} blocks, {share}{}",
                sentence(row)
            )?;
            match row.frames.as_deref() {
                None | Some([]) => writeln!(out, "    {NO_FRAME}")?,
                Some(frames) => write_frames(out, frames)?,
            }
        }
        Ok(())
    }

    fn write_table(&self, out: &mut fmt::Formatter<'_>, heading: &str) -> fmt::Result {
        let headings = [
            "Bytes",
            "%",
            "Blocks",
            "Survival",
            "Trend",
            "Per second",
            "Picture",
            heading,
        ];
        let mut columns = Columns::new(headings, self.width);
        for row in &self.rows {
            let labels: Vec<String> = row.labels.iter().map(Label::to_string).collect();
            let share = Share {
                part: row.totals.bytes,
                whole: self.total.bytes,
            };
            columns.row([
                Bytes(row.totals.bytes).to_string(),
                share.to_string(),
                Count(row.totals.blocks).to_string(),
                survival(row),
                row.trend.name().to_owned(),
                speed(row.slope),
                row.picture.clone(),
                labels.join("  "),
            ]);
        }
        write!(out, "\n{columns}")
    }
}

fn survival(row: &LeakRow) -> String {
    let survival = row.survival();
    survival.map_or("-".to_owned(), |share| format!("{:.1}%", share * 100.0))
}

/// What there is to say about a stack beside its size.
fn sentence(row: &LeakRow) -> String {
    let allocated = row.allocated.map(|allocated| allocated.blocks);
    let survival = match allocated.filter(|blocks| *blocks > row.totals.blocks) {
        Some(blocks) => format!("; {} of {} allocated", survival(row), Count(blocks)),
        None => String::new(),
    };
    let trend = match (row.trend, row.slope) {
        (Trend::Grows, Some(_)) => {
            format!("; never stops growing, {} a second", speed(row.slope))
        }
        (Trend::Grows, None) => "; never stops growing".to_owned(),
        (Trend::Bounded, _) => "; grew, and stopped".to_owned(),
        (Trend::Varies, _) => "; goes up and down".to_owned(),
        (Trend::Constant | Trend::Unknown, _) => String::new(),
    };
    match row.trend {
        Trend::Unknown => survival + &trend,
        _ => format!("{survival}{trend}  {}", row.picture)
            .trim_end()
            .to_owned(),
    }
}
