//! Draining what threads of this test write, in place of a program under test.

use super::{Drain, Drained};
use crate::capture::{CaptureReader, CaptureWriter, Chunk, ChunkKind, Ending, Facts};
use crate::clock::Clock;
use crate::process::Process;
use crate::session::Session;
use crate::writer::Writer;
use memprof_wire::codec::{Decoder, MAX_TEXT, Sites};
use memprof_wire::event::Event;
use memprof_wire::predictor::SitePair;
use memprof_wire::ring::{RingHeader, RingState};
use memprof_wire::session::{CAPACITY, FILE_BYTES, RING_BYTES, STRIDE};
use memprof_wire::transport::{self, MAX_RECORD};
use memprof_wire::units::{StackId, Turn};
use std::fs::File;
use std::io::PipeWriter;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};

/// A recording of a program that sleeps, while threads of this test write in its place.
struct Recording {
    session: Arc<Session>,
    root: Child,
    stop: Option<PipeWriter>,
    drain: JoinHandle<Drained>,
    path: PathBuf,
}

impl Recording {
    fn begin() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("memprof-drain-{}-{number}.bin", std::process::id());
        let path = std::env::temp_dir().join(name);
        let capture = CaptureWriter::create(&path, &Facts::default(), true).expect("it is new");
        let writer = Writer::start(capture).expect("there can be threads");
        let session = Arc::new(Session::create(0).expect("there is memory"));
        let root = Command::new("sleep")
            .arg("1000")
            .spawn()
            .expect("sleep is there");
        let watched = Process::watch(root.id());
        let (until, stop) = std::io::pipe().expect("there can be pipes");
        let drain = Drain::new(Arc::clone(&session), writer, Clock::start(), watched, until);
        let drain = thread::spawn(move || drain.run());
        Self {
            session,
            root,
            stop: Some(stop),
            drain,
            path,
        }
    }

    /// Kills the program and reads what was recorded.
    fn end(mut self) -> (Course, CaptureReader) {
        self.root.kill().expect("it is a child");
        self.read()
    }

    /// Stops the recording while the program lives.
    fn stop(mut self) -> (Course, CaptureReader) {
        drop(self.stop.take());
        self.read()
    }

    fn read(mut self) -> (Course, CaptureReader) {
        let Drained {
            writer,
            damaged,
            stopped,
            ..
        } = self.drain.join().expect("it drains");
        let _ = self.root.kill();
        let _ = self.root.wait();
        writer.finish().finish(&Ending {
            complete: true,
            ..Ending::default()
        });
        let reader = CaptureReader::open(&self.path).expect("it is whole");
        let _ = std::fs::remove_file(&self.path);
        (Course { damaged, stopped }, reader)
    }
}

/// What is left to say of [`Drained`] when its writer is gone.
#[derive(Debug, PartialEq, Eq)]
struct Course {
    damaged: bool,
    stopped: bool,
}

/// A thread's side of a ring, slow and simple: it writes by `pwrite`.
struct Producer {
    session: Arc<Session>,
    file: File,
    ring: usize,
    head: u64,
}

impl Producer {
    /// Claims the first free ring for the calling thread.
    fn claim(session: &Arc<Session>, image: u32) -> Self {
        Self::claim_with(session, image, CAPACITY)
    }

    fn claim_with(session: &Arc<Session>, image: u32, capacity: u32) -> Self {
        let ring = session
            .rings()
            .iter()
            .position(RingHeader::claim)
            .expect("one is free");
        let header = &session.rings()[ring];
        header.process.store(std::process::id(), Ordering::Relaxed);
        // SAFETY: the call takes nothing and touches no memory.
        header
            .thread
            .store(unsafe { libc::gettid() } as u32, Ordering::Relaxed);
        header.image.store(image, Ordering::Relaxed);
        header.capacity.store(capacity, Ordering::Relaxed);
        header.open();
        let file = File::options()
            .write(true)
            .open(session.path())
            .expect("it is there");
        assert_eq!(
            file.metadata().expect("it is open").len(),
            FILE_BYTES as u64
        );
        Self {
            session: Arc::clone(session),
            file,
            ring,
            head: 0,
        }
    }

    fn header(&self) -> &RingHeader {
        &self.session.rings()[self.ring]
    }

    /// Writes a text as an event.
    fn say(&mut self, text: &[u8]) {
        let mut room = [0u64; MAX_RECORD / 8];
        let out = room.as_mut_ptr().cast::<u8>();
        // SAFETY: there are MAX_RECORD bytes.
        let end = unsafe { transport::any(out, &Event::Bytes(text)) };
        let bytes: Vec<u8> = room.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.write(&bytes[..end.addr() - out.addr()]);
    }

