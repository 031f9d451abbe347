//! The threads of a recording, and those of them that were asked for.

use super::{ProfileError, Thread};
use crate::replay::{Definitions, StreamIndex, StreamSource};

/// The threads of an image, in the order of their streams.
pub fn threads(definitions: &Definitions, streams: &[StreamSource]) -> Vec<Thread> {
    let name = |index: usize| definitions.thread_names(StreamIndex(index as u32)).last();
    streams
        .iter()
        .enumerate()
        .map(|(index, stream)| Thread {
            id: stream.thread,
            name: name(index).cloned().unwrap_or_default(),
            process: stream.process,
        })
        .collect()
}

/// Whether each thread was asked for, by its number or its name; without a wish all are.
///
/// # Errors
///
/// When none is called so.
pub fn wanted_threads(threads: &[Thread], wanted: Option<&str>) -> Result<Vec<bool>, ProfileError> {
    let Some(wanted) = wanted else {
        return Ok(vec![true; threads.len()]);
    };
    let chosen: Vec<bool> = threads
        .iter()
        .map(|thread| thread.name == wanted || thread.id.to_string() == wanted)
        .collect();
    if chosen.contains(&true) {
        return Ok(chosen);
    }
    let real = threads.iter().filter(|thread| thread.is_real());
    let known = real.map(|thread| match thread.name.as_str() {
        "" => thread.id.to_string(),
        name => format!("{} ({name})", thread.id),
    });
    Err(ProfileError::NoSuchThread {
        wanted: wanted.to_owned(),
        known: list(known),
    })
}

/// A few names for an error message.
pub(super) fn list(names: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 10;
    let mut names: Vec<String> = names.collect();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    match (names.is_empty(), more) {
        (true, _) => "none".to_owned(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{} and {more} more", names.join(", ")),
    }
}
