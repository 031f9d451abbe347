//! A census that was asked for and is still to be taken.

use super::lock::Lock;
use super::{OutsideError, Recorded};
use crate::process::Process;
use memprof_wire::request::{Stage, Ticket};
use memprof_wire::units::Microseconds;

/// A census on its way. To drop it is to take the request back, unless a thread is at it.
#[derive(Debug)]
pub struct PendingCensus {
    recorded: Recorded,
    ticket: Ticket,
    process: Process,
    _lock: Lock,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Not done yet.
    Waiting {
        /// Whether a thread of the program is at it.
        taken: bool,
    },
    /// It stands in the recording, behind the mark of its name.
    Done {
        /// How long the program stood still.
        took: Microseconds,
    },
}

impl PendingCensus {
    pub(super) fn new(recorded: Recorded, ticket: Ticket, process: Process, lock: Lock) -> Self {
        Self {
            recorded,
            ticket,
            process,
            _lock: lock,
        }
    }

    /// Looks how far it is; returns at once.
    ///
    /// # Errors
    ///
    /// When it cannot be taken, or the program or its recorder has ended.
    pub fn poll(&mut self) -> Result<Answer, OutsideError> {
        let process = self.recorded.process;
        let page = self.recorded.session.page();
        // asked before the stage is read, so that what was done before an end counts
        let is_over = page.recorder_is_dead() || self.process.is_dead();
        match page.request.stage(self.ticket) {
            Stage::Done => Ok(Answer::Done {
                took: page.request.took(),
            }),
            Stage::Refused => Err(OutsideError::NoCensus(process)),
            Stage::Nothing => Err(OutsideError::Busy),
            Stage::Asked | Stage::Taken if is_over => Err(OutsideError::Ended(process)),
            Stage::Asked => Ok(Answer::Waiting { taken: false }),
            Stage::Taken => Ok(Answer::Waiting { taken: true }),
        }
    }
}

impl Drop for PendingCensus {
    fn drop(&mut self) {
        self.recorded.session.page().request.withdraw(self.ticket);
    }
}
