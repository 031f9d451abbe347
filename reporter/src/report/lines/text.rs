//! Lines as text.

use super::{Amounts, Lines};
use crate::report::cut::More;
use crate::report::measure::{Bytes, Count};
use std::fmt;

impl fmt::Display for Lines {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.functions.is_empty() {
            return writeln!(out, "No such function allocated anything.");
        }
        for (place, function) in self.functions.iter().enumerate() {
            if place > 0 {
                writeln!(out, "\n")?;
            }
            let Amounts {
                allocated,
                alive,
                net,
            } = function.amounts;
            let (count, bytes) = (Count(allocated.blocks), Bytes(allocated.bytes));
            writeln!(
                out,
                "Allocated: {bytes} in {count} blocks, with all that was called"
            )?;
            let alive = Bytes(alive.bytes);
            let net = Bytes(net.bytes);
            writeln!(out, "Alive: {alive} at {}, {net} at the end", self.moment)?;
            writeln!(out, "File: {}", function.file)?;
            writeln!(
                out,
                "Function: {} at line {}\n",
                function.function, function.line
            )?;
            let heading = format!(
                "{:>6}  {:>10}  {:>11}  {:>10}  {:>10}  Line Contents",
                "Line #",
                "Allocated",
                "Blocks",
                self.heading(),
                "Net"
            );
            writeln!(out, "{heading}\n{}", "=".repeat(heading.len()))?;
            let mut last = None;
            for line in &function.lines {
                if last.is_some_and(|last| last + 1 != line.line) {
                    writeln!(out, "{:>6}", "...")?;
                }
                last = Some(line.line);
                let text = format!(
                    "{:>6}  {}  {}",
                    line.line,
                    numbers(&line.amounts),
                    line.source.as_deref().unwrap_or_default()
                );
                writeln!(out, "{}", text.trim_end())?;
            }
        }
        match self.elided {
            0 => Ok(()),
            more => write!(out, "\n{}", More(more, "functions")),
        }
    }
}

/// The four numbers of a line, and nothing for one that allocated nothing.
fn numbers(amounts: &Amounts) -> String {
    if amounts.is_zero() {
        return " ".repeat(47);
    }
    format!(
        "{:>10}  {:>11}  {:>10}  {:>10}",
        Bytes(amounts.allocated.bytes),
        Count(amounts.allocated.blocks),
        Bytes(amounts.alive.bytes),
        Bytes(amounts.net.bytes)
    )
}
