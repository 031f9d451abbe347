//! `memprof live` and `memprof run --live` where there is no terminal. What they show on one is
//! looked at by `scripts/live-terminal`.

use crate::binaries::memprof;
use crate::interpreters::usual;
use crate::scenario::{Folder, Scenario, finish};
use std::process::Command;

const NO_TERMINAL: &str = "memprof: this needs a terminal: ";

#[test]
fn without_a_terminal_nothing_is_drawn_and_one_line_says_so() {
    let run = Scenario::code(usual(), "kept = bytearray(1000)").recorded();
    let mut command = Command::new(memprof());
    command.arg("live").arg(&run.file);
    let output = finish(command, b"q");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with(NO_TERMINAL), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn without_a_terminal_run_live_starts_no_program() {
    let folder = Folder::new();
    let mut command = Command::new(memprof());
    let program = "open('ran', 'w')";
    command
        .args(["run", "--live"])
        .arg(&usual().path)
        .args(["-c", program])
        .current_dir(&folder.0);
    let output = finish(command, b"");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with(NO_TERMINAL), "{said}");
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_tree_is_text_where_there_is_no_terminal() {
    let run = Scenario::code(usual(), "kept = bytearray(5_000_000)").recorded();
    let text = run.report(&["tree", "--top", "3"]);
    assert!(text.starts_with("Heap at peak: "), "{text}");
    assert!(text.contains("<module> (<string>:1)"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}
