//! The profile of what was born after a moment, from no more of a recording than it takes.

use super::build::build;
use super::replay_all::replay_window;
use super::take::reached;
use super::{Profile, ProfileError, Request};
use crate::recording::Recording;
use crate::replay::{Snapshot, Source, Window};

/// The profile of a span, as a whole replay would give it; `None` where only a whole replay can.
pub(super) fn take_window(
    recording: &Recording,
    source: &impl Source,
    request: &Request,
) -> Result<Option<Profile>, ProfileError> {
    // what a process inherits that is not asked for is born with the child of its fork
    if request.whole_replay || recording.spaces().iter().any(|space| !space.counts) {
        return Ok(None);
    }
    let (span, detail, atoms) = (request.moment.span(), request.detail, request.atoms());
    let types = detail.has_types();
    let Some(window) = Window::new(source, recording.streams(), &span, types)? else {
        return Ok(None);
    };
    // types are read at the death of an object, and questions may be about it
    let at_once = !types && atoms.is_empty();
    let snapshot = Snapshot::new(span, detail).asking(atoms);
    let snapshot = if at_once {
        snapshot.at_once()
    } else {
        snapshot
    };
    let Some(replay) = replay_window(recording, source, snapshot, &window)? else {
        return Ok(None);
    };
    let snapshot = &replay.observer;
    if !snapshot.came_in_order() {
        return Ok(None);
    }
    let Ok(state) = reached(snapshot, &replay.marks) else {
        return Ok(None);
    };
    let (definitions, rows) = (&replay.definitions, &replay.rows);
    let (found, moment) = (snapshot.totals(), request.moment.to_string());
    build(recording, definitions, rows, found, request, moment, state).map(Some)
}
