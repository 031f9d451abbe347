//! Types and owners of what is alive: exact numbers, on every interpreter.

use crate::binaries::memprof;
use crate::interpreters;
use crate::packages;
use crate::programs::source;
use crate::scenario::{Run, Scenario, finish};
use memprof_wire::event::Note;
use serde_json::Value;
use std::process::Command;

/// What a line of a program says that it makes, as `# counts: KIND NUMBER [of BYTES]; …`.
struct Promise {
    line: usize,
    kind: String,
    number: i64,
    bytes: Option<String>,
}

fn promises(program: &str) -> Vec<Promise> {
    let text = std::fs::read_to_string(source(program)).unwrap();
    let mut promises = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let Some((_, said)) = line.split_once("  # counts: ") else {
            continue;
        };
        for one in said.split("; ") {
            let (one, bytes) = match one.rsplit_once(" of ") {
                Some((one, bytes)) if bytes.parse::<u64>().is_ok() => (one, Some(bytes.to_owned())),
                _ => (one, None),
            };
            let (kind, number) = one.rsplit_once(' ').unwrap();
            promises.push(Promise {
                line: place + 1,
                kind: kind.to_owned(),
                number: number.parse().unwrap(),
                bytes,
            });
        }
    }
    promises
}

/// Objects of `kinds_and_lines.py` in both threads, but for a few more of each kind.
const ASKED: i64 = 700;

fn rows(run: &Run, moment: &str, by: &str) -> Vec<Value> {
    let words = ["partition", "--at", moment, "--by", by, "--top", "1000000"];
    run.json(&words)["rows"].as_array().unwrap().clone()
}

fn count(rows: &[Value], wanted: impl Fn(&Value) -> bool) -> i64 {
    let found = rows.iter().filter(|row| wanted(row));
    found.map(|row| row["count"].as_i64().unwrap()).sum()
}

/// Checks that each line of a program has made, and still holds at a moment, what it says. Blocks of
/// packages that a line calls are the line's.
fn check(run: &Run, program: &str, moment: &str, what: &dyn std::fmt::Display) {
    let all = rows(run, moment, "type,site");
    let promises = promises(program);
    assert!(promises.len() > 5, "{program}");
    for Promise {
        line,
        kind,
        number,
        bytes,
    } in promises
    {
        let of_size = bytes.as_ref().map(|bytes| {
            let filter = format!("size=={bytes}");
            let words = ["partition", "--at", moment, "--by", "type,site"];
            let words = [&words[..], &["--top", "1000000", "--filter", &filter]].concat();
            run.json(&words)["rows"].as_array().unwrap().clone()
        });
        let rows = of_size.as_deref().unwrap_or(&all);
        let got = count(rows, |row| {
            let file = row["file"].as_str().unwrap_or_default();
            file.ends_with(program) && row["line"] == line && row["kind"] == kind.as_str()
        });
        if got != number {
            let is_there = |row: &Value| row["line"] == line || row["kind"] == kind.as_str();
            let there: Vec<_> = rows.iter().filter(|row| is_there(row)).collect();
            let totals = run.json(&["stats"])["totals"].clone();
            panic!(
                "{what} {moment} line {line}: {got} of {number} {kind} {bytes:?} in {there:#?} {totals}"
            );
        }
    }
}

fn check_both_endings(scenario: &Scenario, program: &str, what: &dyn std::fmt::Display) {
    let run = scenario.recorded();
    check(&run, program, "peak", what);
    check(&run, program, "main-end", what);
    let left = scenario.clone().argument("leave").recorded();
    check(&left, program, "peak", what);
    check(&left, program, "end", what);
}

#[test]
fn fifteen_kinds_are_counted_exactly_at_the_peak_and_at_the_end() {
    for interpreter in interpreters::all() {
        let scenario = Scenario::script(interpreter, "kinds_and_lines.py");
        check_both_endings(&scenario, "kinds_and_lines.py", interpreter);
    }
}

/// Arrays, views, scalars and random generators; the data of an array is its owner's.
#[test]
fn arrays_of_numpy_and_their_buffers_are_counted_exactly() {
    for interpreter in packages::with("numpy") {
        let folder = packages::folder(interpreter).unwrap();
        let scenario = Scenario::script(interpreter, "arrays.py").environment("PYTHONPATH", folder);
        check_both_endings(&scenario, "arrays.py", interpreter);
    }
}

