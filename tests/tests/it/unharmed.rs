//! A program does and sees the same, recorded or not.

use crate::interpreters::{self, usual};
use crate::programs::{c, source};
use crate::scenario::{Scenario, assert_same_text};

/// Runs it both ways and compares all that comes out of it.
fn unharmed(scenario: &Scenario) {
    let (bare, recorded) = (scenario.bare(), scenario.record());
    assert_same_text(&recorded.stdout, &bare.stdout, scenario);
    assert_same_text(&recorded.stderr, &bare.stderr, scenario);
    assert_eq!(recorded.status, bare.status, "{scenario:?}");
    assert!(recorded.capture().allocations().count() > 0, "{scenario:?}");
}

#[test]
fn a_program_sees_the_same_environment_descriptors_signals_and_paths() {
    for interpreter in interpreters::all() {
        let scenario = Scenario::script(interpreter, "identity.py")
            .argument("an argument")
            .argument("--")
            .argument("-o")
            .environment("A_VARIABLE", "of the user\nin two lines")
            .environment("EMPTY", "")
            .input("from the standard input\n");
        unharmed(&scenario);
    }
}

#[test]
fn a_library_that_the_user_preloads_stays_preloaded() {
    let library = crate::programs::c_with("preloaded", "preloaded.so", &["-shared", "-fPIC"]);
    let code = "import os; print(os.environ['LD_PRELOAD'], \
        'preloaded.so' in open('/proc/self/maps').read(), flush=True); \
        os.system('echo $LD_PRELOAD')";
    let scenario = Scenario::code(usual(), code).environment("LD_PRELOAD", &library);
    let (bare, recorded) = (scenario.bare(), scenario.recorded());
    let library = library.display();
    assert_eq!(bare.stdout, format!("{library} True\n{library}\n"));
    assert_eq!(recorded.stdout, bare.stdout);
    // memprof itself was started with it too
    assert!(recorded.stderr.matches("preloaded by the user").count() > 1);
}

#[test]
fn interpreter_options_are_the_programs_own() {
    for options in [
        &["-I"][..],
        &["-E", "-s"],
        &["-O", "-B"],
        &["-X", "dev"],
        &["-S"],
        &["-u"],
    ] {
        let mut scenario = Scenario::program(&usual().path);
        for option in options {
            scenario = scenario.argument(option);
        }
        unharmed(&scenario.argument(source("identity.py")));
    }
}

#[test]
fn every_choice_of_pythonmalloc_works_and_stacks_stay() {
    for interpreter in interpreters::all() {
        for choice in [
            "malloc",
            "pymalloc",
            "debug",
            "malloc_debug",
            "pymalloc_debug",
        ] {
            let code =
                "def f():\n    return [bytearray(333000 + i) for i in range(5)]\nprint(len(f()))";
            let scenario = Scenario::code(interpreter, code).environment("PYTHONMALLOC", choice);
            let run = scenario.recorded();
            assert_eq!(run.stdout, "5\n");
            let capture = run.capture();
            let blocks: Vec<_> = (333_001..333_006).map(|size| capture.only(size)).collect();
            for stack in capture.stacks(blocks.iter().map(|block| block.at)) {
                let names: Vec<&str> = stack.iter().map(|it| it.function.as_str()).collect();
                let last = names.iter().rev().take(2).copied().collect::<Vec<_>>();
                assert_eq!(last, ["<module>", "f"], "{interpreter} {choice}");
            }
        }
    }
}

#[test]
fn programs_in_c_are_unharmed() {
    unharmed(&Scenario::program(c("vfork")));
    unharmed(&Scenario::program(c("short_threads")));
    unharmed(
        &Scenario::program(c("threads"))
            .argument("3")
            .argument("5000"),
    );
    unharmed(&Scenario::program("ls").argument("/"));
    unharmed(&Scenario::program("ls").argument("/nowhere/to/be/found"));
    unharmed(&Scenario::program("sort").input("b\na\nc\n"));
}

#[test]
fn a_thread_in_the_strict_mode_of_seccomp_lives_and_is_recorded_up_to_there() {
    let scenario = Scenario::program(c("confined"));
    let (bare, run) = (scenario.bare(), scenario.record());
    if bare.status.code() != Some(5) {
        eprintln!("not tested, because the kernel knows no strict mode");
        return;
    }
    assert_eq!((run.status, &run.stdout), (bare.status, &bare.stdout));
    let capture = run.capture();
    for size in 1000..1064 {
        capture.only(size);
    }
    let info = run.json(&["info"]);
    assert_eq!(info["complete"], false, "{info}");
    let text = run.report(&["info"]);
    let said = text.matches("entered seccomp's strict mode").count();
    assert_eq!(said, 1, "{text}");
}

/// Runs a program of this machine, where there is one.
fn unharmed_if_there(program: &str, arguments: &[&str], input: &str) {
    let found = std::process::Command::new(program)
        .arg("--version")
        .output();
    if found.is_err() {
        eprintln!("not tested, because it is not installed: {program}");
        return;
    }
    let mut scenario = Scenario::program(program).input(input);
    for argument in arguments {
        scenario = scenario.argument(argument);
    }
    unharmed(&scenario);
}

#[test]
fn git_perl_node_and_bash_are_unharmed() {
    unharmed_if_there("git", &["--version"], "");
    unharmed_if_there(
        "git",
        &["-C", env!("CARGO_MANIFEST_DIR"), "log", "-5", "--stat"],
        "",
    );
    let perl =
        "my %h; $h{$_} = 'x' x $_ for 1..2000; print scalar(keys %h), qx(echo child); exit 3";
    unharmed_if_there("perl", &["-e", perl], "");
    let node = "let a=[]; for (let i=0;i<1e4;i++) a.push({i, s: 'x'.repeat(i % 99)}); \
        console.log(a.length, require('child_process').execSync('echo child').toString()); \
        process.exit(4)";
    unharmed_if_there("node", &["-e", node], "");
    let bash = "read line; for i in {1..50}; do x=$(echo $i | cat); done; echo $x $line; \
        (exit 9); echo $?; trap 'echo left' EXIT; exit 6";
    unharmed_if_there("bash", &["-c", bash], "a line\n");
}
