//! Threads that write in place of a program, and what arrives of it.

use super::super::{Drain, Drained};
use crate::capture::{CaptureReader, CaptureWriter, Chunk, ChunkKind, Ending, Facts};
use crate::clock::Clock;
use crate::process::Process;
use crate::session::Session;
use crate::writer::Writer;
use memprof_wire::codec::{Decoder, Sites};
use memprof_wire::event::Event;
use memprof_wire::predictor::SitePair;
use memprof_wire::ring::RingHeader;
use memprof_wire::session::{CAPACITY, FILE_BYTES, RING_BYTES, STRIDE};
use memprof_wire::transport::{self, MAX_RECORD};
use memprof_wire::units::StackId;
use std::fs::File;
use std::io::PipeWriter;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};

/// A recording of a program that sleeps, while threads of this test write in its place.
pub(super) struct Recording {
    pub(super) session: Arc<Session>,
    pub(super) root: Child,
    pub(super) stop: Option<PipeWriter>,
    pub(super) drain: JoinHandle<Drained>,
    pub(super) path: PathBuf,
}

impl Recording {
    pub(super) fn begin() -> Self {
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
    pub(super) fn end(mut self) -> (Course, CaptureReader) {
        self.root.kill().expect("it is a child");
        self.read()
    }

    /// Stops the recording while the program lives.
    pub(super) fn stop(mut self) -> (Course, CaptureReader) {
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
pub(super) struct Course {
    pub(super) damaged: bool,
    pub(super) stopped: bool,
}

/// A thread's side of a ring, slow and simple: it writes by `pwrite`.
pub(super) struct Producer {
    pub(super) session: Arc<Session>,
    pub(super) file: File,
    pub(super) ring: usize,
    pub(super) head: u64,
}

impl Producer {
    /// Claims the first free ring for the calling thread.
    pub(super) fn claim(session: &Arc<Session>, image: u32) -> Self {
        Self::claim_with(session, image, CAPACITY)
    }

    pub(super) fn claim_with(session: &Arc<Session>, image: u32, capacity: u32) -> Self {
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

    pub(super) fn header(&self) -> &RingHeader {
        &self.session.rings()[self.ring]
    }

    /// Writes a text as an event.
    pub(super) fn say(&mut self, text: &[u8]) {
        let mut room = [0u64; MAX_RECORD / 8];
        let out = room.as_mut_ptr().cast::<u8>();
        // SAFETY: there are MAX_RECORD bytes.
        let end = unsafe { transport::any(out, &Event::Bytes(text)) };
        let bytes: Vec<u8> = room.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.write(&bytes[..end.addr() - out.addr()]);
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
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
    pub(super) fn wait(&self) {
        self.wait_at(self.head);
    }

    pub(super) fn wait_at(&self, position: u64) {
        while self.header().tail() < position {
            thread::yield_now();
        }
    }
}

pub(super) fn event_chunks(reader: &CaptureReader, stream: u32) -> Vec<Chunk> {
    let is_wanted =
        |chunk: &&Chunk| chunk.head.kind == ChunkKind::Events && chunk.head.stream == stream;
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
pub(super) fn said(reader: &CaptureReader, chunks: &[Chunk]) -> Vec<u8> {
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
                Ok(Event::Restart { .. }) => assert!(first && chunk.head.starts_with_restart),
                other => panic!("nobody wrote {other:?}"),
            }
            first = false;
        }
    }
    all
}
