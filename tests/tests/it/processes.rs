//! Children, and programs that execute others: what is recorded is the program, and no more
//! unless it is asked for.

use crate::capture::Capture;
use crate::interpreters::{self, usual};
use crate::programs::{c, source};
use crate::scenario::{Folder, Run, Scenario, assert_same_text, finish};
use memprof_reporter::recording::Recording;
use std::collections::BTreeSet;

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

/// They have no ring yet by which the child could see whose it is.
#[test]
fn children_of_threads_that_recorded_nothing_are_followed_or_not() {
    let scenario = Scenario::program(c("quiet_forks"));
    let run = scenario.recorded();
    assert_eq!(run.stdout, "4\n");
    let capture = run.capture();
    assert!(capture.complete && capture.lost == 0);
    let of_children = |capture: &Capture| {
        let sizes = capture.allocations().map(|it| it.size);
        sizes
            .filter(|size| (700_001..900_000).contains(size))
            .count()
    };
    assert_eq!(of_children(&capture), 0);
    capture.only(900_001);

    let run = scenario.option("--follow-children").recorded();
    assert_eq!(run.stdout, "4\n");
    let capture = run.capture();
    assert!(capture.complete && capture.lost == 0);
    assert_eq!(of_children(&capture), 8);
    let process = |size| capture.threads[capture.only(size).thread].process;
    let children: BTreeSet<u32> = (700_001..700_005).map(process).collect();
    assert_eq!(children.len(), 4);
    assert!(!children.contains(&process(900_001)));
    assert_eq!(
        run.json(&["info"])["processes"].as_array().unwrap().len(),
        5
    );
}

