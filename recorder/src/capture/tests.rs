//! Round trips, outputs that cannot be written, and files that are none of ours.

mod damage;

use super::{
    CaptureError, CaptureReader, CaptureWriter, ChunkHead, ChunkKind, Completeness, Ending, Facts,
    ImageStart, Observation, Output, StreamStart,
};
use crate::folder::Folder;
use memprof_wire::units::{Microseconds, Turn};
use std::fs;
use std::path::Path;

fn facts() -> Facts {
    Facts {
        name: "churn".into(),
        root: 42,
        command: vec!["a".into()],
        ..Facts::default()
    }
}

fn ending() -> Ending {
    Ending {
        complete: true,
        how: "exit".into(),
        status: Some(3),
        ..Ending::default()
    }
}

fn events(stream: u32) -> ChunkHead {
    ChunkHead {
        turn: Turn(9),
        ..ChunkHead::at(ChunkKind::Events, Microseconds(5))
    }
    .of_stream(stream, 1)
}

fn json(head: ChunkHead, value: &impl serde::Serialize) -> (ChunkHead, Vec<u8>) {
    (head, serde_json::to_vec(value).expect("it is plain data"))
}

/// Chunks of every kind, with contents that do and do not compress.
fn sample() -> Vec<(ChunkHead, Vec<u8>)> {
    let image = ImageStart {
        image: 1,
        process: 42,
        ..ImageStart::default()
    };
    let stream = StreamStart {
        stream: 1,
        image: 1,
        thread: 43,
        ..StreamStart::default()
    };
    let at = |kind| ChunkHead::at(kind, Microseconds(1));
    let mut observed = Vec::new();
    for time in 0..40 {
        Observation {
            time: Microseconds(time),
            resident: 4096,
            ..Observation::default()
        }
        .encode(&mut observed);
    }
    let noise: Vec<u8> = (0..700u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    vec![
        json(at(ChunkKind::Image).of_image(1), &image),
        json(at(ChunkKind::Stream).of_stream(1, 1), &stream),
        (events(1), vec![7; 3000]),
        (events(1), noise),
        (at(ChunkKind::Observations).of_image(1), observed),
        (at(ChunkKind::Other(77)), b"from the future".to_vec()),
        (events(1), Vec::new()),
    ]
}

fn write(path: &Path, chunks: &[(ChunkHead, Vec<u8>)]) -> Ending {
    let mut writer = CaptureWriter::create(path, &facts(), false).expect("the folder is there");
    for (head, bytes) in chunks {
        writer.write_chunk(head, bytes);
    }
    writer.finish(&ending())
}

/// What can be read of the chunks behind the facts, up to the first that is damaged.
fn contents(reader: &CaptureReader) -> Vec<(ChunkHead, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut contents = Vec::new();
    for chunk in &reader.chunks()[1..] {
        if reader.read(chunk, &mut bytes).is_err() {
            break;
        }
        contents.push((chunk.head, bytes.clone()));
    }
    contents
}

#[test]
fn what_is_written_is_read() {
    let folder = Folder::new();
    let path = folder.file("a.bin");
    let written = write(&path, &sample());
    let reader = CaptureReader::open(&path).expect("the file is whole");
    assert_eq!(reader.facts(), &facts());
    assert_eq!(reader.ending(), Some(&written));
    assert_eq!(reader.completeness(), Completeness::Complete);
    assert_eq!(contents(&reader), sample());
    assert_eq!(reader.images()[0].process, 42);
    assert_eq!(reader.streams()[0].thread, 43);
    let observed = reader.observations(1).expect("they are whole");
    assert_eq!(observed.len(), 40);
    assert_eq!(
        (observed[39].time, observed[39].resident),
        (Microseconds(39), 4096)
    );
    assert_eq!(reader.observations(2).expect("there are none"), []);
    let packed = &reader.chunks()[3];
    assert_eq!(packed.raw, 3000);
    assert!(packed.stored < 100, "{} bytes were stored", packed.stored);
}

#[test]
fn a_growing_file_shows_what_was_appended() {
    let folder = Folder::new();
    let path = folder.file("a.bin");
    let mut writer = CaptureWriter::create(&path, &facts(), false).expect("the folder is there");
    let mut reader = CaptureReader::open(&path).expect("the facts are there");
    assert_eq!(reader.completeness(), Completeness::Growing);
    assert!(!reader.refresh().expect("the file is there"));
    writer.write_chunk(&events(4), b"abc");
    assert!(reader.refresh().expect("the file is there"));
    assert_eq!(contents(&reader), [(events(4), b"abc".to_vec())]);
    writer.finish(&ending());
    assert!(reader.refresh().expect("the file is there"));
    assert_eq!(reader.completeness(), Completeness::Complete);
    assert_eq!(reader.chunks().len(), 2);
}

#[test]
fn a_recorder_that_was_killed_leaves_a_file_that_says_so() {
    let folder = Folder::new();
    let path = folder.file("a.bin");
    let mut writer = CaptureWriter::create(&path, &facts(), false).expect("the folder is there");
    writer.write_chunk(&events(4), b"abc");
    drop(writer);
    let reader = CaptureReader::open(&path).expect("the facts are there");
    let Completeness::CutShort { reason } = reader.completeness() else {
        panic!("{:?}", reader.completeness());
    };
    assert!(reason.contains("killed"), "{reason}");
    assert_eq!(reader.chunks().len(), 2);
}

#[test]
fn outputs_that_cannot_be_written_are_refused_with_a_way_out() {
    let folder = Folder::new();
    let path = folder.file("a.bin");
    fs::write(&path, "dear to somebody").expect("the folder is there");
    let message = |path: &Path, force| Output::reserve(path, force).expect_err("bad").to_string();
    assert!(message(&path, false).contains("--force"));
    assert!(message(folder.path(), true).contains("is a folder"));
    let missing = folder.file("no").join("a.bin");
    assert!(message(&missing, false).contains("does not exist"));
    // Reserving alone changes nothing that was there.
    Output::reserve(&path, true)
        .expect("it may be overwritten")
        .abandon();
    assert_eq!(fs::read(&path).expect("it is there"), b"dear to somebody");
    let writer = CaptureWriter::create(&path, &facts(), true).expect("it may be overwritten");
    assert!(matches!(
        Output::reserve(&path, true),
        Err(CaptureError::Busy { .. })
    ));
    writer.finish(&ending());
    assert_eq!(
        CaptureReader::open(&path).expect("it is whole").facts(),
        &facts()
    );
    let new = folder.file("new.bin");
    Output::reserve(&new, false)
        .expect("the folder is there")
        .abandon();
    assert!(!new.exists());
}

#[test]
fn devices_that_swallow_everything_are_fine() {
    let ending = write(Path::new("/dev/null"), &sample());
    assert!(ending.complete && ending.raw_bytes > 3000, "{ending:?}");
    let error = CaptureWriter::create(Path::new("/dev/full"), &facts(), false).expect_err("full");
    assert!(error.to_string().contains("No space left"), "{error}");
}

#[test]
fn files_that_are_no_captures_are_named_as_what_they_are() {
    let folder = Folder::new();
    let path = folder.file("a.bin");
    let open = |content: &[u8]| {
        fs::write(&path, content).expect("the folder is there");
        CaptureReader::open(&path).expect_err("it is no capture")
    };
    assert!(matches!(open(b""), CaptureError::Empty { .. }));
    assert!(matches!(open(b"#!/bin/sh"), CaptureError::NotOurs { .. }));
    assert!(matches!(
        open(b"\x89MEMPROF\x01\x00"),
        CaptureError::CutInHeader { bytes: 10, .. }
    ));
    assert!(matches!(
        open(b"\x89MEMPROF\x03\x00"),
        CaptureError::Newer {
            version: 3,
            supported: 2,
            ..
        }
    ));
    assert!(matches!(
        CaptureReader::open(folder.path()),
        Err(CaptureError::Folder { .. })
    ));
    let missing = folder.file("b.bin");
    assert!(matches!(
        CaptureReader::open(missing),
        Err(CaptureError::Missing { .. })
    ));
    assert!(matches!(
        CaptureReader::open("/dev/null"),
        Err(CaptureError::NotOurs { .. })
    ));
}

#[test]
fn a_capture_of_the_version_before_is_read() {
    let folder = Folder::new();
    let path = folder.file("a.bin");
    write(&path, &sample());
    let mut bytes = fs::read(&path).expect("it was written");
    assert_eq!(bytes[8..10], [2, 0]);
    bytes[8] = 1;
    fs::write(&path, bytes).expect("it may be overwritten");
    let reader = CaptureReader::open(&path).expect("it is a capture");
    assert_eq!(contents(&reader), sample());
}

#[test]
fn a_full_disk_leaves_the_whole_chunks_and_an_ending() {
    let folder = Folder::new();
    let path = folder.file("a.bin");
    let noise = sample()[3].1.clone();
    let mut writer = CaptureWriter::create(&path, &facts(), false).expect("the folder is there");
    writer.write_chunk(&events(1), &noise);
    writer.fail_with(libc::ENOSPC);
    writer.write_chunk(&events(1), &noise);
    let ending = writer.finish(&ending());
    assert_eq!((ending.complete, ending.how.as_str()), (false, "disk full"));
    let reader = CaptureReader::open(&path).expect("the facts are there");
    assert_eq!(contents(&reader), [(events(1), noise)]);
    let Completeness::CutShort { reason } = reader.completeness() else {
        panic!("{:?}", reader.completeness());
    };
    assert!(
        reason.starts_with("disk full: writing failed after"),
        "{reason}"
    );
}
