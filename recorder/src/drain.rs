//! The thread that empties the rings.
//!
//! It visits every ring that a thread uses, hands what it finds to the [`Writer`] in chunks, tells
//! the programs the time, watches who lives, and ends when there is nobody left to listen to.

mod encoding;
mod images;
mod marks;
mod pace;
mod source_names;
mod stream;

#[cfg(test)]
mod tests;

use crate::clock::Clock;
use crate::observe;
use crate::process::Process;
use crate::session::Session;
use crate::writer::Writer;
use images::Images;
use memprof_wire::ring::RingState;
use memprof_wire::session::{SessionPage, option};
use memprof_wire::units::Microseconds;
use pace::Pace;
use source_names::SourceNames;
use std::collections::BTreeSet;
use std::io::PipeReader;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use stream::Stream;

/// Between two looks at who died, in microseconds.
const DEATHS_INTERVAL: u64 = 50_000;
/// The same while there are several programs: what one of them held is nobody's from its death on,
/// and a report adds up what all of them hold.
const SEVERAL_DEATHS_INTERVAL: u64 = 2_000;

/// So many threads may have failed to set up the ring that they claimed.
const GIVEN_UP: usize = 32;

/// What draining came to.
#[derive(Debug)]
pub struct Drained {
    /// The writer, with everything handed over.
    pub writer: Writer,
    /// Events that found no room.
    pub lost: u64,
    /// Programs that attached.
    pub images: u32,
    /// Whether a program scribbled over the memory that it shares with the recorder.
    pub damaged: bool,
    /// Whether the recording was stopped while programs were alive.
    pub stopped: bool,
    /// The source files that the code of the programs comes from, by name.
    pub sources: BTreeSet<String>,
}

/// Drains one session.
#[derive(Debug)]
pub struct Drain {
    session: Arc<Session>,
    writer: Writer,
    clock: Clock,
    /// Becomes readable, by the closing of its other end, when draining is to stop.
    stop: PipeReader,
    root: Process,
    images: Images,
    /// When the root is dead: processes that have not written yet.
    relatives: Vec<Process>,
    /// By ring.
    streams: Vec<Option<Stream>>,
    last_stream: u32,
    /// Where words are copied to before they are read.
    batch: Vec<u8>,
    lost: u64,
    damaged: bool,
    sources: SourceNames,
}

/// What one visit to all rings found.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    bytes: u64,
    /// The fullest ring, in percent.
    fullest: u64,
}

impl Drain {
    /// Begins with a session that nobody has attached to yet.
    pub fn new(
        session: Arc<Session>,
        writer: Writer,
        clock: Clock,
        root: Process,
        stop: PipeReader,
    ) -> Self {
        let options = session.page().options.load(Ordering::Relaxed);
        let images = Images::new(options & option::NATIVE != 0);
        let streams = Vec::new();
        Self {
            session,
            writer,
            clock,
            stop,
            root,
            images,
            relatives: Vec::new(),
            streams,
            last_stream: 0,
            batch: Vec::new(),
            lost: 0,
            damaged: false,
            sources: SourceNames::default(),
        }
    }

    /// Drains until the program is dead (and its children, if they are followed) or the other end
    /// of the pipe is closed.
    pub fn run(mut self) -> Drained {
        let follow = self.page().options.load(Ordering::Relaxed) & option::FOLLOW_CHILDREN != 0;
        let mut pace = Pace::new();
        let mut next_deaths = Microseconds(0);
        let mut stopped = false;
        loop {
            let now = self.clock.now();
            let root_is_dead = self.root.is_dead();
            if root_is_dead || now >= next_deaths {
                self.images.look_for_deaths();
                let interval = if self.images.are_several() {
                    SEVERAL_DEATHS_INTERVAL
                } else {
                    DEATHS_INTERVAL
                };
                next_deaths = Microseconds(now.0 + interval);
            }
            // All of this before the rings are visited: what was written before a death is then
            // found after it.
            let over = root_is_dead && !(follow && self.somebody_lives());
            let found = self.visit(now, over);
            self.answer();
            let page = self.session.page();
            self.images.observe(&self.clock, page, &self.writer);
            self.images.end_the_dead(now, &self.writer);
            if over {
                break;
            }
            let is_awaited = self.images.is_awaited(page);
            let pause = pace.next(found.bytes, found.fullest, is_awaited);
            if self.wait(pause, root_is_dead) {
                stopped = true;
                self.visit(self.clock.now(), false);
                break;
            }
        }
        self.finish(stopped)
    }

