//! Much of everything: processes, stacks, frames. Memory and time stay bounded, and what is merged
//! is counted.

use crate::binaries::memprof;
use crate::capture::Capture;
use crate::interpreters::{self, usual};
use crate::programs::c;
use crate::scenario::{Scenario, finish};
use memprof_recorder::STACK_LIMIT;
use memprof_reporter::recording::Recording;
use memprof_wire::event::Note;
use std::collections::BTreeMap;
use std::process::Command;

/// A number that somebody who has the time sets higher.
fn bound(variable: &str, usual: usize) -> usize {
    let set = std::env::var(variable).ok();
    set.map_or(usual, |text| text.parse().unwrap())
}

/// `MEMPROF_TEST_PROCESSES=300` for as many.
#[test]
fn a_crowd_of_processes_is_recorded_each_exactly() {
    let count = bound("MEMPROF_TEST_PROCESSES", 40);
    let scenario = Scenario::program(c("crowd")).argument(count.to_string());
    let run = scenario.option("--follow-children").recorded();
    assert_eq!(run.stdout, "0\n");
    let capture = run.capture();
    assert!(capture.complete && capture.lost == 0);
    let process = |thread: usize| capture.threads[thread].process;
    let mut owners = BTreeMap::new();
    for number in 0..count as u64 {
        let block = capture.only(200_000 + number);
        owners.insert(process(block.thread), number);
    }
    assert_eq!(owners.len(), count, "each has its own");
    let mut passing = BTreeMap::<u32, usize>::new();
    for block in capture.of_size(300_007) {
        *passing.entry(process(block.thread)).or_default() += 1;
    }
    assert!(passing.keys().eq(owners.keys()));
    assert!(passing.values().all(|&blocks| blocks == 10), "{passing:?}");
    let info = run.json(&["info"]);
    assert_eq!(info["processes"].as_array().unwrap().len(), count + 1);
    // all lived at the same time, and what they inherited counts once; the parent has two
    let table = run.json(&["table", "--by", "size", "--at", "peak", "--top", "1000"]);
    let rows = table["rows"].as_array().unwrap();
    let number = |row: &serde_json::Value, key: &str| row[key].as_u64().unwrap();
    let large = rows
        .iter()
        .filter(|row| number(row, "bytes") / number(row, "blocks") > 150_000);
    let blocks: u64 = large.map(|row| number(row, "blocks")).sum();
    assert_eq!(blocks, count as u64 + 2);
    let (first, &own) = owners.iter().next().unwrap();
    let table = run.json(&[
        "table",
        "--by",
        "size",
        "--at",
        "peak",
        "--process",
        &first.to_string(),
    ]);
    let sizes: Vec<u64> = table["rows"]
        .as_array()
        .unwrap()
        .iter()
        .take(2)
        .map(|row| number(row, "bytes"))
        .collect();
    assert!(
        sizes.contains(&1_000_003),
        "inherited: {sizes:?} in the process of {own}"
    );
}

/// `MEMPROF_TEST_DEPTH=22` for more than 4 million stacks at which something is allocated, of 20
/// million in all.
#[test]
fn stacks_beyond_the_limit_are_merged_and_counted() {
    let depth = bound("MEMPROF_TEST_DEPTH", 19);
    let scenario = Scenario::script(usual(), "distinct.py")
        .argument(depth.to_string())
        .environment(STACK_LIMIT, "1000000");
    let run = scenario.recorded();
    let resident: u64 = run.stdout.trim().parse().unwrap();
    let bare: u64 = scenario.bare().stdout.trim().parse().unwrap();
    // the table, its growing copy and the rings, in KiB
    assert!(resident < bare + (96 << 10), "{resident} and {bare} KiB");
    let capture = run.capture();
    assert!(capture.complete && capture.lost == 0);
    assert_eq!(capture.notes, [Note::StacksMerged]);
    let blocks = capture.of_size(810);
    assert_eq!(blocks.len(), 1 << depth, "every block is there");
    let recording = Recording::open(&run.file, None).unwrap();
    let merged = recording.reader().ending().unwrap().frames_merged;
    // each call has two frames; what is below a merged one may be found again
    let frames = 4u64 << depth;
    assert!((100_000..frames).contains(&merged), "{merged} of {frames}");
    let info = run.json(&["info"]);
    let note = info["notes"][0].as_str().unwrap();
    assert!(
        note.contains("merged into their callers (") && note.contains(" times"),
        "{note}"
    );
    // the last ones found no room, and stand where the innermost caller that did stands
    let last = blocks.iter().rev().take(1000);
    for stack in capture.stacks(last.map(|it| it.at)) {
        assert!(stack.len() < 2 * depth + 3, "{stack:?}");
        assert_eq!(stack[stack.len() - 1].function, "<module>");
    }
}

#[test]
fn a_recursion_of_a_hundred_thousand_calls_is_whole_and_takes_no_time() {
    for interpreter in interpreters::all() {
        let run = Scenario::script(interpreter, "recursion.py").recorded();
        assert_eq!(run.stdout, "333333 333333\n", "{interpreter}");
        let capture = Capture::read(&run.file);
        assert!(
            capture.complete && capture.notes.is_empty(),
            "{interpreter}"
        );
        let blocks: Vec<_> = capture
            .allocations()
            .filter(|it| (333_334..333_400).contains(&it.size))
            .collect();
        assert_eq!(blocks.len(), 2, "{interpreter}");
        for stack in capture.stacks(blocks.iter().map(|it| it.at)) {
            let calls = stack
                .iter()
                .filter(|frame| frame.function == "down")
                .count();
            assert_eq!(calls, 100_001, "{interpreter}");
        }
    }
}

/// What stands at the front of a report is told of a crowd of deep stacks within the memory of a few
/// stacks: together they have fifty million frames.
#[test]
fn leaks_of_ten_thousand_stacks_of_as_many_calls_take_little_memory() {
    const CODE: &str = "import sys, threading\n\
        sys.setrecursionlimit(20_000)\n\
        threading.stack_size(512 << 20)\n\
        kept = []\n\
        def call(depth):\n    \
            kept.append(bytearray(700))\n    \
            if depth > 1: call(depth - 1)\n\
        thread = threading.Thread(target=call, args=(10_000,))\n\
        thread.start()\n\
        thread.join()";
    let run = Scenario::code(usual(), CODE).recorded();
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -v 2000000; exec \"$@\"", "sh"])
        .arg(memprof())
        .args([
            "leaks",
            "--top",
            "3",
            "--json",
            "--filter",
            "function==\"call\"",
        ])
        .arg(&run.file);
    let output = finish(command, &[]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", output.status);
    let leaks: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(leaks["more"].as_u64().unwrap() > 9_000, "{leaks}");
    for row in leaks["rows"].as_array().unwrap() {
        assert_eq!(row["function"], "call");
        let frames = row["frames"].as_array().unwrap();
        assert!(frames.iter().any(|frame| frame["function"] == "call"));
    }
}
