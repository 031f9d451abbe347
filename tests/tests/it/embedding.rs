//! Interpreters inside of other programs.

use crate::interpreters;
use crate::programs::c;
use crate::scenario::Scenario;
use memprof_wire::event::Note;
use std::path::PathBuf;

/// The shared library of each interpreter that has one, and the folder that it is installed in.
fn libraries() -> Vec<((u32, u32), PathBuf, PathBuf)> {
    let all = interpreters::all().iter();
    let found: Vec<_> = all
        .filter_map(|interpreter| {
            let prefix = interpreter.path.parent()?.parent()?.to_owned();
            let (major, minor) = interpreter.version;
            let library = prefix.join(format!("lib/libpython{major}.{minor}.so.1.0"));
            let found = library.is_file();
            found.then_some((interpreter.version, library, prefix))
        })
        .collect();
    if found.is_empty() {
        eprintln!("not tested for want of a shared libpython");
    }
    found
}

/// An interpreter that comes by `dlopen`, begins and ends twice, and is called by a thread of C's
/// own, which holds its lock twice over: blocks of both rounds have their stacks, and of the small
/// ones of the second round, which from 3.12 on begins without the hooks, none is missing.
#[test]
fn an_interpreter_may_be_loaded_late_and_begin_again() {
    for (version, library, prefix) in libraries() {
        let scenario = Scenario::program(c("embed"))
            .argument(&library)
            .option("--no-native")
            .environment("PYTHONHOME", &prefix);
        let run = scenario.recorded();
        let name = library.display();
        assert_eq!(run.stdout.matches(" 1000\n").count(), 2, "{name}: {run:?}");
        let capture = run.capture();
        assert!(capture.complete && capture.lost == 0, "{name}");
        // to 3.11 the hooks survive an interpreter, and its second life has a census, too
        let begins_unseen = version >= (3, 12);
        let said = capture.notes.contains(&Note::CensusLost);
        assert_eq!(said, begins_unseen, "{name}: {:?}", capture.notes);
        let functions = |size| {
            let block = capture.only(size);
            assert_eq!(capture.frees_of(&block), 1, "{name}: {size}");
            let stack = capture.stacks([block.at]).remove(0);
            stack
                .into_iter()
                .map(|frame| frame.function)
                .collect::<Vec<_>>()
        };
        for round in 0..2 {
            assert_eq!(functions(234_568 + round), ["<module>"], "{name}");
            assert_eq!(
                functions(345_679 + round),
                ["in_thread", "<module>"],
                "{name}"
            );
        }
        let objects = capture.allocations().filter(|it| it.by == "obj.malloc");
        let calls: Vec<_> = objects.map(|it| it.at).collect();
        let inside = capture.stacks(calls).into_iter().filter(|stack| {
            let mut outwards = stack.iter().rev().map(|frame| frame.function.as_str());
            outwards.next() == Some("<module>") && outwards.next() == Some("outer")
        });
        let inside = inside.count();
        assert!(
            inside >= 2 * 1000,
            "{name}: {inside} small blocks of both rounds"
        );
    }
}
