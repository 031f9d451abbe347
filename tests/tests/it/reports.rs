//! The reports of real programs, held against a naive replay of the same events.

use crate::capture::{Capture, Frame};
use crate::interpreters::usual;
use crate::naive::{self, Block, Naive};
use crate::programs::c;
use crate::scenario::{Run, Scenario};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Bytes and blocks.
type Totals = (i64, i64);

fn programs() -> Vec<(&'static str, Scenario)> {
    let code = |code| Scenario::code(usual(), code);
    vec![
        (
            "json",
            code(
                "import json\nx = [json.loads(json.dumps({str(i): [i] * i})) for i in range(300)]",
            ),
        ),
        (
            "two peaks",
            code(
                "def grow(n):\n    return [bytearray(n + i) for i in range(50)]\n\
                 a = grow(100_000); del a\nb = grow(90_000); c = grow(60_000)\ndel b\nd = grow(9)",
            ),
        ),
        (
            "threads",
            code(
                "import threading\ndef work(n):\n    global kept\n    for i in range(3000):\n        \
                 kept = [str(i) * n]\nall = [threading.Thread(target=work, args=(n,)) for n in (5, 50, 500)]\n\
                 [t.start() for t in all]; [t.join() for t in all]",
            ),
        ),
        (
            "asyncio",
            code(
                "import asyncio\nasync def one(n):\n    x = bytearray(n); await asyncio.sleep(0); return x\n\
                 async def main():\n    return await asyncio.gather(*(one(n) for n in range(2000)))\n\
                 kept = asyncio.run(main())",
            ),
        ),
        ("allocators", Scenario::program(c("allocators"))),
        ("corners", Scenario::program(c("corners"))),
        (
            "threads in C",
            Scenario::program(c("threads"))
                .argument("4")
                .argument("20000"),
        ),
        (
            "perl",
            Scenario::program("perl")
                .argument("-e")
                .argument("$h{$_} = 'x' x $_ for 1..3000"),
        ),
    ]
}

fn integer(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value}"))
}

fn sum<'a>(blocks: impl IntoIterator<Item = &'a Block>) -> Totals {
    let blocks = blocks.into_iter();
    blocks.fold((0, 0), |(bytes, count), block| {
        (bytes + block.size as i64, count + 1)
    })
}

/// Sums by the stack, innermost frame first.
fn by_stack(capture: &Capture, blocks: &[Block]) -> BTreeMap<Vec<Frame>, Totals> {
    let mut by_call = HashMap::<_, Totals>::new();
    for block in blocks {
        let sum = by_call.entry(block.at).or_default();
        *sum = (sum.0 + block.size as i64, sum.1 + 1);
    }
    let (calls, totals): (Vec<_>, Vec<_>) = by_call.into_iter().unzip();
    let mut sums = BTreeMap::<_, Totals>::new();
    for (stack, (bytes, count)) in capture.stacks(calls).into_iter().zip(totals) {
        let sum = sums.entry(stack).or_default();
        *sum = (sum.0 + bytes, sum.1 + count);
    }
    sums
}

/// Sums by the innermost frame, of blocks that have one.
fn by_line(capture: &Capture, blocks: &[Block]) -> BTreeMap<Frame, Totals> {
    let mut sums = BTreeMap::<_, Totals>::new();
    for (stack, (bytes, count)) in by_stack(capture, blocks) {
        if let Some(frame) = stack.into_iter().next() {
            let sum = sums.entry(frame).or_default();
            *sum = (sum.0 + bytes, sum.1 + count);
        }
    }
    sums
}

fn frame(value: &Value) -> Frame {
    Frame {
        function: value["function"].as_str().unwrap().to_owned(),
        file: value["file"].as_str().unwrap().to_owned(),
        line: value["line"].as_u64().unwrap() as u32,
    }
}

/// The rows of a report that have a line.
fn lines(report: &Value) -> BTreeMap<Frame, Totals> {
    let rows = report["rows"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["file"].as_str().is_some_and(|file| !file.is_empty()));
    rows.map(|row| {
        (
            frame(row),
            (integer(&row["bytes"]), integer(&row["blocks"])),
        )
    })
    .collect()
}

