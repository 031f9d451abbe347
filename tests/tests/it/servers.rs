//! Servers, pools, test runners and builds: what each of their processes has is what the same work
//! has where it runs alone.

use crate::behaviours::python_importing;
use crate::binaries::{INSTALLED, memprof};
use crate::capture::{Allocation, Capture, What};
use crate::interpreters::usual;
use crate::programs::source;
use crate::scenario::{Folder, Run, Scenario, finish};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How often each process did the work, by its number.
type Shares = BTreeMap<u32, u64>;

/// The sizes of the blocks that `pass_by` allocates and frees at once, with their last byte.
const PASSING: std::ops::Range<u64> = 40_010..40_015;

fn report(file: &Path, words: &[&str]) -> serde_json::Value {
    let mut command = Command::new(memprof());
    command.args(words).arg("--json").arg(file);
    let output = finish(command, b"");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "memprof {words:?}: {stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Blocks of the function `hold` at the peak of a process, or of all together, by their sizes.
fn held(file: &Path, process: Option<u32>) -> BTreeMap<u64, u64> {
    let process = process.map(|it| it.to_string());
    let mut words = vec!["table", "--by", "size", "--at", "peak"];
    words.extend(["--filter", r#"stack~"hold (" and size>10000"#]);
    if let Some(process) = &process {
        words.extend(["--process", process]);
    }
    let table = report(file, &words);
    let rows = table["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let number = |key| row[key].as_u64().unwrap();
        (number("bytes") / number("blocks"), number("blocks"))
    })
    .collect()
}

/// What the work holds when it is done once, by itself.
fn held_alone() -> &'static BTreeMap<u64, u64> {
    static HELD: OnceLock<BTreeMap<u64, u64>> = OnceLock::new();
    HELD.get_or_init(|| {
        let run = Scenario::script(usual(), "servers/work.py").recorded();
        let held = held(&run.file, None);
        assert_eq!(held.values().sum::<u64>(), 3, "{held:?}");
        held
    })
}

/// Makes sure that each process has exactly what its share of the work has alone.
fn assert_shares(file: &Path, shares: &Shares) {
    let times = |count: u64| -> BTreeMap<u64, u64> {
        let alone = held_alone().iter();
        alone
            .map(|(&size, blocks)| (size, blocks * count))
            .collect()
    };
    for (&process, &count) in shares {
        let held = held(file, Some(process));
        assert_eq!(held, times(count), "{process} of {shares:?}");
    }
    let capture = Capture::read(file);
    assert!(capture.complete && capture.lost == 0);
    for size in PASSING {
        let mut found = Shares::new();
        for block in capture.of_size(size) {
            assert!(is_freed(&capture, &block), "{size}");
            *found
                .entry(capture.threads[block.thread].process)
                .or_default() += 1;
        }
        // and nobody else has any of it
        assert_eq!(&found, shares, "{size}");
    }
    assert_eq!(report(file, &["stats"])["unknown_frees"], 0);
}

/// Whether the process that allocated a block has freed it; others may have the same address.
fn is_freed(capture: &Capture, block: &Allocation) -> bool {
    let process = capture.threads[block.thread].process;
    let later = capture.events[block.place + 1..].iter();
    let mut later = later.filter(|it| capture.threads[it.thread].process == process);
    let next = later.find(|it| {
        matches!(it.what, What::Free { address } | What::Allocation { address, .. }
            if address == block.address)
    });
    next.is_some_and(|it| matches!(it.what, What::Free { .. }))
}

/// How often each number stands in a text.
fn count(text: &str) -> Shares {
    let mut shares = Shares::new();
    for process in text.split_whitespace() {
        *shares.entry(process.parse().unwrap()).or_default() += 1;
    }
    shares
}

/// An interpreter with what these tests need; `None` where it cannot be installed.
fn python() -> Option<&'static PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let packages = ["gunicorn", "pytest", "pytest-xdist"];
    let found = FOUND.get_or_init(|| python_importing(&packages, &["gunicorn", "pytest", "xdist"]));
    found.as_ref()
}

