//! Another profiler sees the same: memray, where it is installed.

use crate::programs::source;
use crate::scenario::{Folder, Scenario, finish};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// Prints bytes and blocks at the peak for each line of the script, as memray has them.
const READ: &str = "
import json, sys, memray
rows = {}
for record in memray.FileReader(sys.argv[1]).get_high_watermark_allocation_records():
    stack = record.stack_trace(max_stacks=1)
    if stack and stack[0][1] == sys.argv[2]:
        row = rows.setdefault(stack[0][2], [0, 0])
        row[0] += record.size
        row[1] += record.n_allocations
print(json.dumps(rows))
";

/// A Python that can import memray.
fn memray() -> Option<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME")?);
    let python = home.join(".cache/memprof-peers/bin/python");
    let found = Command::new(&python).args(["-c", "import memray"]).output();
    found.is_ok_and(|it| it.status.success()).then_some(python)
}

#[test]
fn bytes_and_blocks_of_every_line_at_the_peak_are_those_of_memray() {
    let Some(python) = memray() else {
        eprintln!("not tested, because it is not installed in ~/.cache/memprof-peers: memray");
        return;
    };
    let script = source("lines.py");
    let folder = Folder::new();
    let mut command = Command::new(&python);
    command
        .args([
            "-m",
            "memray",
            "run",
            "-q",
            "--trace-python-allocators",
            "-o",
        ])
        .args([&folder.0.join("memray.bin"), &script]);
    let output = finish(command, b"");
    assert!(output.status.success(), "{output:?}");
    let mut command = Command::new(&python);
    command
        .args(["-c", READ])
        .arg(folder.0.join("memray.bin"))
        .arg(&script);
    let output = finish(command, b"");
    let theirs: BTreeMap<u64, (i64, i64)> = serde_json::from_slice(&output.stdout).unwrap();

    let run = Scenario::program(&python).argument(&script).recorded();
    let table = run.json(&["table", "--by", "line", "--top", "1000000"]);
    let mut ours = BTreeMap::<u64, (i64, i64)>::new();
    for row in table["rows"].as_array().unwrap() {
        if row["file"] == script.to_str().unwrap() {
            let number = |key: &str| row[key].as_i64().unwrap();
            let line = ours.entry(row["line"].as_u64().unwrap()).or_default();
            *line = (line.0 + number("bytes"), line.1 + number("blocks"));
        }
    }
    assert!(
        ours.values().map(|it| it.1).sum::<i64>() > 100_000,
        "{ours:?}"
    );
    // what is small differs by what the interpreter keeps from one call to the next
    let large = |lines: &BTreeMap<u64, (i64, i64)>| {
        let large = lines.iter().filter(|(_, it)| it.0 > 20_000);
        large.map(|(&line, _)| line).collect::<Vec<_>>()
    };
    assert_eq!(large(&ours), large(&theirs), "{ours:?} {theirs:?}");
    assert!(large(&ours).len() >= 8, "{ours:?}");
    for line in large(&ours) {
        let ((bytes, blocks), expected) = (ours[&line], theirs[&line]);
        let near = |got: i64, wanted: i64| (got - wanted).abs() * 100 <= wanted;
        assert!(
            near(bytes, expected.0),
            "line {line}: {bytes} bytes for {}",
            expected.0
        );
        assert!(
            near(blocks, expected.1),
            "line {line}: {blocks} blocks for {}",
            expected.1
        );
    }
}
