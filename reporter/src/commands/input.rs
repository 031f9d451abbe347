//! Opening a recording, and saying what is wrong with it.

use super::failure::Failure;
use super::output;
use super::progress::Progress;
use crate::profile::{self, Profile, Request};
use crate::recording::Recording;
use crate::replay::{Observer, Replay, ShortLife, Snapshot};
use crate::report::{endings, notes};
use crate::symbols::Settings;
use memprof_wire::event::Note;
use std::path::{Path, PathBuf};

/// Which recording a report is about.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The file.
    pub path: PathBuf,
    /// One process alone; without it, all together.
    pub process: Option<u32>,
    /// How machine code is named.
    pub symbols: Settings,
}

impl Input {
    /// Another recording, whose machine code is named in the same way.
    #[must_use]
    pub fn other(&self, path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            process: None,
            symbols: self.symbols.clone(),
        }
    }

    /// Opens the recording.
    ///
    /// # Errors
    ///
    /// When it cannot be read, holds nothing, or does not know the process.
    pub fn open(&self) -> Result<Recording, Failure> {
        Ok(Recording::open(&self.path, self.process)?.naming(self.symbols.clone()))
    }
}

/// Replays a recording, with a progress bar when it takes long, and warns of what is missing.
///
/// # Errors
///
/// When the file cannot be read.
pub fn replay<O: Observer + Send>(
    recording: &Recording,
    observer: O,
) -> Result<Replay<O>, Failure> {
    let progress = Progress::new(recording);
    let replay = profile::replay(recording, &progress, observer)?;
    drop(progress);
    warn(recording);
    note(recording, &replay.definitions.notes);
    Ok(replay)
}

/// The same for an observer that cannot leave this thread.
///
/// # Errors
///
/// When the file cannot be read.
pub fn replay_here<O: Observer>(recording: &Recording, observer: O) -> Result<Replay<O>, Failure> {
    let replay = replay_silently(recording, observer)?;
    warn(recording);
    note(recording, &replay.definitions.notes);
    Ok(replay)
}

/// The same without warnings, for those who replay a recording once more.
///
/// # Errors
///
/// When the file cannot be read.
pub fn replay_silently<O: Observer>(
    recording: &Recording,
    observer: O,
) -> Result<Replay<O>, Failure> {
    let progress = Progress::new(recording);
    Ok(profile::replay_here(recording, &progress, observer)?)
}

/// The profile of a moment, with a progress bar when it takes long, and warns of what is missing.
///
/// # Errors
///
/// When the file cannot be read, or does not know the moment or the thread.
pub fn profile(recording: &Recording, request: &Request) -> Result<Profile, Failure> {
    let progress = Progress::new(recording);
    let profile = profile::take(recording, &progress, request)?;
    drop(progress);
    warn(recording);
    note(recording, &profile.notes);
    note_of_nothing(request, &profile);
    Ok(profile)
}

/// The profile of a moment, as [`fn@profile`], and what somebody else saw in the same replay.
///
/// # Errors
///
/// As [`fn@profile`].
pub fn profile_beside<O: Observer + Send>(
    recording: &Recording,
    request: &Request,
    observer: O,
) -> Result<(Profile, Replay<(Snapshot, O)>), Failure> {
    let progress = Progress::new(recording);
    let (profile, replay) = profile::take_beside(recording, &progress, request, observer)?;
    drop(progress);
    warn(recording);
    note(recording, &profile.notes);
    note_of_nothing(request, &profile);
    Ok((profile, replay))
}

/// The profile of short-lived blocks, as [`fn@profile`].
///
/// # Errors
///
/// When the file cannot be read, or does not know the thread.
pub fn temporary(
    recording: &Recording,
    short: ShortLife,
    finely: bool,
    request: &Request,
) -> Result<Profile, Failure> {
    let progress = Progress::new(recording);
    let profile = profile::take_temporary(recording, &progress, short, finely, request)?;
    drop(progress);
    warn(recording);
    note(recording, &profile.notes);
    note_of_nothing(request, &profile);
    Ok(profile)
}

/// Says on standard error that a filter lets nothing through: perhaps a name is wrong.
fn note_of_nothing(request: &Request, profile: &Profile) {
    if request.filter.is_some() && profile.rows.is_empty() {
        output::say(
            "nothing passes the filter: --by type, --by site and so on, without it, tell what \
             names there are",
        );
    }
}

/// Says on standard error what a report is about, where that is not obvious, and why a recording
/// is not all that happened.
pub fn warn(recording: &Recording) {
    let processes = recording.processes().len();
    if processes > 1 {
        output::say(format_args!(
            "{processes} processes together; what a fork inherited counts where it was allocated \
             (--process PID for one, memprof info for the list)"
        ));
    }
    if let Some(reason) = recording.condition().reason {
        output::say(format_args!("this recording is incomplete: {reason}"));
    }
    let ending = recording.reader().ending();
    if let Some(killed) = ending
        .filter(|it| endings::is_abrupt(it))
        .and_then(endings::killed)
    {
        output::say(format_args!("{killed}; --at end is what was alive then"));
    }
    match recording.lost() {
        0 => {}
        lost => output::say(format_args!(
            "{lost} events were lost: totals are lower bounds"
        )),
    }
}

/// Says on standard error what a recording has to say about itself.
fn note(recording: &Recording, notes: &[Note]) {
    for sentence in notes::sentences(recording, notes) {
        output::say(format_args!("note: {sentence}"));
    }
}