#[test]
fn a_program_that_executes_another_stays_recorded() {
    let code = "import os, sys; block = bytearray(400009); os.execv(sys.executable, [sys.executable, '-c', \
        'import os; print(sorted(k for k in os.environ if \"MEMPROF\" in k or \"PRELOAD\" in k)); block = bytearray(400033)'])";
    for interpreter in interpreters::all() {
        let run = Scenario::code(interpreter, code).recorded();
        assert_eq!(run.stdout, "[]\n");
        let capture = run.capture();
        // the program before is there too, and its memory is gone when the next one begins
        assert_eq!(capture.only(400_010).thread, 0);
        capture.only(400_034);
        assert!(capture.complete);
        let at_peak = sizes(&run, &[], "peak");
        assert!(
            !at_peak.contains(&400_010) || !at_peak.contains(&400_034),
            "{at_peak:?}"
        );
        // of each program, what it held when it ended
        assert!(sizes(&run, &[], "end").contains(&400_010));
        let info = run.json(&["info"]);
        let programs = info["processes"].as_array().unwrap();
        assert_eq!(programs.len(), 2, "{info}");
        assert_eq!(programs[0]["process"], programs[1]["process"]);
        assert_eq!(
            (&programs[0]["executed"], &programs[1]["executed"]),
            (&false.into(), &true.into())
        );
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

/// The processes of a recording, by the depth in the tree.
fn tree(run: &Run) -> Vec<(u64, u32)> {
    let info = run.json(&["info"]);
    let processes = info["processes"].as_array().unwrap().iter();
    let number = |it: &serde_json::Value, key| it[key].as_u64().unwrap();
    processes
        .map(|it| (number(it, "depth"), number(it, "process") as u32))
        .collect()
}

/// What a process has at a moment: blocks by their sizes, those of 100,000 bytes and more.
fn sizes(run: &Run, process: &[&str], moment: &str) -> Vec<u64> {
    let words = ["table", "--by", "size", "--at", moment];
    let table = run.json(&[&words, process].concat());
    let rows = table["rows"].as_array().unwrap().iter();
    let mut sizes: Vec<u64> = rows
        .flat_map(|row| {
            let blocks = row["blocks"].as_u64().unwrap().max(1);
            let bytes = row["bytes"].as_u64().unwrap();
            vec![bytes / blocks; blocks as usize]
        })
        .filter(|&size| size >= 100_000)
        .collect();
    sizes.sort_unstable();
    sizes
}

#[test]
fn the_child_of_a_fork_knows_what_it_inherited() {
    let scenario = Scenario::program(c("inherit")).option("--follow-children");
    let run = scenario.recorded();
    let tree = tree(&run);
    let depths: Vec<u64> = tree.iter().map(|(depth, _)| *depth).collect();
    // the child in the middle recorded nothing and is not there
    assert_eq!(depths, [0, 1, 1]);
    let [parent, child, grandchild] = [0, 1, 2].map(|place: usize| tree[place].1.to_string());
    let parent = ["--process", &parent];
    let child = ["--process", &child];
    let grandchild = ["--process", &grandchild];

    // alone, each with what it inherited, and nothing of what came after the fork
    assert_eq!(
        sizes(&run, &child, "peak"),
        [1_000_003, 2_000_003, 4_000_000]
    );
    assert_eq!(sizes(&run, &child, "end"), [500_009, 1_000_003]);
    assert_eq!(
        sizes(&run, &parent, "peak"),
        [1_000_003, 2_000_003, 3_000_017, 4_000_000]
    );
    assert_eq!(sizes(&run, &parent, "end"), [1_000_003, 4_000_000]);
    assert_eq!(
        sizes(&run, &grandchild, "peak"),
        [600_011, 1_000_003, 4_000_000]
    );
    for process in [&parent[..], &child, &grandchild, &[]] {
        let stats = run.json(&[&["stats"], process].concat());
        assert_eq!(stats["unknown_frees"], 0, "{process:?}");
    }
    let stats = run.json(&[&["stats"], &child[..]].concat());
    assert_eq!(
        (&stats["allocations"], &stats["frees"]),
        (&1.into(), &2.into())
    );

    // together, what was inherited counts once
    assert_eq!(
        sizes(&run, &[], "peak"),
        [500_009, 1_000_003, 2_000_003, 3_000_017, 4_000_000]
    );
    assert_eq!(sizes(&run, &[], "end"), [500_009, 1_000_003, 4_000_000]);
}

#[test]
fn processes_one_after_another_do_not_add_up() {
    let code = "import subprocess, sys\n\
        for n in range(4): subprocess.run([sys.executable, '-S', '-c', \
        'import time; block = bytearray(50_000_000); time.sleep(0.02)'])";
    let run = Scenario::code(usual(), code)
        .option("--follow-children")
        .recorded();
    let stats = run.json(&["stats"]);
    let peak = stats["peak"]["bytes"].as_u64().unwrap();
    assert!((50_000_000..100_000_000).contains(&peak), "{peak}");
    let size = 50_000_001;
    assert_eq!(run.capture().of_size(size).len(), 4);
    assert_eq!(
        sizes(&run, &[], "peak")
            .iter()
            .filter(|&&it| it == size)
            .count(),
        1
    );
    let all = tree(&run);
    assert_eq!(
        all.iter().filter(|(depth, _)| *depth == 1).count(),
        4,
        "{all:?}"
    );
}

#[test]
fn the_recording_lasts_until_the_last_child_has_ended() {
    // a daemon: the program ends, and its grandchild goes on
    let code = "import os, time\n\
        block = bytearray(700_001)\n\
        if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        \
        time.sleep(0.3)\n        late = bytearray(800_001)\n    os._exit(0)\n\
        os.wait()";
    let run = Scenario::code(usual(), code)
        .option("--follow-children")
        .recorded();
    let capture = run.capture();
    assert!(capture.complete);
    let late = capture.only(800_002);
    let daemon = capture.threads[late.thread].process;
    assert!(
        sizes(&run, &["--process", &daemon.to_string()], "end").contains(&700_002),
        "it inherited that"
    );
}

/// A child that leaves by `_exit` has what it made itself, once, while it lives; what it inherited
/// counts where it was allocated.
#[test]
fn a_followed_fork_that_leaves_by_exit_counts_what_it_inherited_once() {
    let code = "import os\nclass Kept: pass\nkept = [Kept() for _ in range(1000)]\n\
                child = os.fork()\n\
                if not child:\n    own = [Kept() for _ in range(50)]\n    os._exit(0)\n\
                os.waitpid(child, 0)\n";
    let run = Scenario::code(usual(), code)
        .option("--follow-children")
        .recorded();
    let count = |moment: &str| {
        let filter = "type==__main__.Kept";
        let report = run.json(&["partition", "--at", moment, "--filter", filter]);
        report["total"]["blocks"].as_i64()
    };
    assert_eq!(count("peak"), Some(1050));
    assert_eq!(count("main-end"), Some(1000));
    // the shutdown frees what the parent had; the child never did
    assert_eq!(count("end"), Some(50));
}
