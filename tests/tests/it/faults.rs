//! Ten small programs with one planted fault each: the first screen of the command that the guide
//! recommends names the line, and the type of what it keeps.

use crate::interpreters::usual;
use crate::programs::{c_with, scratch};
use crate::scenario::{Run, Scenario};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The text on which a report's line is to be, in the source of the fault.
const MARKED: [(&str, &str, &str); 8] = [
    ("cache.py", "# kept for ever", "Answer"),
    ("listener.py", "# keeps the window", "method"),
    ("cycle.py", "# only the collector", "Node"),
    ("traceback_kept.py", "# in a frame that", "Request"),
    ("lru_method.py", "# the cache holds on", "Report"),
    ("module_list.py", "# never leaves the list", "Entry"),
    ("thread_local.py", "# for all requests", "Breadcrumb"),
    ("task_kept.py", "# the task's result", "Message"),
];

fn fault(name: &str) -> PathBuf {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
    programs.join("faults").join(name)
}

/// The line of a source that holds a text, from 1.
fn line_of(name: &str, text: &str) -> u64 {
    let source = std::fs::read_to_string(fault(name)).unwrap();
    let line = source.lines().position(|line| line.contains(text));
    line.unwrap_or_else(|| panic!("{name} has no {text:?}")) as u64 + 1
}

fn recorded(name: &str) -> Run {
    let scenario = Scenario::program(&usual().path);
    scenario.argument(fault(name)).recorded()
}

/// The rows of a report's first screen that are about a line.
fn rows_of<'a>(report: &'a Value, name: &str, line: u64) -> Vec<&'a Value> {
    let rows = report["rows"].as_array().unwrap().iter();
    let is = |row: &&Value| {
        row["line"] == line && row["file"].as_str().is_some_and(|it| it.ends_with(name))
    };
    rows.filter(is).collect()
}

#[test]
fn what_a_python_program_forgets_is_on_the_first_screen_of_leaks_with_its_line_and_type() {
    for (name, text, kind) in MARKED {
        let run = recorded(name);
        let report = run.json(&["leaks", "--by", "type,site", "--top", "10"]);
        let rows = rows_of(&report, name, line_of(name, text));
        assert!(!rows.is_empty(), "{name}: {report:#}");
        let of_kind = rows.iter().find(|row| {
            let known = row["kind"].as_str().unwrap();
            known.rsplit('.').next() == Some(kind)
        });
        let row = of_kind.unwrap_or_else(|| panic!("{name}: no {kind}: {report:#}"));
        assert_eq!(row["trend"], "grows", "{name}: {row:#}");
        assert_eq!(row["survival"], 1.0, "{name}: {row:#}");
        assert!(row["blocks"].as_i64() >= Some(5000), "{name}: {row:#}");
        // and without options, by stack
        let report = run.json(&["leaks", "--top", "10"]);
        let growing = report["rows"].as_array().unwrap().iter();
        let growing = growing.filter(|row| row["trend"] == "grows");
        let own = growing.filter(|row| {
            let frames = row["frames"].as_array().unwrap().iter();
            let files = frames.filter_map(|frame| frame["file"].as_str());
            files.into_iter().any(|file| file.ends_with(name))
        });
        assert!(own.count() > 0, "{name}: {report:#}");
    }
}

