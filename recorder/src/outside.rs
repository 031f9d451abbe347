//! Asking something of a recording while it runs, from any other process: to mark this moment, or to
//! take a census of what is alive.
//!
//! ```no_run
//! use memprof_recorder::outside::{Answer, Recorded};
//!
//! # fn main() -> Result<(), memprof_recorder::outside::OutsideError> {
//! let recorded = Recorded::find(4711)?;
//! recorded.mark("loaded")?;
//! let mut census = recorded.request_census("loaded")?;
//! while let Answer::Waiting { .. } = census.poll()? {
//!     // draw a screen, or sleep; to drop it is to give up
//! }
//! # Ok(())
//! # }
//! ```
//!
//! How a request gets there is told in [`memprof_wire::request`]. The program under test does
//! nothing for a mark; for a census it has to allocate or free something, with the interpreter's
//! lock held, as every Python program does all the time unless it sleeps.

mod census;
mod find;
mod lock;

#[cfg(test)]
mod tests;

pub use census::{Answer, PendingCensus};

use crate::process::Process;
use crate::session::Session;
use lock::Lock;
use memprof_wire::codec::MAX_TEXT;
use memprof_wire::request::{RequestKind, Stage, Ticket};
use memprof_wire::units::Microseconds;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// How long the recorder may take: it looks at least fifty times a second.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(1);

/// Why nothing was asked, or no answer came.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// There is no such process.
    #[error("there is no process {0}")]
    NoSuchProcess(u32),
    /// Another user's, or one that may not be looked into.
    #[error("process {0} cannot be looked into: it belongs to another user, or protects itself")]
    NotOurs(u32),
    /// It is not being recorded.
    #[error("process {0} is not being recorded: start it with memprof run")]
    NotRecorded(u32),
    /// It was started by a program that is.
    #[error(
        "process {0} is not being recorded, though its parent is: memprof run --follow-children \
         records children, too"
    )]
    NotFollowed(u32),
    /// Its recorder is of another version.
    #[error("process {process} is being recorded by another version of memprof ({recorder})")]
    OtherVersion {
        /// The process.
        process: u32,
        /// The recorder's process.
        recorder: u32,
    },
    /// Its recorder has ended.
    #[error("the recording of process {0} has ended")]
    Ended(u32),
    /// It is only just beginning, or just ending.
    #[error("process {0} has recorded nothing yet, or nothing any more")]
    NotNow(u32),
    /// Others ask all the time.
    #[error("somebody else is asking something of this recording: try again")]
    Busy,
    /// The recorder does nothing.
    #[error("the recorder (process {0}) does not answer: is it stopped?")]
    Silent(u32),
    /// A census is not possible.
    #[error(
        "process {0} has no objects whose types can be read: it is no Python, or types were not \
         recorded, or its allocator or version is one that memprof does not know"
    )]
    NoCensus(u32),
    /// The system refused something.
    #[error("cannot reach the recording of process {process}: {source}")]
    System {
        /// The process.
        process: u32,
        /// Why not.
        source: io::Error,
    },
}

/// A process that is being recorded, and its recording.
#[derive(Debug)]
pub struct Recorded {
    /// The process as it was asked for.
    process: u32,
    recorder: u32,
    session: Session,
    /// The program that runs in the process.
    image: u32,
}

impl Recorded {
    /// Finds the recording of a process. The number of the recorder itself stands for the program
    /// that it started.
    ///
    /// # Errors
    ///
    /// When there is no such process, it is not being recorded, or it is not ours.
    pub fn find(process: u32) -> Result<Self, OutsideError> {
        let (recorder, path) = find::session_of(process)?;
        let session = Session::open(&path).map_err(|source| match source.kind() {
            io::ErrorKind::InvalidData => OutsideError::OtherVersion { process, recorder },
            io::ErrorKind::NotFound => OutsideError::Ended(process),
            _ => OutsideError::System { process, source },
        })?;
        if session.page().recorder_is_dead() {
            return Err(OutsideError::Ended(process));
        }
        let image = find::image_of(&session, process, recorder)?;
        Ok(Self {
            process,
            recorder,
            session,
            image,
        })
    }

    /// The process of the recorder.
    pub fn recorder(&self) -> u32 {
        self.recorder
    }

    /// Marks this moment; it stands in the recording when this returns. Returns the time, as
    /// reports will tell it.
    ///
    /// # Errors
    ///
    /// When the recorder does not answer.
    pub fn mark(&self, name: &str) -> Result<Microseconds, OutsideError> {
        let lock = self.lock()?;
        let (ticket, time) = self.ask(RequestKind::Mark, name);
        let begun = Instant::now();
        let page = self.session.page();
        loop {
            match page.request.stage(ticket) {
                Stage::Done => break,
                Stage::Refused | Stage::Nothing => return Err(OutsideError::NotNow(self.process)),
                Stage::Asked | Stage::Taken if page.recorder_is_dead() => {
                    return Err(OutsideError::Ended(self.process));
                }
                Stage::Asked if begun.elapsed() > PATIENCE && page.request.withdraw(ticket) => {
                    return Err(OutsideError::Silent(self.recorder));
                }
                Stage::Asked | Stage::Taken => thread::sleep(PAUSE),
            }
        }
        drop(lock);
        Ok(time)
    }

    /// Asks for a census, to be taken where the program next can, and marked there by this name.
    /// The program goes on until then; whoever asked looks by [`PendingCensus::poll`] now and then.
    ///
    /// # Errors
    ///
    /// When no census is possible, or somebody else asks something of this recording.
    pub fn request_census(self, name: &str) -> Result<PendingCensus, OutsideError> {
        if !self.session.page().census_is_possible(self.image) {
            return Err(OutsideError::NoCensus(self.process));
        }
        let lock = self.lock()?;
        let (ticket, _) = self.ask(RequestKind::Census, name);
        let process = Process::watch(self.process);
        Ok(PendingCensus::new(self, ticket, process, lock))
    }

    fn lock(&self) -> Result<Lock, OutsideError> {
        Lock::take(self.session.file(), PATIENCE)
            .map_err(|source| OutsideError::System {
                process: self.process,
                source,
            })?
            .ok_or(OutsideError::Busy)
    }

    /// Takes a turn, so that this moment has a place in the order of events.
    fn ask(&self, kind: RequestKind, name: &str) -> (Ticket, Microseconds) {
        let page = self.session.page();
        let (turn, time) = (page.next_turn(), page.time());
        // a letter of several bytes is not cut in two
        let mut length = name.len().min(MAX_TEXT);
        while !name.is_char_boundary(length) {
            length -= 1;
        }
        let (request, name) = (&page.request, &name.as_bytes()[..length]);
        let ticket = request.ask(kind, self.image, name, turn, time);
        (ticket, time)
    }
}
