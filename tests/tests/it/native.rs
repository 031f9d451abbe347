//! Native stacks of whole programs.

use crate::capture::Frame;
use crate::interpreters;
use crate::programs;
use crate::scenario::{Run, Scenario};
use serde_json::Value;
use std::collections::HashSet;

/// The functions of the stacks, outermost first, that hold so many bytes at the end.
pub fn functions_of(run: &Run, bytes: i64) -> Vec<Vec<String>> {
    let export = run.json_of(&["export", "json", "--at", "end"]);
    let stacks = export["stacks"].as_array().unwrap().iter();
    let functions = |stack: &Value| {
        let frames = stack["frames"].as_array().unwrap().iter();
        let name = |frame: &Value| frame["function"].as_str().unwrap().to_owned();
        frames.map(name).collect()
    };
    stacks
        .filter(|stack| stack["bytes"] == bytes)
        .map(functions)
        .collect()
}

/// The frames that the interpreter ran: machine code has no file where nobody names it.
fn python(frames: &[Frame]) -> Vec<&Frame> {
    let frames = frames.iter();
    frames.filter(|frame| !frame.file.is_empty()).collect()
}

fn is_native(run: &Run) -> bool {
    let info = run.report(&["info"]);
    info.contains("native stacks: yes")
}

#[test]
fn a_program_that_is_no_interpreter_has_native_stacks_unless_they_are_refused() {
    let program = programs::c("native_deep");
    let deep = Scenario::program(program).argument("3");
    let run = deep.recorded();
    assert!(is_native(&run));
    assert_eq!(
        functions_of(&run, 7777),
        [["main", "descend", "descend", "descend", "descend"]]
    );
    let run = deep.option("--no-native").recorded();
    assert!(!is_native(&run));
    assert_eq!(functions_of(&run, 7777), [Vec::<String>::new()]);
    let python = Scenario::code(interpreters::usual(), "pass");
    assert!(!is_native(&python.recorded()));
    assert!(is_native(&python.option("--native").recorded()));
}

#[test]
fn native_callers_tell_equal_python_stacks_apart_and_equal_ones_are_one() {
    let library = programs::c_with(
        "native_callers",
        "libnative_callers.so",
        &["-shared", "-fPIC"],
    );
    let code = "import ctypes, sys\n\
        library = ctypes.CDLL(sys.argv[1])\n\
        for name in ('left', 'right', 'left'): getattr(library, name)()";
    let run = Scenario::code(interpreters::usual(), code)
        .argument(library)
        .option("--native")
        .recorded();
    let capture = run.capture();
    let blocks = capture.of_size(4321);
    assert_eq!(blocks.len(), 3);
    let [left, right, again] = [blocks[0].at, blocks[1].at, blocks[2].at];
    assert_ne!(left, right);
    assert_eq!(left, again);
    let stacks = capture.stacks([left, right]);
    assert_eq!(python(&stacks[0]), python(&stacks[1]));
    assert_eq!(python(&stacks[0]).len(), 1);
}

#[test]
fn a_stack_of_thousands_of_calls_is_whole_in_every_report() {
    let program = programs::c("native_deep");
    let run = Scenario::program(program).argument("5000").recorded();
    let stacks = functions_of(&run, 7777);
    assert_eq!(stacks.len(), 1);
    assert_eq!(stacks[0][0], "main");
    assert_eq!(stacks[0].len(), 5002);
    for report in ["table", "tree", "leaks", "summary"] {
        assert!(!run.report(&[report]).is_empty(), "{report}");
    }
    run.report(&["flamegraph", "-o", "page.html"]);
}

#[test]
fn every_call_of_a_hundred_threads_is_recorded_once() {
    let run = Scenario::program(programs::c("aligned_threads")).recorded();
    let capture = run.capture();
    let blocks: Vec<_> = capture
        .allocations()
        .filter(|it| it.by == "posix_memalign")
        .collect();
    assert_eq!(blocks.len(), 10_000);
    assert!(blocks.iter().all(|block| block.size == 777));
    assert!(blocks.iter().all(|block| capture.frees_of(block) == 1));
    let threads: HashSet<_> = blocks.iter().map(|block| block.thread).collect();
    assert!(threads.len() > 1, "{}", threads.len());
    assert_eq!(capture.lost, 0);
}

