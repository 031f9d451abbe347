//! What is exported, opened by the tools that it is for. `scripts/export-readers` installs them.

use crate::interpreters::usual;
use crate::scenario::{Run, Scenario, finish};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

fn recorded() -> (Run, Value) {
    let run = Scenario::script(usual(), "behaviours.py").recorded();
    let stats = run.json(&["stats"]);
    (run, stats)
}

/// Exports a recording into a file beside it.
fn export(run: &Run, format: &str) -> PathBuf {
    let file = run.folder().join(format!("exported.{format}"));
    let words = ["export", format, "-o", file.to_str().unwrap()];
    assert_eq!(run.report(&words), "");
    file
}

fn number(value: &Value) -> i64 {
    value
        .as_i64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

/// What a reader prints about a file; `None`, and a word about it, where it is not installed.
fn read(name: &str, mut command: Command) -> Option<String> {
    let found = Command::new("which").arg(command.get_program()).output();
    if !found.is_ok_and(|it| it.status.success()) {
        eprintln!("not tested, because it is not installed (scripts/export-readers does): {name}");
        return None;
    }
    command.env("LC_ALL", "C.UTF-8");
    let output = finish(command, b"");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {stderr}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn command(words: &[&str], file: &Path) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(file);
    command
}

/// A program of those that `scripts/export-readers` keeps apart.
fn kept(name: &str) -> PathBuf {
    let home = std::env::var_os("HOME").unwrap_or_default();
    Path::new(&home).join(".cache/memprof-readers").join(name)
}

/// The sum of the numbers that lines end with.
fn sum_of_last(text: &str) -> i64 {
    let last = text.lines().filter_map(|line| line.rsplit(' ').next());
    last.map(|it| it.parse::<i64>().unwrap()).sum()
}

#[test]
fn go_tool_pprof_finds_the_bytes_and_blocks_of_stats() {
    let (run, stats) = recorded();
    let file = export(&run, "pprof");
    for (index, expected) in [
        ("inuse_space", &stats["peak"]["bytes"]),
        ("inuse_objects", &stats["peak"]["blocks"]),
        ("alloc_space", &stats["bytes_allocated"]),
        ("alloc_objects", &stats["allocations"]),
    ] {
        let index = format!("-sample_index={index}");
        let words = ["go", "tool", "pprof", "-top", "-unit=B", &index];
        let Some(text) = read("go tool pprof", command(&words, &file)) else {
            return;
        };
        let total = text.split(" of ").nth(1).unwrap().split(' ').next();
        let total = total.unwrap().trim_end_matches('B').parse::<i64>().unwrap();
        assert_eq!(total, number(expected), "{index}: {text}");
        let has_names = text.contains("leaks_ten");
        assert!(has_names || index.ends_with("objects"), "{text}");
    }
}

#[test]
fn ms_print_finds_the_peak_of_stats() {
    let (run, stats) = recorded();
    let file = export(&run, "massif");
    let Some(text) = read("ms_print", command(&["ms_print"], &file)) else {
        return;
    };
    let peak = text.split(" (peak)").next().unwrap();
    let peak = peak.rsplit([' ', '[']).next().unwrap();
    let rows = text.lines().map(|line| line.split_whitespace().collect());
    let row = rows
        .filter(|row: &Vec<&str>| row.len() == 6)
        .find(|row| row[0] == peak);
    let bytes = row.unwrap()[2].replace(',', "").parse::<i64>().unwrap();
    assert_eq!(bytes, number(&stats["peak"]["bytes"]), "{text}");
    assert!(text.contains(": in_thread ("), "{text}");
}

/// The events of a file for heaptrack: how many allocations, their bytes, and how many of these are left.
/// (It tells less of blocks: part of a mapping that goes is one that was freed.)
pub fn heaptrack_events(text: &str) -> [i64; 3] {
    let mut sizes = Vec::new();
    let [mut allocations, mut bytes, mut left] = [0; 3];
    for line in text.lines() {
        let (kind, rest) = line.split_at(1);
        let number = || {
            let word = rest.trim_start().split(' ').next();
            i64::from_str_radix(word.unwrap(), 16).unwrap()
        };
        let size = |sizes: &[i64]| sizes[usize::try_from(number()).unwrap()];
        match kind {
            "+" => {
                allocations += 1;
                bytes += size(&sizes);
                left += size(&sizes);
            }
            "-" => left -= size(&sizes),
            "a" => sizes.push(number()),
            _ => {}
        }
    }
    [allocations, bytes, left]
}

#[test]
fn an_unmapping_that_fails_takes_nothing_from_heaptracks_events() {
    let code = "import ctypes\n\
        libc = ctypes.CDLL(None)\n\
        libc.mmap.restype = ctypes.c_void_p\n\
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]\n\
        libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]\n\
        kept = libc.mmap(None, 1 << 20, 3, 0x22, -1, 0)\n\
        assert libc.munmap(kept + 1, 1 << 20) == -1\n";
    let run = Scenario::code(usual(), code).recorded();
    let text = std::fs::read_to_string(export(&run, "heaptrack")).unwrap();
    let [_, _, left] = heaptrack_events(&text);
    assert_eq!(left, number(&run.json(&["stats"])["end"]["bytes"]));
}

#[test]
fn heaptrack_print_counts_what_stats_counts() {
    let (run, stats) = recorded();
    let file = export(&run, "heaptrack");
    let folded = run.folder().join("folded");
    for (cost, expected) in [
        ("peak", &stats["peak"]["bytes"]),
        ("leaked", &stats["end"]["bytes"]),
        ("allocations", &stats["allocations"]),
    ] {
        let options = ["heaptrack_print", "--flamegraph-cost-type", cost, "-F"];
        let mut reader = command(&options, &folded);
        reader.arg("-f").arg(&file);
        let Some(text) = read("heaptrack_print", reader) else {
            return;
        };
        let stacks = std::fs::read_to_string(&folded).unwrap();
        assert_eq!(sum_of_last(&stacks), number(expected), "{cost}");
        assert!(stacks.contains("in_thread"), "{cost}");
        let calls = format!(
            "calls to allocation functions: {} ",
            number(&stats["allocations"])
        );
        assert!(text.contains(&calls), "{text}");
    }
}

#[test]
fn inferno_draws_the_collapsed_stacks() {
    let (run, stats) = recorded();
    let stacks = std::fs::read_to_string(export(&run, "collapsed")).unwrap();
    let mut image = Vec::new();
    let mut options = inferno::flamegraph::Options::default();
    options.count_name = "bytes".into();
    inferno::flamegraph::from_lines(&mut options, stacks.lines(), &mut image).unwrap();
    let image = String::from_utf8(image).unwrap();
    let all = image.split("<title>all (").nth(1).unwrap();
    let bytes = all.split(" bytes, 100%)").next().unwrap().replace(',', "");
    assert_eq!(bytes, stats["peak"]["bytes"].to_string());
}

#[test]
fn gprof2dot_reads_every_byte() {
    let (run, stats) = recorded();
    let file = export(&run, "gprof2dot");
    let python = kept("bin/python");
    let code = "import gprof2dot, sys\n\
        profile = gprof2dot.JsonParser(open(sys.argv[1])).parse()\n\
        print(int(profile[gprof2dot.SAMPLES]))";
    let words = [python.to_str().unwrap(), "-c", code];
    if let Some(text) = read("gprof2dot", command(&words, &file)) {
        assert_eq!(text.trim(), stats["peak"]["bytes"].to_string());
    }
}

#[test]
fn pythons_own_readers_find_every_byte_in_csv_and_json() {
    let (run, stats) = recorded();
    let python = usual().path.to_str().unwrap();
    for (format, code) in [
        (
            "csv",
            "import csv, sys\nrows = csv.DictReader(open(sys.argv[1], newline=''))\n\
             print(sum(int(row['bytes']) for row in rows))",
        ),
        (
            "json",
            "import json, sys\nrows = json.load(open(sys.argv[1]))['stacks']\n\
             print(sum(row['bytes'] for row in rows))",
        ),
    ] {
        let words = [python, "-c", code];
        let text = read(format, command(&words, &export(&run, format))).unwrap();
        assert_eq!(text.trim(), stats["peak"]["bytes"].to_string(), "{format}");
    }
}

#[test]
fn chromes_counters_reach_the_peak_and_end_at_the_end() {
    let (run, stats) = recorded();
    let file = export(&run, "chrome");
    let trace: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let heap = events.iter().filter(|event| event["name"] == "Heap");
    let heap: Vec<i64> = heap.map(|event| number(&event["args"]["bytes"])).collect();
    let largest = *heap.iter().max().unwrap();
    assert_eq!(largest, number(&stats["peak"]["bytes"]));
    assert_eq!(*heap.last().unwrap(), number(&stats["end"]["bytes"]));
    let python = kept("bin/python");
    let shell = kept("trace_processor_shell");
    if !shell.exists() {
        eprintln!("not tested, because it is not installed: Perfetto's trace processor");
        return;
    }
    let code = "import sys\n\
        from perfetto.trace_processor import TraceProcessor, TraceProcessorConfig\n\
        trace = TraceProcessor(trace=sys.argv[2], config=TraceProcessorConfig(bin_path=sys.argv[1]))\n\
        rows = trace.query('select max(value) as most from counter c join process_counter_track t '\n\
            'on c.track_id = t.id where t.name like \"Heap%\"')\n\
        print(int(next(rows).most))\n\
        trace.close()";
    let words = [
        python.to_str().unwrap(),
        "-c",
        code,
        shell.to_str().unwrap(),
    ];
    if let Some(text) = read("Perfetto's trace processor", command(&words, &file)) {
        assert_eq!(text.trim(), largest.to_string());
    }
}
