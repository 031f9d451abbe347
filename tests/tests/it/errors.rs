//! What cannot be done is said in one line, and nothing is lost.

use crate::binaries::memprof;
use crate::interpreters::usual;
use crate::programs::{c, c_with};
use crate::scenario::{Folder, Scenario, finish};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

/// The reports, each as it is asked for.
const REPORTS: [&[&str]; 10] = [
    &["info"],
    &["stats"],
    &["summary"],
    &["table"],
    &["tree"],
    &["leaks"],
    &["temporary"],
    &["events"],
    &["export", "json"],
    &["flamegraph", "-o", "page.html"],
];

fn run(words: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(memprof());
    command.args(words).current_dir(folder);
    finish(command, b"")
}

/// Fails unless a command ended with status 1 and one line on standard error that says all this.
fn assert_refused(output: &Output, words: &[&str], what: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{what}: {stderr}");
    assert!(stderr.starts_with("memprof: "), "{what}: {stderr}");
    assert_eq!(stderr.lines().count(), 1, "{what}: {stderr}");
    assert!(
        stderr.ends_with('\n') && stderr.len() > 20,
        "{what}: {stderr}"
    );
    for word in words {
        assert!(stderr.contains(word), "{what}: {word} in {stderr}");
    }
    assert_eq!(output.stdout, b"", "{what}");
}

#[test]
fn programs_that_cannot_be_recorded_are_refused_before_they_begin() {
    let folder = Folder::new();
    let at = |name: &str| folder.0.join(name).to_str().unwrap().to_owned();
    let executable = |name: &str, content: &[u8], mode: u32| {
        fs::write(at(name), content).unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
        at(name)
    };
    let program = fs::read(c("allocators")).unwrap();
    let mut foreign = program.clone();
    foreign[18..20].copy_from_slice(&183u16.to_le_bytes());
    let mut own = program.clone();
    own.truncate(40);
    let linked = c_with("allocators", "allocators_static", &["-static"]);
    let cases = [
        ("no-such-program".to_owned(), "PATH"),
        ("./no-such-program".to_owned(), "no-such-program"),
        ("no-such-script.py".to_owned(), "no-such-script.py"),
        ("/etc".to_owned(), "folder"),
        (executable("plain", &program, 0o644), "executable"),
        (executable("foreign", &foreign, 0o755), "built for"),
        (executable("cut", &own, 0o755), "cut"),
        (executable("noise", &[1, 2, 3, 0, 5], 0o755), "noise"),
        (
            executable("orphan", b"#!/nowhere/sh\n", 0o755),
            "/nowhere/sh",
        ),
        (linked.to_str().unwrap().to_owned(), "static"),
    ];
    for (program, word) in &cases {
        let output = run(&["run", "-o", "x.bin", program], &folder.0);
        assert_refused(&output, &[word], program);
        assert!(!folder.0.join("x.bin").exists(), "{program}");
    }
}

#[test]
fn a_program_that_ends_where_something_is_preloaded_is_refused() {
    let found = Command::new("cc")
        .arg("-print-file-name=libasan.so")
        .output();
    if !found.is_ok_and(|found| found.stdout.starts_with(b"/")) {
        eprintln!("not tested, because the compiler has no libasan.so: AddressSanitizer");
        return;
    }
    let program = c_with("vfork", "vfork_sanitized", &["-fsanitize=address"]);
    let folder = Folder::new();
    let words = ["run", "-o", "x.bin", program.to_str().unwrap()];
    assert_refused(&run(&words, &folder.0), &["AddressSanitizer"], "sanitized");
    assert!(!folder.0.join("x.bin").exists());
}

#[test]
fn a_setuid_program_of_somebody_else_is_refused() {
    let folder = Folder::new();
    let path = folder.0.join("setuid");
    fs::copy(c("allocators"), &path).unwrap();
    if std::os::unix::fs::chown(&path, Some(65534), None).is_err() {
        eprintln!("not tested, because only root can give files away: setuid programs");
        return;
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o4755)).unwrap();
    let output = run(&["run", "-o", "x.bin", "./setuid"], &folder.0);
    assert_refused(&output, &["setuid"], "setuid");
}

