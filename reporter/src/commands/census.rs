//! `memprof census`

use super::mark::{recording_of, within};
use super::{Failure, output};
use crate::report::measure::Seconds;
use memprof_recorder::outside::{Answer, Recorded};
use memprof_wire::units::Microseconds;
use std::thread;
use std::time::{Duration, Instant};

/// So long a program may sleep before anybody is told that it does.
const SAID_AFTER: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(2);

/// Has everything alive in a process looked at while it runs, and the moment marked.
///
/// # Errors
///
/// When the process is not being recorded or has no types, or when it has done nothing for so long
/// that the request was taken back.
pub fn run(process: u32, name: &str, wait: Microseconds) -> Result<(), Failure> {
    let recorded = Recorded::find(process)?;
    let file = recording_of(&recorded);
    let mut census = recorded.request_census(name)?;
    let (begun, wait) = (Instant::now(), Duration::from_micros(wait.0));
    let mut said = false;
    loop {
        match census.poll()? {
            Answer::Done { took } => {
                output::say(format_args!(
                    "a census was taken in {} and marked {name:?}{}",
                    Seconds(took.0 as f64 / 1e6),
                    within(file.as_ref())
                ));
                return Ok(());
            }
            Answer::Waiting { taken: false } if begun.elapsed() > wait => {
                return Err(Failure::Idle { process, wait });
            }
            Answer::Waiting { taken: false } if !said && begun.elapsed() > SAID_AFTER => {
                said = true;
                output::say(format_args!(
                    "the request waits: process {process} is not running Python code"
                ));
            }
            Answer::Waiting { .. } => thread::sleep(PAUSE),
        }
    }
}