fn total(report: &Value) -> Totals {
    (
        integer(&report["total"]["bytes"]),
        integer(&report["total"]["blocks"]),
    )
}

fn for_each_program(mut check: impl FnMut(&str, &Run, &Capture, &Naive)) {
    for (name, scenario) in programs() {
        // the model knows no names of machine code
        let run = scenario.option("--no-native").recorded();
        let capture = run.capture();
        let naive = naive::replay(&capture, 1);
        check(name, &run, &capture, &naive);
    }
}

#[test]
fn stats_are_those_of_a_naive_replay() {
    for_each_program(|name, run, capture, naive| {
        let stats = run.json(&["stats"]);
        assert_eq!(
            integer(&stats["allocations"]) as u64,
            naive.allocations,
            "{name}"
        );
        assert_eq!(integer(&stats["frees"]) as u64, naive.frees, "{name}");
        let bytes = integer(&stats["bytes_allocated"]) as u64;
        assert_eq!(bytes, naive.bytes_allocated, "{name}");
        let peak = (
            integer(&stats["peak"]["bytes"]),
            integer(&stats["peak"]["blocks"]),
        );
        assert_eq!(peak, sum(&naive.at_peak), "{name}");
        assert_eq!(peak.0 as u64, naive.peak, "{name}");
        let end = (
            integer(&stats["end"]["bytes"]),
            integer(&stats["end"]["blocks"]),
        );
        assert_eq!(end, sum(&naive.at_end), "{name}");
        let allocators = stats["by_allocator"].as_object().unwrap();
        let allocators: BTreeMap<&str, (u64, u64)> = allocators
            .iter()
            .map(|(name, it)| {
                (
                    name.as_str(),
                    (it["count"].as_u64().unwrap(), it["bytes"].as_u64().unwrap()),
                )
            })
            .filter(|(_, it)| it.0 > 0)
            .collect();
        assert_eq!(allocators, naive.by_allocator, "{name}");
        let mut threads: Vec<(u64, i64)> = stats["threads"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| (it["id"].as_u64().unwrap(), integer(&it["allocations"])))
            .collect();
        threads.retain(|it| it.1 > 0);
        threads.sort_unstable();
        let mut expected: Vec<(u64, i64)> = naive
            .by_thread
            .iter()
            .map(|(&thread, &count)| (u64::from(capture.threads[thread].id), count as i64))
            .collect();
        expected.sort_unstable();
        assert_eq!(threads, expected, "{name}");
        assert_eq!(stats["complete"], true);
        assert_eq!(stats["lost"], 0);
        assert!(integer(&stats["peak"]["bytes"]) > 0 && stats["duration"].as_f64() > Some(0.0));
    });
}

