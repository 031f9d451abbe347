//! Types and owners of what is alive: exact numbers, on every interpreter.

use crate::interpreters;
use crate::programs::source;
use crate::scenario::{Run, Scenario};
use serde_json::Value;

/// What `twelve.py` says behind each line, what objects of that line are called, and how many more
/// than asked for there are in each of its two threads.
const KINDS: [(&str, &str, i64); 13] = [
    ("Plain", "__main__.Plain", 1),
    ("Slots", "__main__.Slots", 2),
    ("Data", "__main__.Data", 3),
    ("dict", "dict (no owner)", 4),
    ("list", "list", 5),
    ("tuple", "tuple", 6),
    ("ascii", "str", 7),
    ("wide", "str", 8),
    ("bytes", "bytes", 9),
    ("complex", "complex", 10),
    ("float", "float", 11),
    ("set", "set", 12),
    ("array", "array.array", 13),
];

/// Asked for in both threads.
const ASKED: i64 = 700;

fn line_of(mark: &str) -> i64 {
    let text = std::fs::read_to_string(source("twelve.py")).unwrap();
    let end = format!("# {mark}");
    let found = text.lines().position(|line| line.ends_with(&end));
    found.unwrap() as i64 + 1
}

fn rows(run: &Run, moment: &str, by: &str) -> Vec<Value> {
    let words = ["partition", "--at", moment, "--by", by, "--top", "1000000"];
    run.json(&words)["rows"].as_array().unwrap().clone()
}

fn count(rows: &[Value], wanted: impl Fn(&Value) -> bool) -> i64 {
    let found = rows.iter().filter(|row| wanted(row));
    found.map(|row| row["count"].as_i64().unwrap()).sum()
}

/// Checks the kinds of each line of `twelve.py` at a moment.
fn check(run: &Run, moment: &str, what: &dyn std::fmt::Display) {
    let mut rows = rows(run, moment, "type,line");
    rows.retain(|row| row["file"].as_str().unwrap().ends_with("twelve.py"));
    for (mark, kind, more) in KINDS {
        let line = line_of(mark);
        let got = count(&rows, |row| row["line"] == line && row["kind"] == kind);
        assert_eq!(got, ASKED + 2 * more, "{what} {moment} {mark}");
    }
}

#[test]
fn twelve_kinds_are_counted_exactly_at_the_peak_and_at_the_end() {
    for interpreter in interpreters::all() {
        let run = Scenario::script(interpreter, "twelve.py").recorded();
        check(&run, "peak", interpreter);
        check(&run, "main-end", interpreter);
        let left = Scenario::script(interpreter, "twelve.py")
            .argument("leave")
            .recorded();
        check(&left, "peak", interpreter);
        check(&left, "end", interpreter);
    }
}

#[test]
fn dictionaries_and_buffers_are_named_by_their_owners() {
    for interpreter in interpreters::all() {
        let run = Scenario::script(interpreter, "twelve.py").recorded();
        let rows = rows(&run, "main-end", "type");
        let of = |kind: &str| count(&rows, |row| row["kind"] == kind);
        let instances = ASKED + 2;
        let asked_for = 2 * 100;
        // instances have dictionaries at once, or values; the rest only where somebody asked
        match interpreter.version {
            (3, ..=10) => {
                assert_eq!(of("dict of __main__.Plain"), instances, "{interpreter}");
                let values = of("<values of dict of __main__.Plain>");
                assert_eq!(values, instances, "{interpreter}");
            }
            (3, 11 | 12) => {
                assert_eq!(of("dict of __main__.Plain"), asked_for, "{interpreter}");
                let values = of("<values of __main__.Plain>");
                assert_eq!(values, instances - asked_for, "{interpreter}");
            }
            _ => assert_eq!(of("dict of __main__.Plain"), asked_for, "{interpreter}"),
        }
        let arrays = ASKED + 2 * 13;
        assert_eq!(of("<buffer of array.array>"), arrays, "{interpreter}");
        assert!(of("<items of list>") >= ASKED + 2 * 5, "{interpreter}");
        let keys = of("<keys of dict (no owner)>");
        assert!(keys >= ASKED + 2 * 4, "{interpreter}: {keys}");
        assert!(of("dict of module") > 10, "{interpreter}");
        assert!(of("dict of type") > 10, "{interpreter}");
        assert_eq!(of("dict"), 0, "{interpreter}");
        assert_eq!(of("<alive at exit, type not read>"), 0, "{interpreter}");
        let other = of("<obj.malloc buffer>") + of("<mem.malloc buffer>");
        assert!(other < 500, "{interpreter}: {other} of nobody");
    }
}

#[test]
fn a_census_where_the_program_asks_for_one_describes_what_is_alive_there() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../preload/marks");
    let code = "import memprof, os, signal\n\
                class Kept:\n    def __init__(self): self.one = 1\n\
                held = [Kept() for _ in range(321)]\n\
                keep = [kept.__dict__ for kept in held]\n\
                memprof.census('here')\n\
                os.kill(os.getpid(), signal.SIGKILL)\n";
    for interpreter in interpreters::all() {
        let scenario = Scenario::code(interpreter, code).environment("PYTHONPATH", folder);
        let run = scenario.record();
        let rows = rows(&run, "mark:here", "type");
        let of = |kind: &str| count(&rows, |row| row["kind"] == kind);
        assert_eq!(of("__main__.Kept"), 321, "{interpreter}");
        assert_eq!(of("dict of __main__.Kept"), 321, "{interpreter}");
    }
}
