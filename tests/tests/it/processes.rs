//! Children, and programs that execute others: what is recorded is the program, and no more
//! unless it is asked for.

use crate::capture::Capture;
use crate::interpreters::{self, usual};
use crate::programs::{c, source};
use crate::scenario::{Folder, Run, Scenario, assert_same_text, finish};
use memprof_reporter::recording::Recording;

const WAYS: [&str; 6] = [
    "fork",
    "fork_exec",
    "subprocess",
    "system",
    "spawn",
    "multiprocessing",
];

/// How many blocks of a size each process of a recording allocated, that of the program first.
fn by_process(run: &Run, size: u64) -> Vec<usize> {
    let recording = Recording::open(&run.file, None).unwrap();
    let root = recording.facts().root;
    let mut processes: Vec<u32> = recording
        .reader()
        .streams()
        .iter()
        .map(|it| it.process)
        .collect();
    processes.sort_by_key(|&process| (process != root, process));
    processes.dedup();
    let captures = processes
        .iter()
        .map(|&process| Capture::of_process(&run.file, process));
    captures
        .map(|capture| capture.of_size(size).len())
        .collect()
}

#[test]
fn children_are_left_alone_unless_they_are_followed() {
    for way in WAYS {
        for interpreter in interpreters::all() {
            let scenario = Scenario::script(interpreter, "children.py").argument(way);
            let bare = scenario.bare();
            assert!(bare.stdout.contains("parent 1200034"), "{bare:?}");
            let run = scenario.recorded();
            assert_eq!(
                (&run.stdout, &run.stderr),
                (&bare.stdout, &bare.stderr),
                "{interpreter} {way}"
            );
            assert_eq!(by_process(&run, 700_002), [0], "{interpreter} {way}");
            let capture = run.capture();
            capture.only(600_012);
            capture.only(600_024);
            assert!(capture.complete);
        }
    }
}

#[test]
fn children_that_are_followed_are_recorded_exactly() {
    let followed = [
        ("fork", vec![0, 36, 0, 9]),
        ("fork_exec", vec![0, 9]),
        ("multiprocessing", vec![]),
    ];
    for (way, expected) in followed {
        let scenario = Scenario::script(usual(), "children.py").argument(way);
        let run = scenario.option("--follow-children").recorded();
        let counts = by_process(&run, 700_002);
        if way == "multiprocessing" {
            assert_eq!(counts[0], 0);
            assert_eq!(counts.iter().sum::<usize>(), 2 * 6 * 9, "{counts:?}");
        } else {
            assert_eq!(counts, expected, "{way}");
        }
        run.capture().only(600_024);
    }
}

#[test]
fn nothing_of_a_vfork_gets_into_the_parents_recording() {
    let run = Scenario::program(c("vfork")).recorded();
    assert_eq!(run.stdout, "spawned 0\nin the fork\nforked 6\n");
    let capture = run.capture();
    assert_eq!(capture.of_size(400_009), []);
    for number in 0..20 {
        let block = capture.only(300_007 + number);
        assert_eq!(capture.frees_of(&block), 1);
    }
    capture.only(100_003);
    capture.only(100_019);
}

#[test]
fn a_program_that_executes_another_stays_recorded() {
    let code = "import os, sys; block = bytearray(400009); os.execv(sys.executable, [sys.executable, '-c', \
        'import os; print(sorted(k for k in os.environ if \"MEMPROF\" in k or \"PRELOAD\" in k)); block = bytearray(400033)'])";
    for interpreter in interpreters::all() {
        let run = Scenario::code(interpreter, code).recorded();
        assert_eq!(run.stdout, "[]\n");
        let capture = run.capture();
        assert_eq!(capture.of_size(400_010), [], "that was the program before");
        capture.only(400_034);
        assert!(capture.complete);
    }
    let shell = Scenario::program("sh")
        .argument("-c")
        .argument("exec \"$0\" -c 'block = bytearray(400033)'")
        .argument(&usual().path);
    shell.recorded().capture().only(400_034);
}

#[test]
fn a_script_is_run_as_python_itself_would_run_it() {
    let python = usual();
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("package")).unwrap();
    let text = std::fs::read_to_string(source("identity.py")).unwrap();
    std::fs::write(folder.0.join("script.py"), &text).unwrap();
    std::fs::write(folder.0.join("package/__main__.py"), &text).unwrap();
    let forms: [&[&str]; 4] = [
        &["script.py", "a", "-b"],
        &["-m", "package", "a", "--json"],
        &["-c", &text, "a", "-o"],
        &["package", "c"],
    ];
    for form in forms {
        let mut bare = std::process::Command::new(&python.path);
        bare.args(form).current_dir(&folder.0);
        let bare = finish(bare, b"input");
        let mut recorded = std::process::Command::new(crate::binaries::memprof());
        recorded.args(["run", "-q", "-f", "-o", "recording.bin", "--python"]);
        recorded.arg(&python.path).args(form).current_dir(&folder.0);
        let recorded = finish(recorded, b"input");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let form = &form[..1];
        assert_same_text(&text(&recorded.stdout), &text(&bare.stdout), &form);
        assert_same_text(&text(&recorded.stderr), &text(&bare.stderr), &form);
        assert_eq!(recorded.status, bare.status);
    }
}
