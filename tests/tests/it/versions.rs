//! Two recordings of a program whose source was changed in between.

use crate::binaries::memprof;
use crate::interpreters;
use crate::scenario::{Folder, Run, Scenario};
use memprof_recorder::capture::CaptureReader;
use serde_json::Value;
use std::fs;
use std::process::Command;

/// Holds blocks of two lines of a function.
const FIRST: &str = "\
import json
SIZE = 200_000
def load():
    first = bytearray(100_000)
    second = bytearray(SIZE)
    return first, second
held = load() + (bytes(32 << 20),)
";

/// The same with lines above and inside the function, one of which holds a block too; the second
/// block is larger.
const SECOND: &str = "\
import json

def unused():
    first = bytearray(100_000)

SIZE = 300_000
def load():
    # said at more length
    number = 1
    first = bytearray(100_000)
    if number:
        number += 1
    extra = bytearray(150_000)
    second = bytearray(SIZE)
    return first, second, extra
held = load() + (bytes(32 << 20),)
";

/// Records a program that is in this file from now on.
fn recorded(folder: &Folder, code: &str) -> Run {
    let script = folder.0.join("app.py");
    fs::write(&script, code).unwrap();
    let scenario = Scenario::program(&interpreters::usual().path).argument(script);
    scenario.recorded()
}

/// The rows of the two blocks: function, line, bytes.
fn difference(a: &Run, b: &Run, by: &str) -> Vec<(String, u64, i64)> {
    let output = Command::new(memprof())
        .args(["diff", "--json", "--by", by])
        .args(["--filter", "size>90000 and size<400000 and file~app.py"])
        .args([&a.file, &b.file])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let diff: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = diff["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        (
            row["function"].as_str().unwrap().to_owned(),
            row["line"].as_u64().unwrap(),
            row["bytes"].as_i64().unwrap(),
        )
    })
    .collect()
}

#[test]
fn a_line_is_the_same_line_wherever_it_was_moved_to_in_its_function() {
    let folder = Folder::new();
    let a = recorded(&folder, FIRST);
    let b = recorded(&folder, SECOND);
    let row = |line, bytes| ("load".to_owned(), line, bytes);
    for by in ["line", "site", "type,line"] {
        assert_eq!(
            difference(&a, &b, by),
            [row(13, 150_001), row(14, 100_000)],
            "by {by}"
        );
        assert_eq!(
            difference(&b, &a, by),
            [row(5, -100_000), row(13, -150_001)],
            "by {by}"
        );
        assert_eq!(difference(&b, &b, by), [], "by {by}");
    }
}

#[test]
fn a_function_under_another_name_is_new() {
    let folder = Folder::new();
    let a = recorded(&folder, FIRST);
    let b = recorded(&folder, &FIRST.replace("load", "fetch"));
    let row = |function: &str, line, bytes| (function.to_owned(), line, bytes);
    assert_eq!(
        difference(&a, &b, "line"),
        [
            row("fetch", 5, 200_001),
            row("fetch", 4, 100_001),
            row("load", 4, -100_001),
            row("load", 5, -200_001),
        ]
    );
}

#[test]
fn what_lines_say_is_kept_of_own_files_that_were_not_changed_meanwhile() {
    let folder = Folder::new();
    let run = recorded(&folder, FIRST);
    let sources = CaptureReader::open(&run.file).unwrap().sources().unwrap();
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(sources[0].path.ends_with("app.py"));
    // the last one is behind the last end of a line
    assert_eq!(sources[0].lines.len(), FIRST.lines().count() + 1);
    let changing = format!("open(__file__, 'a').write('# changed\\n')\n{FIRST}");
    let run = recorded(&folder, &changing);
    let sources = CaptureReader::open(&run.file).unwrap().sources().unwrap();
    assert_eq!(sources, []);
}
