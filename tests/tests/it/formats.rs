//! Recordings of every format version, kept in `captures/`: what they hold is read for ever.

use crate::binaries::memprof;
use crate::scenario::{Folder, finish};
use memprof_recorder::capture::{CaptureReader, ChunkKind};
use memprof_wire::codec::{Decoder, Sites};
use memprof_wire::event::Event;
use memprof_wire::predictor::SitePair;
use memprof_wire::units::StackId;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const VERSIONS: [u16; 2] = [1, 2];

fn capture(version: u16) -> PathBuf {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    captures.join(format!("version-{version}.bin"))
}

/// What a report prints of a capture, in a folder of its own, and nothing on standard error.
fn said(words: &[&str], version: u16, folder: &Folder) -> String {
    let mut command = Command::new(memprof());
    command.args(words).arg(capture(version));
    let output = finish(
        {
            command.current_dir(&folder.0);
            command
        },
        &[],
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?} {version}: {stderr}");
    let warns = stderr.lines().any(|line| !line.contains(": wrote "));
    assert!(!warns, "{words:?} {version}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn json_of(words: &[&str], version: u16) -> Value {
    let text = said(&[words, &["--json"]].concat(), version, &Folder::new());
    serde_json::from_str(&text).unwrap()
}

/// Bytes of so many objects `bytearray` of `length` bytes: each has one more behind its end, and a
/// head of 56.
const fn arrays(count: u64, length: u64) -> u64 {
    count * (length + 1 + 56)
}

/// A row of a report about a line of the program that was recorded.
fn row(function: &str, line: u64, bytes: u64, count: (&str, u64)) -> Value {
    let mut row = json!({"function": function, "file": "/tmp/example/orders.py", "line": line, "bytes": bytes});
    row[count.0] = count.1.into();
    row
}

#[test]
fn each_version_is_kept() {
    for version in VERSIONS {
        let bytes = fs::read(capture(version)).unwrap();
        assert_eq!(bytes[8..10], version.to_le_bytes());
    }
    // what the recorder writes now is the last of them
    let newest = crate::scenario::Scenario::program("/bin/true").recorded();
    let bytes = fs::read(&newest.file).unwrap();
    assert_eq!(bytes[8..10], VERSIONS[VERSIONS.len() - 1].to_le_bytes());
}

#[test]
fn totals_are_those_of_the_program_in_each_version() {
    for version in VERSIONS {
        let stats = json_of(&["stats"], version);
        let is = |key: &str, wanted: Value| assert_eq!(stats[key], wanted, "{key} of {version}");
        is("complete", true.into());
        is("allocations", 18_764.into());
        is("frees", 18_742.into());
        is("bytes_allocated", 5_936_294.into());
        is("lost", 0.into());
        is("unknown_frees", 0.into());
        let (peak, end) = (&stats["peak"], &stats["end"]);
        assert_eq!(
            (&peak["bytes"], &peak["blocks"]),
            (&2_836_707.into(), &8_992.into())
        );
        assert_eq!((&end["bytes"], &end["blocks"]), (&6_060.into(), &22.into()));
        let of = |name: &str| stats["by_allocator"][name].clone();
        assert_eq!(of("malloc"), json!({"count": 67, "bytes": 87_603}));
        assert_eq!(
            of("obj.malloc"),
            json!({"count": 15_704, "bytes": 1_672_000})
        );
        assert_eq!(of("mem.realloc"), json!({"count": 260, "bytes": 116_645}));
        assert_eq!(of("mmap"), json!({"count": 3, "bytes": 49_152}));
        let threads = stats["threads"].as_array().unwrap().iter();
        let threads: Vec<_> = threads
            .map(|it| (it["name"].as_str().unwrap(), it["allocations"].clone()))
            .collect();
        let known = [
            ("MainThread", 16_619),
            ("python3.11", 721),
            ("python3.11", 1_424),
        ];
        assert_eq!(threads, known.map(|(name, count)| (name, count.into())));
        let top = &stats["top_by_bytes"];
        assert_eq!(
            [&top[0], &top[1], &top[3]],
            [
                &row("index", 19, arrays(300, 5_000), ("count", 600)),
                &row("main", 40, arrays(1, 1_000_000), ("count", 2)),
                &row("index", 17, arrays(2, 300_000), ("count", 4)),
            ]
        );
    }
}

#[test]
fn lines_and_stacks_at_the_peak_are_those_of_the_program_in_each_version() {
    // what is kept of the orders: a quarter of a hundred and of two hundred, every other one byte longer
    let notes = arrays(38, 2_000) + arrays(37, 2_001);
    for version in VERSIONS {
        let table = json_of(&["table", "--filter", "file~orders.py"], version);
        let rows = table["rows"].as_array().unwrap();
        assert_eq!(
            rows[..3],
            [
                row("main", 40, arrays(1, 1_000_000), ("blocks", 2)),
                row("index", 17, arrays(2, 300_000), ("blocks", 4)),
                row("Order.__init__", 9, notes, ("blocks", 150)),
            ],
            "{version}"
        );
        // the first thread's part alone
        let info = json_of(&["info"], version);
        let first = info["threads"][1]["id"].to_string();
        let of_first = ["table", "--filter", "function==index", "--thread", &first];
        let table = json_of(&of_first, version);
        assert_eq!(
            table["rows"],
            json!([row("index", 17, arrays(1, 300_000), ("blocks", 2))])
        );
        let folder = Folder::new();
        let stacks = said(&["export", "collapsed"], version, &folder);
        let file = "/tmp/example/orders.py";
        let read = format!("read ({file}:13);read.<locals>.<listcomp> ({file}:13)");
        for line in [
            format!(
                "<module> ({file}:44);main ({file}:40) {}",
                arrays(1, 1_000_000)
            ),
            format!("work ({file}:25);{read};Order.__init__ ({file}:9) {notes}"),
            format!("work ({file}:26);index ({file}:17) {}", arrays(2, 300_000)),
        ] {
            assert!(stacks.lines().any(|it| it == line), "{version}: {line}");
        }
    }
}

#[test]
fn what_was_recorded_beside_blocks_is_read_of_each_version() {
    for version in VERSIONS {
        let info = json_of(&["info"], version);
        let interpreter = json!({"version": "3.11.2", "allocator": "pymalloc", "stacks": true});
        assert_eq!(info["interpreter"], interpreter);
        assert_eq!(info["command"][3], "orders.py");
        assert_eq!(info["host"], "example");
        assert_eq!(
            (&info["status"], &info["complete"]),
            (&0.into(), &true.into())
        );
        assert_eq!(info["marks"][0]["name"], "main-end");
        assert_eq!(info["censuses"].as_array().unwrap().len(), 1);
        assert_eq!(info["threads"].as_array().unwrap().len(), 3);
        // types: of what died, by its frees, of what was alive at the end, by the census
        let partition = json_of(&["partition", "--filter", "file~orders.py"], version);
        let rows = partition["rows"].as_array().unwrap();
        let of = |kind: &str| {
            let row = rows.iter().find(|row| row["kind"] == kind);
            let row = row.unwrap_or_else(|| panic!("no {kind} in {rows:?}"));
            (row["count"].as_u64(), row["bytes"].as_u64())
        };
        assert_eq!(of("bytearray"), (Some(78), Some(78 * 56)));
        assert_eq!(of("__main__.Order").0, Some(75));
        let folder = Folder::new();
        said(&["flamegraph", "-o", "page.html"], version, &folder);
        let page = fs::read_to_string(folder.0.join("page.html")).unwrap();
        // its data are packed
        assert!(page.contains("python3.11 -I -S orders.py") && page.len() > 100_000);
    }
}

/// One site for each stack.
struct OfStacks(Vec<SitePair>);

impl Sites for OfStacks {
    fn site(&mut self, stack: StackId) -> &mut SitePair {
        let place = stack.0 as usize;
        if place >= self.0.len() {
            self.0.resize(place + 1, SitePair::EMPTY);
        }
        &mut self.0[place]
    }
}

/// How many turns a capture holds whose first byte is one of these.
fn turns_written_as(version: u16, kinds: &[u8]) -> usize {
    let reader = CaptureReader::open(capture(version)).unwrap();
    let mut bytes = Vec::new();
    let mut count = 0;
    for stream in reader.streams() {
        let (mut decoder, mut sites) = (Decoder::new(), OfStacks(Vec::new()));
        let chunks = reader.chunks().iter();
        for chunk in chunks.filter(|it| it.head.kind == ChunkKind::Events) {
            if chunk.head.stream != stream.stream {
                continue;
            }
            reader.read(chunk, &mut bytes).unwrap();
            let mut input = &bytes[..];
            while let Some(&first) = input.first() {
                let event = decoder.next(&mut input, &mut sites).unwrap();
                let counts = matches!(event, Event::Turn { .. }) && kinds.contains(&first);
                count += usize::from(counts);
            }
        }
    }
    count
}

#[test]
fn what_version_2_brought_is_in_its_capture_and_not_in_that_of_version_1() {
    assert_eq!(turns_written_as(1, &[27, 28]), 0);
    assert!(turns_written_as(1, &[1]) > 3);
    assert!(turns_written_as(2, &[27, 28]) > 0);
}