#[test]
fn what_is_left_of_types_that_are_gone_is_no_type_and_harms_nobody() {
    for interpreter in interpreters::all() {
        let run = Scenario::script(interpreter, "dead_types.py").recorded();
        assert_eq!(run.stdout, "alive\n", "{interpreter}");
        for moment in ["peak", "main-end"] {
            let rows = rows(&run, moment, "type");
            assert!(rows.len() > 10, "{interpreter} {moment}");
            let dead = |row: &Value| row["kind"].as_str().unwrap().contains("Gone");
            assert_eq!(count(&rows, dead), 0, "{interpreter} {moment}");
        }
    }
}

/// The debugging allocators shift every block; with the system's allocator there is no census, and
/// what died has its type all the same.
#[test]
fn kinds_are_counted_exactly_below_every_allocator_of_the_interpreter() {
    for interpreter in interpreters::all() {
        let has_mimalloc = interpreter.version >= (3, 13);
        let mut choices = vec![
            ("debug", true),
            ("pymalloc_debug", true),
            ("malloc", false),
            ("malloc_debug", false),
        ];
        if has_mimalloc {
            choices.push(("mimalloc", false));
            choices.push(("mimalloc_debug", false));
        }
        for (choice, has_census) in choices {
            let scenario = Scenario::script(interpreter, "kinds_and_lines.py")
                .environment("PYTHONMALLOC", choice);
            let run = scenario.recorded();
            let what = format!("{interpreter} {choice}");
            if has_census {
                check(&run, "kinds_and_lines.py", "peak", &what);
                check(&run, "kinds_and_lines.py", "main-end", &what);
            }
            let said = run.capture().notes.contains(&Note::NoCensus);
            assert_eq!(said, !has_census, "{what}");
        }
    }
}

#[test]
fn dictionaries_and_buffers_are_named_by_their_owners() {
    for interpreter in interpreters::all() {
        let run = Scenario::script(interpreter, "kinds_and_lines.py").recorded();
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

#[test]
fn what_a_killed_program_kept_is_of_no_type_and_what_it_freed_before_is_of_its_own() {
    let code = "import os, signal\n\
                class Kept:\n    __slots__ = ()\n\
                class Gone:\n    __slots__ = ()\n\
                kept = []\n\
                for _ in range(321):\n    kept.append(Kept())\n\
                gone = []\n\
                for _ in range(77):\n    gone.append(Gone())\n\
                peak = bytearray(32 << 20)\n\
                del gone, peak\n\
                os.kill(os.getpid(), signal.SIGKILL)\n";
    let unread = "<alive at exit, type not read>";
    for interpreter in interpreters::all() {
        let run = Scenario::code(interpreter, code).record();
        let at = |moment: &str, line: u64, kind: &str| {
            let rows = rows(&run, moment, "type,line");
            let of_line = |row: &Value| row["line"] == line && row["file"] == "<string>";
            count(&rows, |row| of_line(row) && row["kind"] == kind)
        };
        for moment in ["peak", "end"] {
            assert_eq!(at(moment, 8, unread), 321, "{interpreter} {moment}");
            assert_eq!(at(moment, 8, "__main__.Kept"), 0, "{interpreter} {moment}");
        }
        assert_eq!(at("peak", 11, "__main__.Gone"), 77, "{interpreter}");
        assert_eq!(at("peak", 11, unread), 0, "{interpreter}");
        // whatever was left is only called by what is known of it
        let left = rows(&run, "end", "type");
        let named = |row: &Value| !row["kind"].as_str().unwrap().starts_with('<');
        assert_eq!(count(&left, named), 0, "{interpreter}: {left:#?}");
        let stats = run.json(&["stats"]);
        assert_eq!(
            count(&left, |_| true),
            stats["end"]["blocks"],
            "{interpreter}"
        );
        // the reports of leaks and growth call it the same
        for report in ["leaks", "growth"] {
            let words = [report, "--by", "type"];
            let report = run.json(&words);
            let rows = report["rows"].as_array().unwrap();
            assert!(
                rows.iter().any(|row| row["kind"] == unread),
                "{interpreter}: {report}"
            );
            assert!(
                rows.iter().all(|row| row["kind"] != "__main__.Kept"),
                "{interpreter}"
            );
        }
        let mut table = Command::new(memprof());
        table.args(["partition", "--at", "end"]).arg(&run.file);
        let output = finish(table, b"");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("killed by signal 9 (SIGKILL)"), "{said}");
        let table = String::from_utf8(output.stdout).unwrap();
        assert!(table.contains(unread), "{table}");
    }
}