#[test]
fn the_table_at_the_peak_and_at_the_end_is_that_of_a_naive_replay() {
    for_each_program(|name, run, capture, naive| {
        for (moment, blocks) in [("peak", &naive.at_peak), ("end", &naive.at_end)] {
            let table = run.json(&["table", "--at", moment, "--top", "1000000"]);
            assert_eq!(total(&table), sum(blocks), "{name} {moment}");
            assert_eq!(lines(&table), by_line(capture, blocks), "{name} {moment}");
        }
        let table = run.json(&["table", "--top", "1000000"]);
        let bytes: Vec<i64> = table["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| integer(&row["bytes"]))
            .collect();
        assert!(bytes.is_sorted_by(|a, b| a >= b), "{name}: {bytes:?}");
        assert_eq!(bytes.iter().sum::<i64>(), total(&table).0);
    });
}

#[test]
fn exported_stacks_are_those_of_a_naive_replay() {
    for_each_program(|name, run, capture, naive| {
        for (moment, blocks) in [("peak", &naive.at_peak), ("end", &naive.at_end)] {
            let exported = run.report(&["export", "json", "--at", moment]);
            let exported: Value = serde_json::from_str(&exported).unwrap();
            let mut found = BTreeMap::<_, Totals>::new();
            for stack in exported["stacks"].as_array().unwrap() {
                let frames = stack["frames"].as_array().unwrap();
                let frames: Vec<Frame> = frames.iter().rev().map(frame).collect();
                let sum = found.entry(frames).or_default();
                *sum = (
                    sum.0 + integer(&stack["bytes"]),
                    sum.1 + integer(&stack["blocks"]),
                );
            }
            assert_eq!(found, by_stack(capture, blocks), "{name} {moment}");
        }
    });
}

#[test]
fn leaks_are_what_a_naive_replay_has_left() {
    for_each_program(|name, run, capture, naive| {
        let leaks = |options: &[&str]| {
            let all = ["leaks", "--at", "end", "--no-default-suppressions"];
            run.json(&[&all, options].concat())
        };
        assert_eq!(total(&leaks(&[])), sum(&naive.at_end), "{name}");
        let never_freed = &run.json(&["leaks"])["never_freed"];
        let never_freed = (
            integer(&never_freed["bytes"]),
            integer(&never_freed["blocks"]),
        );
        assert_eq!(never_freed, sum(&naive.at_end), "{name}");
        let by_line_of_leaks = leaks(&["--by", "line"]);
        assert_eq!(
            lines(&by_line_of_leaks),
            by_line(capture, &naive.at_end),
            "{name}"
        );
    });
}

#[test]
fn temporary_blocks_are_those_of_a_naive_replay() {
    for_each_program(|name, run, capture, _| {
        for within in [1, 0, 10] {
            let naive = naive::replay(capture, within);
            let option = within.to_string();
            let table = run.json(&["temporary", "--within", &option, "--top", "1000000"]);
            assert_eq!(
                total(&table),
                sum(&naive.temporary),
                "{name} within {within}"
            );
            assert_eq!(
                lines(&table),
                by_line(capture, &naive.temporary),
                "{name} within {within}"
            );
        }
    });
}

#[test]
fn events_are_told_in_their_order_as_json_lines() {
    for_each_program(|name, run, capture, _| {
        let text = run.report(&["events"]);
        let mut told = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        for allocation in capture.allocations() {
            let event = told
                .find(|event| event["op"] == allocation.by)
                .unwrap_or_else(|| panic!("{name}: {allocation:?} is missing"));
            assert_eq!(event["size"].as_u64(), Some(allocation.size), "{name}");
            assert_eq!(
                event["address"],
                format!("{:#x}", allocation.address),
                "{name}"
            );
            let thread = u64::from(capture.threads[allocation.thread].id);
            assert_eq!(event["thread"].as_u64(), Some(thread), "{name}");
            let now = event["t"].as_f64().unwrap();
            assert!((0.0..100.0).contains(&now), "{name}: {now}");
        }
    });
}

#[test]
fn what_was_freed_before_the_peak_or_allocated_after_it_is_not_in_its_table() {
    let code = "def before():\n    return bytearray(3_000_003)\ndef at():\n    return bytearray(5_000_005)\n\
        def after():\n    return bytearray(2_000_003)\n\
        kept = bytearray(1_000_003)\nx = before()\ndel x\ny = at()\ndel y\nz = after()\n\
        import os\nos._exit(0)";
    let run = Scenario::code(usual(), code).recorded();
    let functions = |moment| {
        let table = run.json(&["table", "--at", moment, "--top", "1000000"]);
        let rows = table["rows"].as_array().unwrap().clone();
        let large = rows
            .into_iter()
            .filter(|row| row["file"] == "<string>" && integer(&row["bytes"]) >= 1_000_000);
        large
            .map(|row| row["function"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(functions("peak"), ["at", "<module>"]);
    assert_eq!(functions("end"), ["after", "<module>"]);
}

#[test]
fn of_two_equal_peaks_one_is_shown() {
    let code = "def first():\n    return bytearray(9_000_000)\ndef second():\n    return bytearray(9_000_000)\n\
        x = first()\nx = None\nx = second()\nx = None";
    let run = Scenario::code(usual(), code).recorded();
    let table = run.json(&["table", "--top", "1000000"]);
    let rows = table["rows"].as_array().unwrap();
    let large: Vec<_> = rows
        .iter()
        .filter(|row| integer(&row["bytes"]) > 8_000_000)
        .collect();
    assert_eq!(large.len(), 1, "{large:?}");
    // the object and its buffer
    assert_eq!(integer(&large[0]["bytes"]), 9_000_001 + 56);
    assert_eq!(integer(&large[0]["blocks"]), 2);
}