/// What a server answers.
fn ask(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(" 200 "), "{answer}");
    body.to_owned()
}

/// Asks from six sides at once, until each of the workers has answered three times.
fn load(address: &str, workers: usize) -> Shares {
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut shares = Shares::new();
    while shares.values().filter(|&&count| count > 2).count() < workers {
        assert!(
            Instant::now() < deadline,
            "some workers hardly answer: {shares:?}"
        );
        let answers = std::thread::scope(|scope| {
            let asking = || (0..5).map(|_| ask(address)).collect::<Vec<_>>().join(" ");
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(asking)).collect();
            let answers = threads.into_iter().map(|it| it.join().unwrap() + " ");
            answers.collect::<String>()
        });
        for (process, count) in count(&answers) {
            *shares.entry(process).or_default() += count;
        }
    }
    shares
}

#[test]
fn each_worker_of_a_server_under_load_has_what_its_requests_have_alone() {
    let Some(python) = python() else { return };
    let folder = Folder::new();
    let file = folder.0.join("recording.bin");
    let server = ["-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", "4"];
    let scenario = server
        .iter()
        .fold(Scenario::program(python), Scenario::argument);
    let scenario = scenario
        .argument("app:application")
        .option("--follow-children");
    let mut command = scenario.recording(&file);
    command.current_dir(source("servers")).env_remove(INSTALLED);
    command
        .env("HOME", &folder.0)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let mut memprof = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(memprof.stderr.take().unwrap());
    let mut text = String::new();
    while text.matches("Booting worker").count() < 4 {
        assert!(said.read_line(&mut text).unwrap() > 0, "it ended: {text}");
    }
    let address = text.split("http://").nth(1).unwrap();
    let shares = load(address.split_whitespace().next().unwrap(), 4);
    let stop = Command::new("kill").arg(memprof.id().to_string()).status();
    assert!(stop.unwrap().success());
    said.read_to_string(&mut text).unwrap();
    assert!(memprof.wait().unwrap().success(), "{text}");

    assert_shares(&file, &shares);
    let info = report(&file, &["info"]);
    let processes = info["processes"].as_array().unwrap();
    let workers: Vec<u32> = processes
        .iter()
        .filter(|it| it["depth"] == 1 && it["forked"] == true)
        .map(|it| it["process"].as_u64().unwrap() as u32)
        .collect();
    assert_eq!((processes.len(), workers.len()), (5, 4), "{info}");
    assert!(workers.iter().all(|worker| shares.contains_key(worker)));
    assert_eq!(info["status"], 0, "stopped in its own way");
}

#[test]
fn each_process_of_a_pool_has_what_its_pieces_have_alone() {
    for method in ["fork", "spawn", "forkserver"] {
        let scenario = Scenario::script(usual(), "servers/pool.py").argument(method);
        let run = scenario.option("--follow-children").recorded();
        let shares = count(&run.stdout);
        assert_eq!(shares.values().sum::<u64>(), 24, "{method}");
        assert_shares(&run.file, &shares);
    }
}

#[test]
fn each_process_of_a_test_runner_has_what_its_tests_have_alone() {
    let Some(python) = python() else { return };
    let pytest = |options: &[&str]| -> (Run, Shares) {
        let notes = Folder::new();
        let tests = source("servers/test_work.py");
        let words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir"];
        let scenario = words
            .iter()
            .fold(Scenario::program(python), Scenario::argument);
        let scenario = scenario.argument(source("servers")).argument(tests);
        let scenario = options.iter().fold(scenario, Scenario::argument);
        let run = scenario
            .environment("NOTES", notes.0.join("notes"))
            .environment("PYTHONPATH", source("servers"))
            .environment("PYTHONDONTWRITEBYTECODE", "1")
            .option("--follow-children")
            .recorded();
        let shares = count(&std::fs::read_to_string(notes.0.join("notes")).unwrap());
        (run, shares)
    };
    let (alone, own) = pytest(&["-p", "no:xdist"]);
    assert_eq!(own.values().collect::<Vec<_>>(), [&24]);
    assert_shares(&alone.file, &own);
    let (run, shares) = pytest(&["-n", "4"]);
    assert_eq!(
        (shares.len(), shares.values().sum::<u64>()),
        (4, 24),
        "{shares:?}"
    );
    assert_shares(&run.file, &shares);
}

