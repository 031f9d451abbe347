//! `memprof lines`: what each line of a function allocated.

use crate::interpreters::{self, usual};
use crate::scenario::Scenario;
use serde_json::Value;

const PROGRAM: &str = "\
def keep(size):
    kept = bytearray(size)
    bytearray(300_000)
    return kept


def twice(deep):
    if deep:
        return twice(deep - 1)
    return [keep(700_000), keep(700_000)]


store = twice(3)
del store[0]
";

fn line(lines: &Value, function: &str, number: u64) -> Value {
    let functions = lines["functions"].as_array().unwrap();
    let found = functions.iter().find(|it| it["function"] == function);
    let found = found.unwrap_or_else(|| panic!("no {function} in {lines}"));
    let rows = found["lines"].as_array().unwrap();
    rows.iter().find(|it| it["line"] == number).unwrap().clone()
}

#[test]
fn lines_have_what_they_allocated_and_what_became_of_it() {
    for interpreter in interpreters::all() {
        let folder = crate::scenario::Folder::new();
        let script = folder.0.join("program.py");
        std::fs::write(&script, PROGRAM).unwrap();
        let run = Scenario::program(&interpreter.path)
            .argument(&script)
            .recorded();
        let lines = run.json(&["lines", "--file", "program.py"]);
        let near = |row: &Value, key: &str, expected: i64| {
            let found = row[key].as_i64().unwrap();
            let small = (expected..expected + 2_000).contains(&found);
            assert!(small, "{interpreter} {key}: {found} for {expected}: {row}");
        };
        let kept = line(&lines, "keep", 2);
        near(&kept, "allocated_bytes", 1_400_000);
        near(&kept, "bytes", 1_400_000);
        near(&kept, "net_bytes", 0);
        assert_eq!(kept["source"], "    kept = bytearray(size)");
        let dropped = line(&lines, "keep", 3);
        near(&dropped, "allocated_bytes", 600_000);
        near(&dropped, "bytes", 300_000);
        // recursion counts once
        near(&line(&lines, "twice", 9), "allocated_bytes", 2_000_000);
        near(&line(&lines, "twice", 10), "allocated_bytes", 2_000_000);
        near(&line(&lines, "<module>", 13), "allocated_bytes", 2_000_000);
        let at_end = run.json(&["lines", "--at", "end", "--function", "^keep$"]);
        assert_eq!(at_end["functions"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn lines_are_text_or_a_page() {
    let folder = crate::scenario::Folder::new();
    let script = folder.0.join("program.py");
    std::fs::write(&script, PROGRAM).unwrap();
    let run = Scenario::program(&usual().path)
        .argument(&script)
        .recorded();
    let text = run.report(&["lines", "--function", "keep"]);
    let shape = "Line #   Allocated       Blocks     At peak         Net  Line Contents";
    assert!(text.contains(shape), "{text}");
    assert!(text.contains("Function: keep at line 1\n"), "{text}");
    let row = text.lines().find(|it| it.contains("bytearray(300_000)"));
    let words: Vec<&str> = row.unwrap().split_whitespace().collect();
    assert_eq!(words[..3], ["3", "586.0", "KiB"], "{text}");
    run.report(&["lines", "-o", "lines.html"]);
    let page = std::fs::read_to_string(run.folder().join("lines.html")).unwrap();
    assert!(page.contains("<td class=\"source\">    kept = bytearray(size)</td>"));
    assert!(!page.contains("<script"));
    let hidden = run.report(&["lines", "--source", "none"]);
    assert!(!hidden.contains("bytearray"), "{hidden}");
}
