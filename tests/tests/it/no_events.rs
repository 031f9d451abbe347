//! A chunk whose checksum is right and whose bytes are no events, as a recorder with faulty memory
//! would write it: what comes before counts, and every report tells that something is missing.

use crate::binaries::memprof;
use crate::scenario::{Folder, finish};
use memprof_recorder::capture::{CaptureReader, CaptureWriter, Chunk, ChunkKind, Ending};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// No event begins so: see `docs/format.md`, section 5.
const NOTHING: [u8; 8] = [0x1f; 8];

/// Copies a capture chunk by chunk; in the one chunk that stream 2 has, nonsense stands in place of
/// the second half. Returns where that chunk is in the copy.
fn write_nonsense(from: &Path, to: &Path) -> u64 {
    let reader = CaptureReader::open(from).unwrap();
    let mut writer = CaptureWriter::create(to, reader.facts(), true).unwrap();
    let mut bytes = Vec::new();
    let is_it = |chunk: &Chunk| chunk.head.kind == ChunkKind::Events && chunk.head.stream == 2;
    // the facts are there already
    for chunk in &reader.chunks()[1..] {
        reader.read(chunk, &mut bytes).unwrap();
        if is_it(chunk) {
            bytes.truncate(bytes.len() / 2);
            bytes.extend_from_slice(&NOTHING);
        }
        writer.write_chunk(&chunk.head, &bytes);
    }
    writer.finish(&Ending {
        complete: true,
        how: "exit".to_owned(),
        ..Ending::default()
    });
    let copy = CaptureReader::open(to).unwrap();
    let mut found = copy.chunks().iter().filter(|chunk| is_it(chunk));
    found.next().unwrap().offset
}

#[test]
fn reports_of_what_is_no_event_say_that_something_is_missing() {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let folder = Folder::new();
    let file = folder.0.join("recording.bin");
    let offset = write_nonsense(&captures.join("version-2.bin"), &file);
    for words in [
        &["stats", "--json"][..],
        &["table", "--json"],
        &["info", "--json"],
        &["tree", "--json"],
        &["table", "--json", "--between", "1us", "end"],
    ] {
        let mut command = Command::new(memprof());
        command.args(words).arg(&file);
        let output = finish(command, &[]);
        assert!(output.status.success(), "{words:?}: {output:?}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["complete"], false, "{words:?}: {report}");
        let stderr = String::from_utf8_lossy(&output.stderr);
        let told = format!("the file is damaged at byte {offset}");
        let reason = report["reason"].to_string();
        assert!(
            stderr.contains(&told) || reason.contains(&told),
            "{words:?}: {stderr} {reason}"
        );
        if words[0] == "stats" {
            // what that thread did before, and all that others did
            let threads = report["threads"].as_array().unwrap().iter();
            let counts: Vec<_> = threads.map(|it| it["allocations"].as_u64()).collect();
            assert_eq!((counts[0], counts[2]), (Some(16_619), Some(1_424)));
            assert!(counts[1] > Some(100) && counts[1] < Some(721), "{counts:?}");
        }
    }
}