/// What each compiler and assembler of a recording did: allocations, frees and bytes in all, and
/// blocks and bytes at the end, by the name of the program and the file that it was for.
fn compilers(file: &Path) -> BTreeMap<(String, String), [u64; 5]> {
    let info = report(file, &["info"]);
    let mut all = BTreeMap::new();
    for process in info["processes"].as_array().unwrap() {
        let arguments = process["arguments"].as_array().unwrap().iter();
        let mut arguments = arguments.map(|it| it.as_str().unwrap());
        let executable = Path::new(process["executable"].as_str().unwrap());
        let name = executable.file_name().unwrap().to_str().unwrap();
        let is_assembler = name == "as" || name.ends_with("-as");
        let ending = if is_assembler { ".o" } else { ".c" };
        if !is_assembler && name != "cc1" {
            continue;
        }
        let made = arguments.find(|it| it.ends_with(ending)).unwrap();
        let stats = report(
            file,
            &["stats", "--process", &process["process"].to_string()],
        );
        let number = |value: &serde_json::Value| value.as_u64().unwrap();
        let did = [
            number(&stats["allocations"]),
            number(&stats["frees"]),
            number(&stats["bytes_allocated"]),
            number(&stats["end"]["blocks"]),
            number(&stats["end"]["bytes"]),
        ];
        assert_eq!(all.insert((name.to_owned(), made.to_owned()), did), None);
    }
    all
}

/// Runs what follows without random addresses: a table of gcc's grows or not by where blocks are.
fn at_fixed_addresses() -> Command {
    let mut command = Command::new("setarch");
    command.args([std::env::consts::ARCH, "-R"]);
    command
}

#[test]
fn each_compiler_of_a_build_with_two_jobs_does_what_it_does_alone() {
    if Command::new("make").arg("--version").output().is_err() {
        eprintln!("not tested, because it is not installed: make");
        return;
    }
    let possible = at_fixed_addresses().arg("true").output();
    if !possible.is_ok_and(|it| it.status.success()) {
        eprintln!("not tested, because setarch -R does not work here: the processes of a build");
        return;
    }
    let folder = Folder::new();
    for name in ["Makefile", "main.c", "one.c", "two.c"] {
        std::fs::copy(source("make").join(name), folder.0.join(name)).unwrap();
    }
    let build = |file: &str, words: &[&str]| {
        let file = folder.0.join(file);
        let scenario = Scenario::program(words[0]);
        let scenario = words[1..].iter().fold(scenario, Scenario::argument);
        let recording = scenario.option("--follow-children").recording(&file);
        let mut command = at_fixed_addresses();
        command.arg(recording.get_program());
        command.args(recording.get_args()).current_dir(&folder.0);
        let output = finish(command, b"");
        assert!(output.status.success(), "{output:?}");
        assert!(Capture::read(&file).complete);
        compilers(&file)
    };
    let together = build("together.bin", &["make", "-j2"]);
    assert!(folder.0.join("program").exists());
    if !together.keys().any(|(name, _)| name == "cc1") {
        eprintln!("not tested, because the compiler is not gcc: the processes of a build");
        return;
    }
    let mut alone = BTreeMap::new();
    for name in ["main", "one", "two"] {
        let (source, object) = (format!("{name}.c"), format!("{name}.o"));
        let words = ["cc", "-O1", "-c", "-o", &object, &source];
        alone.extend(build(&format!("{name}.bin"), &words));
    }
    assert_eq!(together.len(), 6, "a compiler and an assembler each");
    assert_eq!(together, alone);
}
