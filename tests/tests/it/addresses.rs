//! A program whose addresses are limited has as many as it would have alone, and one that locks all its
//! memory locks no more than it would alone.

use crate::interpreters;
use crate::programs::{c, source};
use crate::scenario::{Folder, Scenario, finish};
use std::process::Command;

#[test]
fn a_program_that_limits_its_addresses_has_what_the_limit_leaves() {
    for interpreter in interpreters::all() {
        for how in ["itself", "number", "child"] {
            for option in ["--no-native", "--follow-children"] {
                let scenario = Scenario::script(interpreter, "addresses.py")
                    .argument(how)
                    .option(option);
                let (bare, recorded) = (scenario.bare(), scenario.recorded());
                assert_eq!(recorded.stdout, bare.stdout, "{interpreter} {how}");
                let stats = recorded.json(&["stats"]);
                assert_eq!(stats["complete"], true, "{interpreter} {how}: {stats}");
            }
        }
    }
}

#[test]
fn a_limit_that_was_there_before_leaves_the_program_most_of_it() {
    let interpreter = interpreters::usual();
    // more than the whole of the shared memory, and less than that and what the program takes
    for (kibibytes, taken) in [(10_000_000, 7000), (1_000_000, 700)] {
        let folder = Folder::new();
        let recording = Scenario::program(&interpreter.path)
            .argument(source("addresses.py"))
            .argument("before")
            .argument(taken.to_string())
            .recording(&folder.0.join("recording.bin"));
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("ulimit -v {kibibytes}; exec \"$@\""), "sh"])
            .arg(recording.get_program())
            .args(recording.get_args());
        let output = finish(command, &[]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(text, format!("{taken}\n"), "{output:?}");
        assert!(output.status.success() && output.stderr.is_empty());
    }
}

#[test]
fn memory_that_is_locked_is_the_programs_own() {
    let scenario = Scenario::program(c("locked"));
    let bare = scenario.bare();
    if bare.stdout != "locked 0\n" {
        eprintln!("not tested, because memory cannot be locked: a program that does");
        return;
    }
    let run = scenario.recorded();
    assert_eq!(run.stdout, bare.stdout);
    // a thread that began later has a ring, too
    let capture = run.capture();
    assert_eq!(capture.frees_of(&capture.only(50_021)), 1);
}
