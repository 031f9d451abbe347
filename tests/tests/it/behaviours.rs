//! Behaviours that other profilers test for, one at a time.

use crate::capture::{Capture, Frame};
use crate::interpreters::{self, usual};
use crate::programs::scratch;
use crate::scenario::{Run, Scenario, finish};
use std::path::PathBuf;
use std::process::Command;

fn recorded() -> (Run, Capture) {
    let run = Scenario::script(usual(), "behaviours.py").recorded();
    let capture = run.capture();
    (run, capture)
}

fn stack(capture: &Capture, size: u64) -> Vec<Frame> {
    // a bytearray has room for a byte behind its end
    capture.stacks([capture.only(size + 1).at]).remove(0)
}

fn functions(stack: &[Frame]) -> Vec<&str> {
    stack.iter().map(|frame| frame.function.as_str()).collect()
}

#[test]
fn allocations_of_one_line_are_one_row_and_of_two_lines_two() {
    let (run, capture) = recorded();
    let leaks = run.json(&["leaks", "--by", "line", "--top", "1000000"]);
    let rows = leaks["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| {
        row["function"].as_str().unwrap().starts_with("leaks_ten")
            && row["bytes"].as_i64() > Some(1_000_000)
    });
    let row = row.unwrap();
    // the objects of 56 bytes and their buffers, and the list that holds them
    let (bytes, blocks) = (
        row["bytes"].as_i64().unwrap(),
        row["blocks"].as_i64().unwrap(),
    );
    let own = bytes - 10 * (610_008 + 56);
    assert!(
        (0..300).contains(&own) && (20..=22).contains(&blocks),
        "{row}"
    );
    let lines = [640_001, 640_003, 640_005].map(|size| stack(&capture, size)[0].line);
    assert_eq!((lines[1] - lines[0], lines[2] - lines[0]), (0, 1));
    let calls = [640_007, 640_009].map(|size| stack(&capture, size));
    assert_eq!(calls[0][0], calls[1][0], "the same line in the function");
    assert_eq!(
        calls[1][1].line - calls[0][1].line,
        1,
        "called from two lines"
    );
}

#[test]
fn profilers_and_tracers_of_the_programs_own_do_not_disturb_stacks() {
    for interpreter in interpreters::all() {
        let capture = Scenario::script(interpreter, "behaviours.py")
            .recorded()
            .capture();
        for size in [640_007, 650_001, 650_003] {
            assert_eq!(
                functions(&stack(&capture, size)),
                ["in_thread", "<module>"],
                "{interpreter} {size}"
            );
        }
    }
}