#[test]
fn what_never_stops_growing_heads_the_table_of_types() {
    for (name, kind) in [("cache.py", "Answer"), ("cycle.py", "Node")] {
        let run = recorded(name);
        let growth = run.json(&["growth", "--moments", "4"]);
        // where nothing happened for a while, one moment stands for two
        let times = growth["times"].as_array().unwrap().len();
        assert!((2..=4).contains(&times), "{name}: {times}");
        let rows = growth["rows"].as_array().unwrap();
        let is = |row: &&Value| row["kind"].as_str().unwrap().ends_with(kind);
        let row = rows[..10].iter().find(is);
        let row = row.unwrap_or_else(|| panic!("{name}: {growth:#}"));
        assert_eq!(row["trend"], "grows", "{row:#}");
        assert_eq!(row["blocks"].as_array().unwrap().last().unwrap(), 20000);
        assert_eq!(row["maximum"]["blocks"], 20000);
        let bytes: Vec<i64> = row["bytes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_i64().unwrap())
            .collect();
        assert!(bytes.is_sorted(), "{bytes:?}");
        assert!(row["bytes_per_second"].as_f64() > Some(0.0), "{row:#}");
    }
}

#[test]
fn what_a_c_program_forgets_is_at_the_top_of_leaks_with_its_line() {
    let program = c_with("faults/leak", "fault-leak", &[]);
    let run = Scenario::program(program).option("--native").recorded();
    let report = run.json(&["leaks"]);
    let first = &report["rows"][0];
    assert_eq!(first["blocks"], 50000, "{first:#}");
    assert_eq!(first["bytes"], 50000 * 56);
    assert_eq!(first["trend"], "grows");
    assert_eq!(first["survival"], 1.0);
    assert_eq!(first["function"], "read_record");
    let line = first["line"].as_u64().unwrap();
    assert!(
        line.abs_diff(line_of("leak.c", "malloc(sizeof")) <= 1,
        "{first:#}"
    );
    // the buffer that is freed is nowhere
    let lines = report["rows"].as_array().unwrap().iter();
    assert_eq!(lines.filter(|row| row["function"] == "main").count(), 0);
}

#[test]
fn a_copy_made_at_the_peak_is_on_the_first_screen_of_the_partition() {
    let run = recorded("copy_at_peak.py");
    let line = line_of("copy_at_peak.py", "# the copy");
    let report = run.json(&["partition", "--by", "type,site", "--top", "10"]);
    let rows = rows_of(&report, "copy_at_peak.py", line);
    assert_eq!(rows.len(), 1, "{report:#}");
    // both copies, their sum, and the keys that are compared
    assert!(
        rows[0]["bytes"].as_i64() >= Some(8 * 60000 * 4),
        "{report:#}"
    );
    let made = line_of("copy_at_peak.py", "return [Row(");
    let made = rows_of(&report, "copy_at_peak.py", made);
    assert!(
        made.iter()
            .any(|row| row["kind"] == "__main__.Row" && row["count"] == 60000),
        "{report:#}"
    );
}

#[test]
fn suppressions_leave_out_what_they_name_and_say_so() {
    let run = recorded("module_list.py");
    let path = scratch().join(format!("suppressions-{}", std::process::id()));
    let path = path.to_str().unwrap();
    let leaks = |more: &[&str]| run.json(&[&["leaks", "--no-default-suppressions"], more].concat());
    let all = leaks(&[]);
    assert_eq!(all["suppressed"]["blocks"], 0);
    std::fs::write(path, "# known\nleak:^Entry.__init__$\nleak:nowhere\n").unwrap();
    let some = leaks(&["--suppressions", path]);
    assert_eq!(some["total"], all["total"]);
    let by = some["suppressed"]["by"].as_array().unwrap();
    assert_eq!(by.len(), 1, "{by:?}");
    assert_eq!(by[0]["pattern"], "leak:^Entry.__init__$");
    // before 3.11 a function's name does not tell its class
    assert!(by[0]["blocks"].as_i64() >= Some(20000), "{by:?}");
    let sum = |report: &Value| -> i64 {
        let rows = report["rows"].as_array().unwrap().iter();
        rows.map(|row| row["bytes"].as_i64().unwrap()).sum()
    };
    assert_eq!(sum(&some) + by[0]["bytes"].as_i64().unwrap(), sum(&all));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn arenas_are_not_shown_as_leaks_without_a_warning() {
    let scenario = Scenario::code(usual(), "kept = [object() for _ in range(100000)]");
    let run = scenario.option("--no-python-allocators").recorded();
    let warnings = run.json(&["leaks"])["warnings"].clone();
    assert!(
        warnings[0]
            .as_str()
            .is_some_and(|it| it.contains("no leaks")),
        "{warnings}"
    );
    assert!(
        run.report(&["leaks"])
            .starts_with("Warning: CPython's own allocators")
    );
}