    /// Whether any process of the recording is left, when its root is dead.
    fn somebody_lives(&mut self) -> bool {
        if !self.images.all_are_dead() {
            return true;
        }
        self.relatives.retain_mut(|process| !process.is_dead());
        if self.relatives.is_empty() {
            let relatives = observe::relatives(&self.session.path());
            self.relatives
                .extend(relatives.into_iter().map(Process::watch));
        }
        !self.relatives.is_empty()
    }

    /// Visits all rings. `all_end`: nobody writes any more, so every stream ends with this visit.
    fn visit(&mut self, now: Microseconds, all_end: bool) -> Found {
        let session = Arc::clone(&self.session);
        let mut found = Found::default();
        let mut never_claimed = 0;
        session.page().tell_time(now);
        for (ring, header) in session.rings().iter().enumerate() {
            let state = header.state();
            match state {
                // Rings are claimed from the front, so what follows is unused too; a few may have
                // been given up before they had a capacity.
                RingState::Free if header.capacity.load(Ordering::Relaxed) == 0 => {
                    never_claimed += 1;
                    if never_claimed > GIVEN_UP {
                        break;
                    }
                    continue;
                }
                RingState::Free | RingState::Claimed => continue,
                RingState::Live | RingState::Closed => {}
            }
            if self.streams.len() <= ring {
                self.streams.resize_with(ring + 1, || None);
            }
            if self.streams[ring].is_none() {
                self.open(&session, ring, now);
            }
            let Some(stream) = &mut self.streams[ring] else {
                continue;
            };
            let ends = all_end
                || state == RingState::Closed
                || stream.is_due_for_a_check(now)
                    && self.images.thread_is_dead(stream.image(), stream.thread());
            let bytes = stream.drain(&session, now, &self.writer, &mut self.batch);
            found.bytes += bytes;
            found.fullest = found.fullest.max(bytes * 100 / stream.capacity());
            if ends && let Some(mut stream) = self.streams[ring].take() {
                self.images.stream_ended(stream.image());
                self.damaged |= stream.is_damaged();
                self.sources.add(stream.take_sources());
                self.lost += stream.end(&session, now, &self.writer);
            }
        }
        found
    }

    /// Does what somebody outside has asked for.
    fn answer(&mut self) {
        let (images, number) = (&self.images, self.last_stream + 1);
        let process = |image| images.process_of(image);
        let now = self.clock.now();
        if marks::write_asked(&self.session, number, now, process, &self.writer) {
            self.last_stream = number;
        }
    }

    /// Begins the stream of a ring that a thread has claimed.
    fn open(&mut self, session: &Session, ring: usize, now: Microseconds) {
        let header = &session.rings()[ring];
        let image = header.image.load(Ordering::Relaxed);
        let process = header.process.load(Ordering::Relaxed);
        self.images.stream_began(image, process, now, &self.writer);
        let number = self.last_stream + 1;
        if let Ok(stream) = Stream::begin(session, ring, number, now, &self.writer) {
            self.streams[ring] = Some(stream);
            self.last_stream = number;
        } else {
            // A header that makes no sense. Its thread, if there is one, waits for room, so it
            // must be told at every visit that there is some.
            self.images.stream_ended(image);
            self.damaged = true;
            header.consume(header.head());
        }
    }

    /// Sleeps, but not beyond the death of the program. Returns whether draining is to stop.
    fn wait(&self, pause: Duration, root_is_dead: bool) -> bool {
        // A negative descriptor is passed over.
        let root = self
            .root
            .descriptor()
            .filter(|_| !root_is_dead)
            .unwrap_or(-1);
        let entry = |descriptor| libc::pollfd {
            fd: descriptor,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut entries = [entry(self.stop.as_raw_fd()), entry(root)];
        let timeout = libc::timespec {
            tv_sec: pause.as_secs() as i64,
            tv_nsec: i64::from(pause.subsec_nanos()),
        };
        // SAFETY: both entries and the timeout outlive the call.
        unsafe {
            libc::ppoll(
                entries.as_mut_ptr(),
                2,
                &raw const timeout,
                std::ptr::null(),
            )
        };
        entries[0].revents != 0
    }

    fn finish(mut self, stopped: bool) -> Drained {
        let now = self.clock.now();
        for stream in self.streams.iter_mut().flatten() {
            stream.send(&self.writer);
            self.damaged |= stream.is_damaged();
            self.sources.add(stream.take_sources());
        }
        self.images.finish(now, &self.writer);
        Drained {
            images: self.page().images.load(Ordering::Relaxed),
            writer: self.writer,
            lost: self.lost,
            damaged: self.damaged,
            stopped,
            sources: self.sources.finish(),
        }
    }

    fn page(&self) -> &SessionPage {
        self.session.page()
    }
}
