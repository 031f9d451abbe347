//! Interpreters that are not known here, or whose structures are not where they should be.

use crate::programs::c_with;
use crate::scenario::{Run, Scenario};
use memprof_wire::event::Note;

/// Runs a program that has an interpreter's names: of a version, and with one published word changed.
fn of_version(version: &str, change: Option<(u32, u64)>) -> Run {
    let program = c_with("later_python", "later_python", &["-rdynamic"]);
    let mut scenario = Scenario::program(program).argument(version);
    if let Some((place, value)) = change {
        scenario = scenario
            .argument(place.to_string())
            .argument(value.to_string());
    }
    let run = scenario.recorded();
    assert_eq!(run.stdout, "done\n");
    // every allocation is there, whatever is known of the interpreter
    let stats = run.json(&["stats"]);
    for allocator in ["obj.malloc", "obj.realloc"] {
        assert_eq!(stats["by_allocator"][allocator]["count"], 1000, "{version}");
    }
    assert_eq!(stats["complete"], true);
    run
}

fn stacks_and_notes(run: &Run) -> (bool, Vec<Note>) {
    let info = run.json(&["info"]);
    let stacks = info["interpreter"]["stacks"].as_bool().unwrap();
    (stacks, run.capture().notes)
}

#[test]
fn a_later_interpreter_is_recorded_without_python_stacks_and_that_is_said_once() {
    for version in ["0x03100000", "0x04000000"] {
        let run = of_version(version, None);
        let (stacks, notes) = stacks_and_notes(&run);
        assert!(!stacks, "{version}");
        assert_eq!(notes, [Note::UnknownInterpreter], "{version}");
        let said = "of a version that memprof does not know";
        for report in [&["info"][..], &["table"]] {
            let text = run.report(report);
            assert!(text.matches(said).count() <= 1, "{version}: {text}");
        }
        assert_eq!(run.report(&["info"]).matches(said).count(), 1, "{version}");
    }
}

/// From 3.13 on interpreters publish where they keep things. The table of a version is only used
/// where that agrees with it, word by word.
#[test]
fn a_layout_that_is_not_the_published_one_is_not_used() {
    let (stacks, notes) = stacks_and_notes(&of_version("0x030d0000", None));
    assert!(stacks, "the published one");
    assert_eq!(notes, []);
    for place in [0, 184, 192, 232, 240, 248, 264, 280, 296, 304, 312, 344] {
        let (stacks, notes) = stacks_and_notes(&of_version("0x030d0000", Some((place, 999))));
        assert!(!stacks, "{place}");
        assert_eq!(notes, [Note::UnknownInterpreter], "{place}");
    }
    // the word that says that there is no lock
    let (stacks, notes) = stacks_and_notes(&of_version("0x030d0000", Some((16, 1))));
    assert!(!stacks);
    assert_eq!(notes, [Note::FreeThreadedInterpreter]);
}