    fn write(&mut self, bytes: &[u8]) {
        while self.head + bytes.len() as u64 - self.header().tail() > u64::from(CAPACITY) {
            thread::yield_now();
        }
        let place = self.head as usize & (CAPACITY as usize - 1);
        let (before_the_end, rest) = bytes.split_at(bytes.len().min(CAPACITY as usize - place));
        let start = (RING_BYTES + self.ring * STRIDE) as u64;
        for (piece, offset) in [(before_the_end, start + place as u64), (rest, start)] {
            self.file
                .write_all_at(piece, offset)
                .expect("there is memory");
        }
        self.head += bytes.len() as u64;
        self.header().publish(self.head);
    }

    /// Waits until all that was written is drained.
    fn wait(&self) {
        self.wait_at(self.head);
    }

    fn wait_at(&self, position: u64) {
        while self.header().tail() < position {
            thread::yield_now();
        }
    }
}

fn event_chunks(reader: &CaptureReader, stream: u32) -> Vec<Chunk> {
    let is_wanted = |chunk: &&Chunk| chunk.kind == ChunkKind::Events && chunk.stream == stream;
    reader.chunks().iter().filter(is_wanted).copied().collect()
}

struct NoSites(SitePair);

impl Sites for NoSites {
    fn site(&mut self, _: StackId) -> &mut SitePair {
        &mut self.0
    }
}

/// What was said, joined; each chunk is decoded by itself, as none of this refers to what was
/// before.
fn said(reader: &CaptureReader, chunks: &[Chunk]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut all = Vec::new();
    for chunk in chunks {
        reader.read(chunk, &mut bytes).expect("it is whole");
        let mut input = &bytes[..];
        let mut decoder = Decoder::new();
        let mut sites = NoSites(SitePair::EMPTY);
        let mut first = true;
        while !input.is_empty() {
            match decoder.next(&mut input, &mut sites) {
                Ok(Event::Bytes(text)) => all.extend_from_slice(text),
                Ok(Event::Restart { .. }) => assert!(first && chunk.starts_with_restart),
                other => panic!("nobody wrote {other:?}"),
            }
            first = false;
        }
    }
    all
}

#[test]
fn everything_that_was_written_arrives_in_order() {
    let recording = Recording::begin();
    let written: Vec<u8> = (0..700_000u32)
        .map(|number| ((number * 7) >> 5) as u8)
        .collect();
    let mut producer = Producer::claim(&recording.session, 1);
    for piece in written.chunks(MAX_TEXT) {
        recording.session.page().next_turn();
        producer.say(piece);
    }
    let turn = recording.session.page().turn();
    let (drained, reader) = recording.end();
    assert_eq!(
        drained,
        Course {
            damaged: false,
            stopped: false
        }
    );
    let chunks = event_chunks(&reader, 1);
    assert_eq!(said(&reader, &chunks), written);
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.raw <= 512 << 10 && !chunk.starts_with_restart)
    );
    assert!(chunks.is_sorted_by_key(|chunk| (chunk.turn, chunk.first)));
    assert!(chunks.last().is_some_and(|chunk| chunk.turn > turn));
    let stream = &reader.streams()[0];
    assert_eq!(
        (stream.stream, stream.image, stream.process),
        (1, 1, std::process::id())
    );
    assert_eq!(reader.stream_ends()[0].stream, 1);
    assert_eq!(reader.images()[0].process, std::process::id());
    let observed = reader.observations(1).expect("they are whole");
    assert!(observed[0].resident > 1 << 20, "{observed:?}");
}

#[test]
fn decoding_can_begin_anew_every_few_megabytes() {
    let recording = Recording::begin();
    let mut producer = Producer::claim(&recording.session, 1);
    let text = [b'x'; MAX_TEXT];
    let times = (9 << 20) / MAX_TEXT;
    for _ in 0..times {
        producer.say(&text);
    }
    let (_, reader) = recording.end();
    let chunks = event_chunks(&reader, 1);
    let (mut restarts, mut since) = (0, 0);
    for chunk in &chunks {
        if chunk.starts_with_restart {
            assert!(since >= 4 << 20, "{since}");
            (restarts, since) = (restarts + 1, 0);
        }
        since += chunk.raw;
    }
    assert_eq!(restarts, 2);
    assert_eq!(said(&reader, &chunks), text.repeat(times));
}

