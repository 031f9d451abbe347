//! What the screen asks of the recording that it shows: a mark, or a census of what is alive.

use crate::report::measure::Seconds;
use memprof_recorder::outside::{Answer, OutsideError, PendingCensus, Recorded};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// So long a program may do nothing before the request is taken back: it may sleep for hours.
const PATIENCE: Duration = Duration::from_secs(3);

/// Marks this moment in the recording of a process. Returns what to tell the user.
pub fn mark(process: u32, name: &str) -> String {
    match Recorded::find(process).and_then(|recorded| recorded.mark(name)) {
        Ok(time) => format!(
            "marked {name:?} at {} in the recording, too",
            Seconds(time.0 as f64 / 1e6)
        ),
        Err(error) => format!("marked on this screen only: {error}"),
    }
}

/// Censuses that were asked for, of one process after the other.
#[derive(Debug, Default)]
pub struct Censuses {
    /// Processes that are still to be asked.
    waiting: VecDeque<u32>,
    pending: Option<(u32, PendingCensus, Instant)>,
    done: u32,
    /// Why one was not taken.
    failed: Option<String>,
}

impl Censuses {
    /// Asks each of these processes for a census, unless that is being done.
    pub fn ask(&mut self, processes: &[u32]) {
        if self.pending.is_none() && self.waiting.is_empty() {
            *self = Self::default();
            self.waiting.extend(processes);
        }
    }

    /// Goes on without waiting. Returns what to tell the user when something has come of it.
    pub fn poll(&mut self) -> Option<String> {
        if self.pending.is_none() {
            let process = self.waiting.pop_front()?;
            let asked =
                Recorded::find(process).and_then(|recorded| recorded.request_census("live"));
            match asked {
                Ok(pending) => self.pending = Some((process, pending, Instant::now())),
                Err(error) => self.fail(&error),
            }
        }
        if let Some((process, pending, since)) = &mut self.pending {
            match pending.poll() {
                Ok(Answer::Waiting { taken }) if taken || since.elapsed() < PATIENCE => {
                    return Some(format!("waiting for the census of process {process} …"));
                }
                Ok(Answer::Waiting { .. }) => {
                    self.failed = Some(format!("process {process} runs no Python code at present"));
                }
                Ok(Answer::Done { .. }) => self.done += 1,
                Err(error) => self.fail(&error),
            }
            self.pending = None;
        }
        self.waiting.is_empty().then(|| self.outcome())
    }

    fn fail(&mut self, error: &OutsideError) {
        self.failed = Some(error.to_string());
    }

    fn outcome(&mut self) -> String {
        match (self.done, self.failed.take()) {
            (0, Some(failed)) => format!("no census: {failed}"),
            (1, None) => "a census was taken: the types show it in a moment".to_owned(),
            (done, None) => format!("{done} censuses were taken: the types show them in a moment"),
            (done, Some(failed)) => {
                format!("{done} censuses were taken, and one was not: {failed}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Censuses, mark};

    #[test]
    fn what_is_not_recorded_is_not_asked() {
        let this = std::process::id();
        assert!(mark(this, "here").starts_with("marked on this screen only: "));
        let mut censuses = Censuses::default();
        assert_eq!(censuses.poll(), None);
        censuses.ask(&[this, this]);
        assert_eq!(censuses.poll(), None, "the second is still to be asked");
        let said = censuses.poll().expect("all were asked");
        assert!(said.starts_with("no census: "), "{said}");
        assert_eq!(censuses.poll(), None);
    }
}