#[test]
fn a_thread_of_python_has_its_whole_stack_and_its_names() {
    let (run, capture) = recorded();
    let found = stack(&capture, 620_003);
    let found = functions(&found);
    assert_eq!(found[..2], ["in_thread", "started"]);
    assert!(found.last().unwrap().contains("_bootstrap"), "{found:?}");
    let thread = |size: u64| &capture.threads[capture.only(size + 1).thread];
    assert_eq!(thread(620_003).id, thread(620_005).id);
    assert_eq!(thread(630_001).names.last().unwrap(), "outlives");
    assert!(
        thread(620_003).names.contains(&"first name".to_owned()),
        "{:?}",
        thread(620_003)
    );
    let stats = run.json(&["stats"]);
    let names: Vec<_> = stats["threads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].clone())
        .collect();
    assert!(names.contains(&"outlives".into()), "{names:?}");
    let rows = |name: &str| {
        let table = run.json(&["table", "--thread", name, "--at", "end", "--top", "1000000"]);
        table["total"]["bytes"].as_i64().unwrap()
    };
    assert!(
        (630_002..700_000).contains(&rows("outlives")),
        "{}",
        rows("outlives")
    );
}

#[test]
fn mappings_and_functions_that_were_looked_up_have_stacks_too() {
    let (_, capture) = recorded();
    let block = capture.only(660_001);
    assert_eq!(block.by, "malloc");
    let stack = capture.stacks([block.at]).remove(0);
    assert_eq!(functions(&stack), ["<module>"]);
    let mapped = capture.events.iter().filter(
        |it| matches!(it.what, crate::capture::What::Map { length, .. } if length == 1 << 20),
    );
    assert!(mapped.count() >= 1);
}

#[test]
fn two_reports_of_one_recording_are_equal() {
    let (run, _) = recorded();
    for words in [
        &["stats", "--json"][..],
        &["table", "--json"],
        &["leaks", "--json"],
        &["events"],
    ] {
        assert_eq!(run.report(words), run.report(words), "{words:?}");
    }
}

#[test]
fn pages_of_hostile_names_and_arguments_escape_them_and_load_nothing() {
    let code = "exec(compile('def f():\\n return bytearray(9000000)\\nx = f()', '</script><b>&\"', 'exec'))";
    let run = Scenario::code(usual(), code)
        .argument("</script><img src=x>")
        .recorded();
    run.report(&["flamegraph", "-o", "page.html"]);
    let page = std::fs::read_to_string(run.folder().join("page.html")).unwrap();
    assert!(!page.contains("</script><"), "a name ends the script");
    for loading in [
        "src=\"http",
        "href=\"http",
        "src='http",
        "@import",
        "url(http",
    ] {
        assert!(!page.contains(loading), "{loading}");
    }
    let again = finish(
        {
            let mut command = Command::new(crate::binaries::memprof());
            command
                .args(["flamegraph", "-o", "page.html"])
                .arg(&run.file)
                .current_dir(run.folder());
            command
        },
        b"",
    );
    assert_eq!(again.status.code(), Some(1), "it is there already");
}

/// A Python with some packages, in an environment that is kept; `None`, and a word about it,
/// where they cannot be installed.
fn python_with(packages: &[&str]) -> Option<PathBuf> {
    python_importing(packages, packages)
}

/// As [`python_with`], for packages that are not imported by the names they are installed by.
pub fn python_importing(packages: &[&str], modules: &[&str]) -> Option<PathBuf> {
    let folder = scratch().join(format!("with-{}", packages.join("-")));
    let python = folder.join("bin/python3");
    let imports = format!("import {}", modules.join(", "));
    let works = || {
        let found = Command::new(&python).args(["-c", &imports]).output();
        found.is_ok_and(|it| it.status.success())
    };
    if works() {
        return Some(python);
    }
    let mut make = Command::new(&usual().path);
    make.args(["-m", "venv"]).arg(&folder);
    let mut install = Command::new(&python);
    install
        .args(["-m", "pip", "install", "--quiet"])
        .args(packages);
    let made = make.output().is_ok_and(|it| it.status.success());
    let installed = made && install.output().is_ok_and(|it| it.status.success()) && works();
    if !installed {
        eprintln!("not tested, because it cannot be installed: {packages:?}");
    }
    installed.then_some(python)
}

#[test]
fn pytest_is_recorded_and_unharmed() {
    let Some(python) = python_with(&["pytest"]) else {
        return;
    };
    let folder = crate::scenario::Folder::new();
    std::fs::create_dir(folder.0.join("package")).unwrap();
    std::fs::write(
        folder.0.join("package/__init__.py"),
        "def twice(x):\n    return bytearray(2 * x)\n",
    )
    .unwrap();
    let text = "from package import twice\ndef test_right():\n    assert len(twice(410_005)) == 820_010\n\
        def test_wrong():\n    assert len(twice(3)) == 7\n";
    std::fs::write(folder.0.join("test_package.py"), text).unwrap();
    let scenario = Scenario::program(&python);
    let words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir"];
    let scenario = words.iter().fold(scenario, Scenario::argument);
    let scenario = scenario.argument(&folder.0).argument(&folder.0);
    let (bare, run) = (scenario.bare(), scenario.record());
    assert_eq!(
        (run.status.code(), bare.status.code()),
        (Some(1), Some(1)),
        "{run:?}"
    );
    let without_time = |text: &str| text.split(" in ").next().unwrap().to_owned();
    assert_eq!(without_time(&run.stdout), without_time(&bare.stdout));
    let capture = run.capture();
    let stack = stack(&capture, 820_010);
    assert_eq!(functions(&stack)[..2], ["twice", "test_right"]);
}

#[test]
fn numpy_is_recorded_and_unharmed() {
    let Some(python) = python_with(&["numpy"]) else {
        return;
    };
    let code = "import numpy as np\ndef work():\n    a = np.ones(700_001); b = a * 2 + 1\n    \
        return float((b @ a).sum()), np.linalg.det(np.eye(200))\nprint(work())";
    let scenario = Scenario::program(&python).argument("-c").argument(code);
    let (bare, run) = (scenario.bare(), scenario.recorded());
    assert_eq!(run.stdout, bare.stdout);
    assert_eq!(run.stderr, bare.stderr);
    let capture = run.capture();
    let arrays = capture.of_size(700_001 * 8);
    assert_eq!(
        arrays.len(),
        2,
        "the temporary is used for the result: {arrays:?}"
    );
    for stack in capture.stacks(arrays.iter().map(|it| it.at)) {
        assert!(functions(&stack).contains(&"work"), "{stack:?}");
    }
}

/// The program touches 64 MiB. Before and after it gives the recorder, which looks every few milliseconds,
/// time to see it as it is.
#[test]
fn resident_memory_is_followed_over_time() {
    let code = "
import time
time.sleep(0.5)
held = bytearray(b'x' * (64 << 20))
time.sleep(1)
";
    let run = Scenario::code(usual(), code).recorded();
    let recording = memprof_reporter::recording::Recording::open(&run.file, None).unwrap();
    let seen = recording.observations();
    let most = seen.iter().map(|seen| seen.resident).max().unwrap();
    assert!(most > 64 << 20 && most < 512 << 20, "{most}");
    assert!(seen[0].resident < 64 << 20, "{:?}", seen[0]);
    assert!(seen.is_sorted_by_key(|seen| seen.time));
}