#[test]
fn words_that_are_no_event_harm_nobody() {
    let recording = Recording::begin();
    let mut good = Producer::claim(&recording.session, 1);
    let mut bad = Producer::claim(&recording.session, 1);
    bad.say(b"good");
    bad.wait();
    bad.write(&[0xff; 64]);
    bad.wait();
    bad.say(b"too late");
    bad.wait();
    good.say(b"fine");
    let (drained, reader) = recording.end();
    assert!(drained.damaged);
    assert_eq!(said(&reader, &event_chunks(&reader, 1)), b"fine");
    assert_eq!(said(&reader, &event_chunks(&reader, 2)), b"good");
}

#[test]
fn the_ring_of_a_dead_thread_serves_another() {
    let recording = Recording::begin();
    for text in ["one", "two", "three"] {
        let session = Arc::clone(&recording.session);
        let thread = thread::spawn(move || {
            let mut producer = Producer::claim(&session, 1);
            producer.say(text.as_bytes());
            producer.ring
        });
        assert_eq!(thread.join().expect("it writes"), 0);
        while recording.session.rings()[0].state() != RingState::Free {
            thread::yield_now();
        }
    }
    let (_, reader) = recording.end();
    let texts: Vec<_> = (1..=3)
        .map(|stream| said(&reader, &event_chunks(&reader, stream)))
        .collect();
    assert_eq!(texts, [&b"one"[..], b"two", b"three"]);
    assert_eq!(reader.stream_ends().len(), 3);
    assert_eq!(reader.images().len(), 1);
}

#[test]
fn a_closed_ring_is_drained_and_its_image_ends_when_another_takes_over() {
    let recording = Recording::begin();
    let mut before = Producer::claim(&recording.session, 1);
    before.say(b"before");
    before.wait();
    before.header().close();
    let mut after = Producer::claim(&recording.session, 2);
    after.say(b"after");
    after.wait();
    let session = Arc::clone(&recording.session);
    while session.rings()[0].state() != RingState::Free {
        thread::yield_now();
    }
    let (_, reader) = recording.stop();
    assert_eq!(said(&reader, &event_chunks(&reader, 1)), b"before");
    assert_eq!(said(&reader, &event_chunks(&reader, 2)), b"after");
    let ended: Vec<u32> = reader.image_ends().iter().map(|end| end.image).collect();
    assert_eq!(ended, [1]);
}

#[test]
fn stopping_keeps_what_was_written_by_then() {
    let recording = Recording::begin();
    let mut producer = Producer::claim(&recording.session, 1);
    producer.say(b"so far");
    let (drained, reader) = recording.stop();
    assert_eq!(
        drained,
        Course {
            damaged: false,
            stopped: true
        }
    );
    assert_eq!(said(&reader, &event_chunks(&reader, 1)), b"so far");
    assert!(reader.stream_ends().is_empty());
}

#[test]
fn a_header_that_makes_no_sense_harms_nobody() {
    let recording = Recording::begin();
    let mut good = Producer::claim(&recording.session, 1);
    let mut bad = Producer::claim(&recording.session, 1);
    let worse = Producer::claim_with(&recording.session, 1, 12345);
    worse.header().publish(7);
    worse.wait_at(7);
    bad.say(b"good");
    bad.wait();
    bad.header().publish(1 << 60);
    good.say(b"fine");
    let (drained, reader) = recording.end();
    assert!(drained.damaged);
    assert_eq!(said(&reader, &event_chunks(&reader, 1)), b"fine");
    assert_eq!(said(&reader, &event_chunks(&reader, 2)), b"good");
}

#[test]
fn rings_behind_one_that_was_given_up_are_drained() {
    let recording = Recording::begin();
    let given_up = &recording.session.rings()[0];
    assert!(given_up.claim());
    let mut producer = Producer::claim(&recording.session, 1);
    given_up.release();
    producer.say(b"event");
    producer.wait();
    assert_eq!(producer.ring, 1);
    let (_, reader) = recording.end();
    assert_eq!(said(&reader, &event_chunks(&reader, 1)), b"event");
}

#[test]
fn turns_bound_the_events_before_them() {
    let recording = Recording::begin();
    let mut producer = Producer::claim(&recording.session, 1);
    let turn = recording.session.page().next_turn();
    producer.say(b"event");
    producer.wait();
    let (_, reader) = recording.end();
    let chunks = event_chunks(&reader, 1);
    assert!(chunks[0].turn > turn && turn > Turn(0));
}
