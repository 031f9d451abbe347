//! `memprof export json`: every stack with what it holds.

use crate::profile::{Profile, Totals};
use crate::report::leaks::Place;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

#[derive(Serialize)]
struct Stack<'a> {
    frames: Vec<Place>,
    thread: u32,
    thread_name: &'a str,
    bytes: i64,
    blocks: i64,
}

/// Writes the stacks of a profile, frames from the root, one line each.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn write(profile: &Profile, out: &mut dyn Write) -> io::Result<()> {
    let mut sums: BTreeMap<_, Totals> = BTreeMap::new();
    for row in &profile.rows {
        *sums.entry((row.stack, row.thread)).or_default() += row.totals;
    }
    let moment = serde_json::to_string(&profile.moment)?;
    let total = serde_json::to_string(&profile.total)?;
    write!(
        out,
        "{{\"moment\":{moment},\"complete\":{},\"total\":{total},\"stacks\":[",
        profile.complete
    )?;
    let mut separator = "\n";
    for ((stack, thread), totals) in sums {
        let thread = &profile.threads[thread as usize];
        let stack = Stack {
            frames: Place::of_stack(&profile.stacks, stack),
            thread: thread.id,
            thread_name: &thread.name,
            bytes: totals.bytes,
            blocks: totals.blocks,
        };
        out.write_all(separator.as_bytes())?;
        serde_json::to_writer(&mut *out, &stack)?;
        separator = ",\n";
    }
    writeln!(out, "]}}")
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::profile::sample;

    #[test]
    fn frames_come_from_the_root() {
        let mut out = Vec::new();
        write(&sample::profile(), &mut out).expect("in memory");
        let json: serde_json::Value = serde_json::from_slice(&out).expect("it is JSON");
        assert_eq!(json["moment"], "peak");
        let stacks = json["stacks"].as_array().expect("a list");
        assert_eq!(stacks.len(), 3);
        assert_eq!(stacks[0]["frames"].as_array().map(Vec::len), Some(0));
        assert_eq!(stacks[2]["frames"][0]["function"], "<module>");
        assert_eq!(stacks[2]["frames"][2]["line"], 355);
        assert_eq!(stacks[2]["bytes"], 10240);
        assert_eq!(stacks[2]["thread_name"], "MainThread");
    }
}
