//! Making a profile: one replay of a recording, and names for what it found.

use super::build::build;
use super::nearest::suggestion;
use super::replay_all::replay;
use super::threads::list;
use super::window::take_window;
use super::{Profile, ProfileError, Request};
use crate::recording::Recording;
use crate::replay::{
    Bound, DetailedTotals, MarkSeen, Observer, Peak, Replay, ShortLife, ShortLived, Snapshot,
    Source, Span, Temporary,
};
use memprof_wire::event::MAIN_END;

/// The profile of a moment.
///
/// # Errors
///
/// When the file cannot be read, or knows no such moment or thread.
pub fn take(
    recording: &Recording,
    source: &impl Source,
    request: &Request,
) -> Result<Profile, ProfileError> {
    request.check()?;
    if let Some(profile) = take_window(recording, source, request)? {
        return Ok(profile);
    }
    Ok(take_beside(recording, source, request, ())?.0)
}

/// The profile of a moment, and what somebody else saw in the same replay.
///
/// # Errors
///
/// As [`fn@take`].
pub fn take_beside<O: Observer + Send>(
    recording: &Recording,
    source: &impl Source,
    request: &Request,
    observer: O,
) -> Result<(Profile, Replay<(Snapshot, O)>), ProfileError> {
    request.check()?;
    let snapshot = Snapshot::new(request.moment.span(), request.detail).asking(request.atoms());
    let replay = replay(recording, source, (snapshot, observer))?;
    let snapshot = &replay.observer.0;
    let state = reached(snapshot, &replay.marks)?;
    let found = snapshot.totals();
    let moment = request.moment.to_string();
    let profile = build(
        recording,
        &replay.definitions,
        &replay.rows,
        found,
        request,
        moment,
        state,
    )?;
    Ok((profile, replay))
}

/// The profile of short-lived blocks. Types, sizes and questions of a filter cost some time; without
/// `finely` there are none.
///
/// # Errors
///
/// When the file cannot be read, or knows no such thread.
pub fn take_temporary(
    recording: &Recording,
    source: &impl Source,
    short: ShortLife,
    finely: bool,
    request: &Request,
) -> Result<Profile, ProfileError> {
    request.check()?;
    match short {
        ShortLife::Within(within) if !finely => {
            let replay = replay(recording, source, Temporary::new(within))?;
            let found: Vec<_> = replay
                .observer
                .totals()
                .map(DetailedTotals::of_row)
                .collect();
            build_short_lived(recording, &replay, found, request)
        }
        _ => {
            let short_lived = ShortLived::new(short, request.detail, request.atoms());
            let replay = replay(recording, source, short_lived)?;
            let found = replay.observer.totals(&replay.rows).collect();
            build_short_lived(recording, &replay, found, request)
        }
    }
}

fn build_short_lived<O: Observer>(
    recording: &Recording,
    replay: &Replay<O>,
    found: Vec<DetailedTotals>,
    request: &Request,
) -> Result<Profile, ProfileError> {
    let state = Peak {
        time: replay.ledger.now,
        ..Peak::default()
    };
    build(
        recording,
        &replay.definitions,
        &replay.rows,
        found.into_iter(),
        request,
        "over the whole run".into(),
        state,
    )
}

/// The state of the heap at the end of a span, when it came. Only marks may never come.
///
/// # Errors
///
/// When it did not come, or before the span began.
pub fn reached(snapshot: &Snapshot, marks: &[MarkSeen]) -> Result<Peak, ProfileError> {
    let Span { after, until } = snapshot.span();
    let missing = |bound: &Bound| {
        if *bound == Bound::Mark(MAIN_END.to_owned()) {
            return ProfileError::NoMainEnd;
        }
        let labels: Vec<String> = marks.iter().map(MarkSeen::label).collect();
        let name = bound.to_string();
        ProfileError::NoSuchMark {
            near: suggestion(&name, labels.iter().map(String::as_str)),
            name,
            known: list(labels.into_iter()),
        }
    };
    let from = snapshot.after().ok_or_else(|| missing(after))?;
    let to = snapshot.until().ok_or_else(|| missing(until))?;
    if from.stamp > to.stamp {
        return Err(ProfileError::Backwards {
            after: after.to_string(),
            until: until.to_string(),
        });
    }
    Ok(to)
}