/// The native frames taken away, a stack is what the interpreter itself tells.
#[test]
fn python_frames_among_native_ones_are_those_of_the_interpreter() {
    for interpreter in interpreters::all() {
        crate::stacks::compare_native(interpreter, "stacks.py", &[], 2200);
    }
}

#[test]
fn python_frames_among_native_ones_of_random_programs_are_those_of_the_interpreter() {
    for (number, interpreter) in interpreters::all().iter().enumerate() {
        let seed = (20_261_205 + number).to_string();
        crate::stacks::compare_native(interpreter, "stacks_random.py", &[&seed, "4000"], 4000);
    }
}

/// The functions of the stacks of all blocks of this size, outermost first, with the number of blocks.
fn stacks_of(run: &Run, size: i64) -> Vec<(Vec<String>, i64)> {
    let export = run.json_of(&["export", "json", "--at", "end"]);
    let stacks = export["stacks"].as_array().unwrap().iter();
    let of_size = stacks.filter(|stack| {
        let blocks = stack["blocks"].as_i64().unwrap();
        stack["bytes"] == size * blocks
    });
    let functions = |stack: &Value| {
        let frames = stack["frames"].as_array().unwrap().iter();
        let name = |frame: &Value| frame["function"].as_str().unwrap().to_owned();
        (
            frames.map(name).collect(),
            stack["blocks"].as_i64().unwrap(),
        )
    };
    of_size.map(functions).collect()
}

#[test]
fn stacks_that_no_compiler_made_are_right_or_cut_where_that_is_said() {
    const UNKNOWN: &str = "<unknown callers>";
    let run = Scenario::program(programs::c("wild_stacks")).recorded();
    assert_eq!(run.stdout, "done\n");
    // whole, each of them the same every time
    for (size, functions) in [
        (11002, &["main", "lands"][..]),
        (11003, &["main", "lands", "after_jump"]),
        (12003, &["main", "interrupted"]),
        (13004, &["main", "coroutines"]),
        (14002, &["main", "calls_silent"]),
        (15002, &["main", "calls_made"]),
    ] {
        let found = stacks_of(&run, size);
        assert_eq!(found.len(), 1, "{size}: {found:?}");
        assert_eq!((&found[0].0[..], found[0].1), (&as_texts(functions)[..], 5));
    }
    // one deeper each time, and jumped out of
    let mut jumps: Vec<usize> = stacks_of(&run, 11001)
        .iter()
        .map(|(functions, _)| {
            assert_eq!(functions[..2], ["main", "lands"]);
            assert!(functions[2..].iter().all(|name| name == "jumps"));
            functions.len() - 2
        })
        .collect();
    jumps.sort_unstable();
    assert_eq!(jumps, [1, 2, 3, 4, 5]);
    // on stacks of their own: what begins them is outermost, or, as its address is the very start of a
    // function, what nobody can tell
    for (size, inner) in [
        (13001, &["body_of_one", "in_one"][..]),
        (13002, &["body_of_other"]),
        (13003, &["body_of_one", "in_one"]),
    ] {
        let found = stacks_of(&run, size);
        assert_eq!((found.len(), found[0].1), (1, 5), "{found:?}");
        let functions = &found[0].0;
        assert!(functions.ends_with(&as_texts(inner)), "{functions:?}");
        let begins = &functions[..functions.len() - inner.len()];
        let is_said = begins.len() < 2 || begins[0] == UNKNOWN && begins.len() == 2;
        assert!(is_said && !functions.iter().any(|name| name == "main"));
    }
    // what lies outside of code that says nothing, or of another stack, nobody can tell
    for (size, inner) in [
        (14001, &["silent_call", "below_silent"][..]),
        (15001, &["below_made"]),
        (12001, &["handler"]),
        (12002, &["inner_handler"]),
    ] {
        let found = stacks_of(&run, size);
        assert_eq!((found.len(), found[0].1), (1, 5), "{found:?}");
        let functions = &found[0].0;
        assert!(functions.ends_with(&as_texts(inner)), "{functions:?}");
        let is_whole = functions[..2] == ["main", "interrupted"];
        assert!(functions[0] == UNKNOWN || is_whole, "{functions:?}");
        assert!(!functions.iter().any(|name| name == "decoy"));
    }
    let nested = &stacks_of(&run, 12002)[0].0;
    assert!(nested.iter().any(|name| name == "handler"), "{nested:?}");
}

fn as_texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}
