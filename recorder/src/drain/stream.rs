//! One thread's events on their way from its ring into chunks.

use super::encoding::Encoding;
use super::source_names::SourceNames;
use crate::capture::{ChunkHead, ChunkKind, StreamEnd, StreamStart};
use crate::session::{Mapping, Session};
use crate::writer::Writer;
use memprof_wire::units::{Microseconds, Turn};
use std::io;
use std::sync::atomic::Ordering;

/// A chunk of so many bytes is worth writing.
const FULL: usize = 256 << 10;
/// So many bytes of a ring are read at a time: they stay in the nearest cache, and the thread soon
/// has their room back.
const BATCH: u64 = 16 << 10;
/// Events are written after so many microseconds, so that who follows the file sees them.
const STALE: u64 = 200_000;
/// A quiet thread is looked for after so many microseconds, and then ever more seldom.
const FIRST_CHECK: u64 = 5_000;
const SELDOM: u64 = 100_000;

/// A ring that is being drained.
#[derive(Debug)]
pub(super) struct Stream {
    number: u32,
    image: u32,
    thread: u32,
    ring: usize,
    bytes: Mapping,
    capacity: u64,
    /// Everything before this position was drained.
    tail: u64,
    encoding: Encoding,
    /// The chunk that grows.
    pending: Vec<u8>,
    starts_with_restart: bool,
    turn: Turn,
    first: Microseconds,
    last: Microseconds,
    /// When the thread has to be looked for, if it stays quiet.
    check: Microseconds,
    check_interval: u64,
    damaged: bool,
}

impl Stream {
    /// Begins with a ring that a thread has opened, and says so in the file.
    pub(super) fn begin(
        session: &Session,
        ring: usize,
        number: u32,
        now: Microseconds,
        writer: &Writer,
    ) -> io::Result<Self> {
        let header = &session.rings()[ring];
        let capacity = header.capacity.load(Ordering::Relaxed);
        let stream = Self {
            number,
            image: header.image.load(Ordering::Relaxed),
            thread: header.thread.load(Ordering::Relaxed),
            ring,
            bytes: session.map_ring(ring, capacity)?,
            capacity: u64::from(capacity),
            tail: 0,
            encoding: Encoding::new(),
            pending: Vec::new(),
            starts_with_restart: false,
            turn: Turn(0),
            first: now,
            last: now,
            check: Microseconds(now.0 + FIRST_CHECK),
            check_interval: FIRST_CHECK,
            damaged: false,
        };
        let start = StreamStart {
            stream: number,
            image: stream.image,
            process: header.process.load(Ordering::Relaxed),
            thread: stream.thread,
            time: now.0,
        };
        writer.send_json(stream.head(ChunkKind::Stream, now), &start);
        Ok(stream)
    }

    pub(super) fn image(&self) -> u32 {
        self.image
    }

    pub(super) fn thread(&self) -> u32 {
        self.thread
    }

    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Whether what stood in the ring's header made no sense.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// The source files that its code comes from, as far as it has named them.
    pub(super) fn take_sources(&mut self) -> SourceNames {
        self.encoding.take_sources()
    }

    /// Whether the thread was quiet for so long that somebody should see whether it lives.
    pub(super) fn is_due_for_a_check(&mut self, now: Microseconds) -> bool {
        if now < self.check {
            return false;
        }
        self.check_interval = (self.check_interval * 2).min(SELDOM);
        self.check = Microseconds(now.0 + self.check_interval);
        true
    }

    /// Takes what the ring holds, and sends what is worth it. Returns how many bytes there were.
    /// `batch` is room to work in.
    pub(super) fn drain(
        &mut self,
        session: &Session,
        now: Microseconds,
        writer: &Writer,
        batch: &mut Vec<u8>,
    ) -> u64 {
        let header = &session.rings()[self.ring];
        let head = header.head();
        let count = head.wrapping_sub(self.tail);
        if count == 0 {
            self.send_if_stale(now, writer);
            return 0;
        }
        if count > self.capacity || self.damaged {
            // What stands there is no position any more. The thread must still find room.
            self.damaged = true;
            header.consume(head);
            return 0;
        }
        self.check_interval = FIRST_CHECK;
        self.check = Microseconds(now.0 + FIRST_CHECK);
        // Whoever wrote these events had taken their turns before.
        self.turn = Turn(session.page().turn().0 + 1);
        while self.tail != head {
            let to = head.min(self.tail + BATCH);
            batch.clear();
            self.bytes.copy(self.tail, to, batch);
            let read = self.append(batch, now, writer);
            // A batch ends wherever it ends, what is published only behind an event.
            if read == 0 || to == head && read != batch.len() {
                self.damaged = true;
                header.consume(head);
                return count;
            }
            self.tail += read as u64;
            header.consume(self.tail);
        }
        self.send_if_stale(now, writer);
        count
    }

    /// Puts the events of some words into the chunk; returns how many bytes were whole events.
    fn append(&mut self, words: &[u8], now: Microseconds, writer: &Writer) -> usize {
        if self.pending.is_empty() {
            self.first = now;
            self.pending = writer.buffer();
            self.starts_with_restart = self.encoding.begin_chunk(&mut self.pending);
        }
        let read = self.encoding.append(words, &mut self.pending);
        self.last = now;
        if self.pending.len() >= FULL {
            self.send(writer);
        }
        read
    }

    /// Sends what was taken and not yet sent.
    pub(super) fn send(&mut self, writer: &Writer) {
        if self.pending.is_empty() {
            return;
        }
        let head = ChunkHead {
            starts_with_restart: std::mem::take(&mut self.starts_with_restart),
            only_blocks: self.encoding.only_blocks(),
            turn: self.turn,
            last: self.last,
            ..self.head(ChunkKind::Events, self.first)
        };
        writer.send(head, std::mem::take(&mut self.pending));
    }

    fn send_if_stale(&mut self, now: Microseconds, writer: &Writer) {
        if now.0.saturating_sub(self.first.0) >= STALE {
            self.send(writer);
        }
    }

    /// Ends the stream, whose thread is gone, and gives its ring free. Returns how many events
    /// were lost.
    pub(super) fn end(mut self, session: &Session, now: Microseconds, writer: &Writer) -> u64 {
        self.send(writer);
        let header = &session.rings()[self.ring];
        let lost = header.lost.load(Ordering::Relaxed);
        let end = StreamEnd {
            stream: self.number,
            time: now.0,
            lost,
        };
        writer.send_json(self.head(ChunkKind::StreamEnd, now), &end);
        let ring = self.ring;
        drop(self);
        session.discard_ring(ring);
        header.release();
        lost
    }

    fn head(&self, kind: ChunkKind, time: Microseconds) -> ChunkHead {
        ChunkHead::at(kind, time).of_stream(self.number, self.image)
    }
}