#[test]
fn a_file_that_is_there_is_kept_unless_forced() {
    let folder = Folder::new();
    let path = folder.0.join("kept.bin");
    fs::write(&path, vec![7; 1_000_000]).unwrap();
    let words = ["run", "-q", "-o", "kept.bin", "--", "sh", "-c", "echo ran"];
    let output = run(&words, &folder.0);
    assert_refused(&output, &["kept.bin", "--force"], "an existing output");
    assert_eq!(fs::read(&path).unwrap(), vec![7; 1_000_000]);
    let forced = run(&[&words[..2], &["-f"], &words[2..]].concat(), &folder.0);
    assert!(forced.status.success(), "{forced:?}");
    assert_eq!(forced.stdout, b"ran\n");
    let stats = run(&["stats", "--json", "kept.bin"], &folder.0);
    assert!(stats.status.success(), "{stats:?}");
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_the_program_begins() {
    let folder = Folder::new();
    for output in ["nowhere/x.bin", "/proc/x.bin", "."] {
        let words = ["run", "-f", "-o", output, "--", "sh", "-c", "echo ran"];
        assert_refused(&run(&words, &folder.0), &[output], output);
    }
}

/// Root may write into any folder but one that is mounted to be read only.
#[test]
fn a_folder_that_cannot_be_written_to_is_refused_before_the_program_begins() {
    let folder = Folder::new();
    let place = folder.0.join("readonly");
    fs::create_dir(&place).unwrap();
    let mount = "mount -t tmpfs -o ro none readonly && cd readonly && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", mount, "sh"]);
    fs::set_permissions(&place, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(place.join("probe"), "").is_err() {
        command = Command::new("sh");
        command.args(["-c", "cd readonly && exec \"$@\"", "sh"]);
    }
    command.current_dir(&folder.0);
    let mut trial = Command::new(command.get_program());
    trial.args(command.get_args()).arg("true");
    trial.current_dir(&folder.0);
    let is_possible = finish(trial, b"").status.success();
    if !is_possible {
        eprintln!("not tested, because nothing can be mounted here: a folder that is read only");
        return;
    }
    command
        .arg(memprof())
        .args(["run", "--", "sh", "-c", "echo ran"]);
    let output = finish(command, b"");
    assert_refused(&output, &["memprof-sh."], "a folder that is read only");
}

#[test]
fn wrong_usage_ends_with_2_and_help_with_0() {
    let folder = Folder::new();
    let wrong: [&[&str]; 7] = [
        &[],
        &["no-such-command"],
        &["stats"],
        &["run"],
        &["run", "--no-such-option", "true"],
        &["table", "--at", "never", "x.bin"],
        &["export", "no-such-format", "x.bin"],
    ];
    for words in wrong {
        let output = run(words, &folder.0);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {output:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty());
    }
    for report in REPORTS {
        let output = run(&[report[0], "--help"], &folder.0);
        assert_eq!(output.status.code(), Some(0), "{report:?}");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("Example"), "{report:?}: {text}");
    }
}

#[test]
fn reports_refuse_what_is_no_recording() {
    let folder = Folder::new();
    let at = |name: &str| folder.0.join(name);
    let recorded = Scenario::program(c("allocators")).recorded();
    let whole = fs::read(&recorded.file).unwrap();
    fs::write(at("empty"), "").unwrap();
    fs::write(at("foreign"), "some text\n".repeat(1000)).unwrap();
    fs::write(at("short"), &whole[..200]).unwrap();
    fs::write(at("headless"), &whole[..4096 + 30]).unwrap();
    let mut newer = whole.clone();
    newer[8] = 9;
    fs::write(at("newer"), newer).unwrap();
    fs::create_dir(at("folder")).unwrap();
    for report in REPORTS {
        for file in [
            "missing", "empty", "foreign", "short", "headless", "newer", "folder",
        ] {
            let output = run(&[report, &[file]].concat(), &folder.0);
            assert_refused(&output, &[file], &format!("{report:?} {file}"));
        }
    }
    assert!(!at("page.html").exists());
}

#[test]
fn reports_of_a_file_that_was_cut_or_damaged_say_so_and_tell_the_rest() {
    let folder = Folder::new();
    let code = "import json; x = [json.dumps(list(range(n))) for n in range(1500)]";
    let recorded = Scenario::code(usual(), code).recorded();
    let whole = fs::read(&recorded.file).unwrap();
    let path = folder.0.join("x.bin");
    for part in [3, 5, 7, 9] {
        let mut cut = whole[..whole.len() * part / 10].to_vec();
        fs::write(&path, &cut).unwrap();
        for report in REPORTS {
            let output = run(&[report, &["x.bin"]].concat(), &folder.0);
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{report:?}: {stderr}");
            let says = stderr.starts_with("memprof: this recording is incomplete: ");
            assert!(says || report[0] == "info", "{report:?}: {stderr}");
            let _ = fs::remove_file(folder.0.join("page.html"));
        }
        let stats = run(&["stats", "--json", "x.bin"], &folder.0);
        let stats: serde_json::Value = serde_json::from_slice(&stats.stdout).unwrap();
        assert_eq!(stats["complete"], false);
        // and damaged in the middle of what is left
        let middle = cut.len() * 2 / 3;
        cut[middle] ^= 0x55;
        fs::write(&path, &cut).unwrap();
        for report in REPORTS {
            let output = run(&[report, &["x.bin"]].concat(), &folder.0);
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(
                matches!(output.status.code(), Some(0 | 1)),
                "{report:?}: {stderr}"
            );
            assert!(
                stderr.starts_with("memprof: ") || report[0] == "info",
                "{report:?}: {stderr}"
            );
            assert!(!stderr.contains("panicked"), "{stderr}");
            let _ = fs::remove_file(folder.0.join("page.html"));
        }
    }
}
