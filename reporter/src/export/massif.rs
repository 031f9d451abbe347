//! `memprof export massif`: for `ms_print` and massif-visualizer.
//!
//! The format is that of Valgrind's tool: snapshots over time, one of which has the tree of who
//! called whom, allocating functions first. What is below one percent is one line, as there.

use super::frame_text;
use crate::profile::{NO_FRAME, Profile, StackId};
use crate::replay::Sample;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::io::{self, Write};

/// One part in so many is not told apart.
const THRESHOLD: i64 = 100;

/// What was recorded.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// The command line.
    pub command: &'a str,
    /// Whether the profile is that of the peak.
    pub at_peak: bool,
}

/// Writes the heap over time and the tree of a profile. `samples` are those of the whole program:
/// for a part of it there are none to give.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn write(
    profile: &Profile,
    samples: &[Sample],
    program: Program<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "desc: memprof, heap at {}", one_line(&profile.moment))?;
    writeln!(out, "cmd: {}\ntime_unit: ms", one_line(program.command))?;
    let moment = (profile.time * 1e3) as u64;
    let time = |sample: &&Sample| sample.time.0 / 1000;
    let before = samples.iter().filter(|sample| time(sample) < moment);
    let after = samples.iter().filter(|sample| time(sample) > moment);
    let mut number = 0;
    let mut snapshot = |out: &mut dyn Write, time: u64, heap: i64, tree: &str| {
        writeln!(out, "#-----------\nsnapshot={number}\n#-----------")?;
        number += 1;
        writeln!(out, "time={time}\nmem_heap_B={heap}\nmem_heap_extra_B=0")?;
        writeln!(out, "mem_stacks_B=0\nheap_tree={tree}")
    };
    for sample in before {
        snapshot(out, time(&sample), sample.heap, "empty")?;
    }
    let tree = if program.at_peak { "peak" } else { "detailed" };
    snapshot(out, moment, profile.total.bytes, tree)?;
    write_tree(profile, out)?;
    for sample in after {
        snapshot(out, time(&sample), sample.heap, "empty")?;
    }
    Ok(())
}

/// A line of the tree that is still to be written.
enum Line {
    /// A call: what it is called, and the stacks that lead to it with their bytes.
    Call(String, Vec<(StackId, i64)>),
    /// So many calls that are too small to tell apart, and their bytes.
    Small(usize, i64),
}

fn write_tree(profile: &Profile, out: &mut dyn Write) -> io::Result<()> {
    let stacks = &profile.stacks;
    let rows = profile.rows.iter();
    let all = rows.map(|row| (row.stack, row.totals.bytes)).collect();
    let root = "(heap allocation functions) malloc/new/new[], --alloc-fns, etc.";
    let mut waiting = vec![(0, Line::Call(root.to_owned(), all))];
    while let Some((depth, line)) = waiting.pop() {
        let indent = " ".repeat(depth);
        let (label, members) = match line {
            Line::Call(label, members) => (label, members),
            Line::Small(count, bytes) => {
                let places = if count == 1 { "place" } else { "places, all" };
                let below = "below massif's threshold (1.00%)";
                writeln!(out, "{indent}n0: {bytes} in {count} {places} {below}")?;
                continue;
            }
        };
        let whole: i64 = members.iter().map(|(_, bytes)| bytes).sum();
        let mut callers: HashMap<_, (i64, Vec<(StackId, i64)>)> = HashMap::new();
        for (stack, bytes) in members {
            let (key, caller) = match stacks.split(stack) {
                Some((caller, frame)) => (Some(frame), caller),
                // the outermost frame was called by nobody
                None if depth > 0 => continue,
                None => (None, stack),
            };
            let found = callers.entry(key).or_default();
            found.0 += bytes;
            found.1.push((caller, bytes));
        }
        let mut callers: Vec<_> = callers.into_iter().collect();
        callers.sort_by_key(|(frame, (bytes, _))| (Reverse(*bytes), *frame));
        let total = profile.total.bytes;
        let large = callers.partition_point(|(_, (bytes, _))| bytes * THRESHOLD >= total);
        let small = callers.split_off(large);
        let count = callers.len() + usize::from(!small.is_empty());
        writeln!(out, "{indent}n{count}: {whole} {label}")?;
        if !small.is_empty() {
            let bytes = small.iter().map(|(_, (bytes, _))| bytes).sum();
            waiting.push((depth + 1, Line::Small(small.len(), bytes)));
        }
        for (frame, (_, members)) in callers.into_iter().rev() {
            // readers want an address: frames have numbers instead
            let label = frame.map_or_else(
                || format!("0x0: {NO_FRAME}"),
                |id| {
                    let text = frame_text(stacks, stacks.frame(id));
                    format!("0x{:X}: {}", id.0 + 1, one_line(&text))
                },
            );
            waiting.push((depth + 1, Line::Call(label, members)));
        }
    }
    Ok(())
}

/// A text that does not end its line.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::{Program, write};
    use crate::profile::sample;
    use crate::replay::Sample;
    use memprof_wire::units::Microseconds;

    #[test]
    fn one_snapshot_has_the_tree() {
        let mut profile = sample::branches();
        profile.time = 1.5;
        let at = |time, heap| Sample {
            time: Microseconds(time),
            heap,
            files: 0,
        };
        let program = Program {
            command: "python3 a.py",
            at_peak: true,
        };
        let samples = [at(1_000_000, 700), at(2_000_000, 900)];
        let mut out = Vec::new();
        write(&profile, &samples, program, &mut out).expect("in memory");
        let text = String::from_utf8(out).expect("text");
        let tree = "\
time=1500
mem_heap_B=1112
mem_heap_extra_B=0
mem_stacks_B=0
heap_tree=peak
n3: 1112 (heap allocation functions) malloc/new/new[], --alloc-fns, etc.
 n1: 1000 0x3: deep (/home/me/a.py:4)
  n1: 1000 0x2: big (/home/me/a.py:2)
   n0: 1000 0x1: main (/home/me/a.py:1)
 n1: 100 0x4: small (/home/me/a.py:3)
  n0: 100 0x1: main (/home/me/a.py:1)
 n0: 12 0x1: main (/home/me/a.py:1)
";
        assert!(text.contains(tree), "{text}");
        assert_eq!(text.matches("heap_tree=empty").count(), 2);
        assert!(text.ends_with(
            "time=2000\nmem_heap_B=900\nmem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=empty\n"
        ));
    }

    #[test]
    fn what_is_small_is_one_line() {
        let functions = ["a", "b", "c"].map(|name| (name, "/x.py", 1));
        let profile = sample::of_stacks(&functions, &[(&[0], 1000), (&[1], 4), (&[2], 5)]);
        let program = Program {
            command: "x",
            at_peak: false,
        };
        let mut out = Vec::new();
        write(&profile, &[], program, &mut out).expect("in memory");
        let text = String::from_utf8(out).expect("text");
        let expected = " n0: 9 in 2 places, all below massif's threshold (1.00%)\n";
        assert!(text.ends_with(expected), "{text}");
    }
}
