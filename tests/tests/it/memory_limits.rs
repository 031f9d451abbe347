//! Programs that the kernel kills for want of memory.

use crate::binaries::memprof;
use crate::capture::Capture;
use crate::interpreters::usual;
use crate::scenario::{Folder, Scenario, finish};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A control group that limits memory; removed in the end.
struct Group(PathBuf);

impl Group {
    /// A new group in whatever version of control groups there is; `None` where none can be made.
    fn new(limit: u64) -> Option<Self> {
        let version_1 = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"];
        let places = [
            ("/sys/fs/cgroup/memory", version_1, "0"),
            ("/sys/fs/cgroup", ["memory.max", "memory.swap.max"], "0"),
        ];
        for (root, [limits, swap], no_swap) in places {
            let folder = Path::new(root).join(format!("memprof-test-{}", std::process::id()));
            if fs::create_dir(&folder).is_err() {
                continue;
            }
            let group = Self(folder);
            let text = limit.to_string();
            if fs::write(group.0.join(limits), &text).is_ok() {
                // together with what is swapped out (1), or that alone (2), where that is counted
                let swap_limit = if limits == version_1[0] {
                    &text
                } else {
                    no_swap
                };
                let _ = fs::write(group.0.join(swap), swap_limit);
                return Some(group);
            }
        }
        None
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_program_that_the_kernel_killed_for_want_of_memory_is_known_to_be_that() {
    let Some(group) = Group::new(160 << 20) else {
        eprintln!("not tested, because no memory control group can be made: the kernel's killings");
        return;
    };
    let code = "kept = bytearray(20_000_003)\nmore = []\n\
        def grow():\n    more.append(b'x' * 1_000_003)\nwhile True: grow()";
    let folder = Folder::new();
    let file = folder.0.join("recording.bin");
    let recording = Scenario::code(usual(), code).recording(&file);
    let mut command = Command::new("sh");
    command.args(["-c", "echo $$ > \"$0\"/cgroup.procs && exec \"$@\""]);
    command.arg(&group.0).arg(recording.get_program());
    command.args(recording.get_args());
    let output = finish(command, b"");
    assert_eq!(output.status.signal(), Some(9), "{output:?}");

    let report = |words: &[&str]| {
        let mut command = Command::new(memprof());
        command.args(words).arg(&file);
        let output = finish(command, b"");
        assert!(output.status.success(), "{output:?}");
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let expected = "killed by signal 9 (SIGKILL): its memory group reached its limit of 160.0 MiB";
    let (info, _) = report(&["info"]);
    assert!(info.contains(expected), "{info}");
    let (table, talk) = report(&["table", "--json", "--at", "end"]);
    assert!(talk.contains(expected), "{talk}");
    // everything is there, to the last block
    let capture = Capture::read(&file);
    assert!(capture.complete);
    let blocks = capture.of_size(1_000_036).len() as u64;
    assert!((50..160).contains(&blocks), "{blocks}");
    let table: serde_json::Value = serde_json::from_str(&table).unwrap();
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows[0]["function"], "grow");
    let alive = rows[0]["blocks"].as_u64().unwrap();
    // the list among them
    assert!(
        (blocks..=blocks + 1).contains(&alive),
        "{alive} of {blocks}"
    );
}

#[test]
fn a_program_that_somebody_killed_is_not_said_to_have_wanted_memory() {
    let run = Scenario::program("sh")
        .argument("-c")
        .argument("kill -9 $$")
        .record();
    assert_eq!(run.status.signal(), Some(9));
    let info = run.json(&["info"]);
    assert_eq!(info["signal"], 9);
    let killed = info["killed"].as_str().unwrap();
    assert!(
        killed.starts_with("killed by signal 9 (SIGKILL), "),
        "{killed}"
    );
    assert!(!killed.contains("limit"), "{killed}");
}
