//! Making a profile: one replay of a recording, and names for what it found.

use super::filter::{Filter, Subject};
use super::group::no_object;
use super::nearest::suggestion;
use super::{Age, Moment, NameId, Profile, ProfileRow, Resolver, Sources, Starts, Thread, Totals};
use crate::hashing::NumberMap;
use crate::recording::Recording;
use crate::replay::{
    ATOMS, Answers, Atom, Atoms, Bound, Definitions, Detail, DetailedTotals, MarkSeen, Observer,
    Order, Peak, Replay, ReplayError, Rows, ShortLife, ShortLived, Snapshot, Source, Span,
    StreamIndex, StreamSource, Temporary, drive_on_two_cores,
};
use memprof_wire::allocator::Allocator;
use memprof_wire::event::MAIN_END;
use memprof_wire::units::TypeId;
use std::num::NonZero;
use std::thread::available_parallelism;

/// What is asked of a recording.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The moment.
    pub moment: Moment,
    /// Only what these threads allocated: by number or by name.
    pub thread: Option<String>,
    /// Whether types or sizes are told apart.
    pub detail: Detail,
    /// Only what passes this.
    pub filter: Option<Filter>,
    /// Whether ages are told apart.
    pub ages: bool,
}

impl Request {
    /// The questions about single blocks that have to be answered: those of its filter come first.
    pub fn atoms(&self) -> Atoms {
        let mut atoms = self.filter_atoms().to_vec();
        if self.ages {
            atoms.extend(Age::questions());
        }
        Atoms::new(atoms)
    }

    fn filter_atoms(&self) -> &[Atom] {
        self.filter.as_ref().map_or(&[], Filter::atoms)
    }

    /// The range of ages that blocks are in, if that was asked for.
    fn age(&self, answers: Answers) -> Option<Age> {
        self.ages
            .then(|| Age::of(answers, self.filter_atoms().len()))
    }

    /// Whether all that is asked can be asked at once.
    ///
    /// # Errors
    ///
    /// When there are too many questions.
    pub fn check(&self) -> Result<(), ProfileError> {
        let room = ATOMS - Age::QUESTIONS;
        if self.ages && self.filter_atoms().len() > room {
            return Err(ProfileError::TooManyConditions(room));
        }
        Ok(())
    }
}

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The recording cannot be read.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// There is no such mark.
    #[error("there is no mark {name:?} in this recording{near}; it has {known}")]
    NoSuchMark {
        /// The nearest one, if one is near, in words.
        near: String,
        /// Which.
        name: String,
        /// Those that are there.
        known: String,
    },
    /// Nobody saw the end of the program's own code.
    #[error(
        "this recording does not tell where the program's own code ended: it is no Python program, \
         was killed, or left by os._exit; --at end is the nearest moment"
    )]
    NoMainEnd,
    /// The span ends before it begins.
    #[error("{until} comes before {after}: give the earlier one first")]
    Backwards {
        /// The first.
        after: String,
        /// The second.
        until: String,
    },
    /// More conditions in a filter than there is room for beside ages.
    #[error(
        "--by age leaves room for {0} different conditions on sizes, times and marks in a filter"
    )]
    TooManyConditions(usize),
    /// A format that tells of the whole run, from its beginning to its end.
    #[error("{0} tells of the whole run: it takes no moment; csv, json, massif and the others do")]
    WholeOnly(&'static str),
    /// There is no such thread.
    #[error("there is no thread {wanted:?} in this recording; it has {known}")]
    NoSuchThread {
        /// Which.
        wanted: String,
        /// Those that are there.
        known: String,
    },
}

/// Bytes of events below which a second thread takes longer to start than it would save.
const WORTH_TWO_CORES: u64 = 1 << 20;

fn is_several(cores: NonZero<usize>) -> bool {
    cores.get() > 1
}

/// Replays all events of a recording for an observer, which may be on another thread.
///
/// # Errors
///
/// When the file cannot be read.
pub fn replay<O: Observer + Send>(
    recording: &Recording,
    source: &impl Source,
    observer: O,
) -> Result<Replay<O>, ReplayError> {
    let mut order = Order::new(source, recording.streams())?;
    let (streams, spaces) = (recording.streams(), recording.spaces());
    let mut replay = Replay::of_spaces(recording.page_size(), observer, streams, spaces);
    replay.definitions.calls.set_unloads(recording.unloads());
    if recording.event_bytes() >= WORTH_TWO_CORES && available_parallelism().is_ok_and(is_several) {
        drive_on_two_cores(&mut order, &mut replay)?;
    } else {
        order.drive(&mut replay)?;
    }
    replay.finish();
    Ok(replay)
}

/// The same for an observer that cannot leave this thread.
///
/// # Errors
///
/// When the file cannot be read.
pub fn replay_here<O: Observer>(
    recording: &Recording,
    source: &impl Source,
    observer: O,
) -> Result<Replay<O>, ReplayError> {
    let mut order = Order::new(source, recording.streams())?;
    let (streams, spaces) = (recording.streams(), recording.spaces());
    let mut replay = Replay::of_spaces(recording.page_size(), observer, streams, spaces);
    replay.definitions.calls.set_unloads(recording.unloads());
    order.drive(&mut replay)?;
    replay.finish();
    Ok(replay)
}

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

fn build(
    recording: &Recording,
    definitions: &Definitions,
    rows: &Rows,
    found: impl Iterator<Item = DetailedTotals>,
    request: &Request,
    moment: String,
    state: Peak,
) -> Result<Profile, ProfileError> {
    let found = found.map(|found| (found, ()));
    let recorded = (recording, definitions, rows);
    Ok(build_tagged(recorded, found, request, moment, state)?.0)
}

/// A profile of rows that are told apart by one property more; that of each row stands beside it.
pub(super) fn build_tagged<T: Copy + Ord + std::hash::Hash>(
    (recording, definitions, rows): (&Recording, &Definitions, &Rows),
    found: impl Iterator<Item = (DetailedTotals, T)>,
    request: &Request,
    moment: String,
    state: Peak,
) -> Result<(Profile, Vec<T>), ProfileError> {
    let threads = threads(definitions, recording.streams());
    let wanted = wanted_threads(&threads, request.thread.as_deref())?;
    let native = recording.native_names();
    let mut resolver = Resolver::new(definitions, &native);
    let mut merged: NumberMap<Merged<T>, Totals> = NumberMap::default();
    for (found, tag) in found {
        let DetailedTotals {
            row,
            type_id,
            size,
            answers,
            totals,
        } = found;
        let row = rows.get(row);
        if !wanted[row.stream.0 as usize] {
            continue;
        }
        let stack = resolver.stack(row.call);
        let kind = match type_id {
            Some(TypeId::UNKNOWN) => Some(resolver.intern(&no_object(row.allocator))),
            Some(type_id) => {
                let name = definitions.type_name(type_id);
                name.map(|name| resolver.intern(name))
            }
            None => None,
        };
        let kind = kind.map_or(NO_KIND, |kind| kind.0);
        let size = size.unwrap_or(NO_SIZE);
        let allocator = row.allocator as u8;
        let key = (stack.0, row.stream.0, allocator, kind, size, tag, answers.0);
        *merged.entry(key).or_default() += totals;
    }
    let stacks = resolver.finish();
    let folder = recording.facts().folder.clone();
    let mut subject = Subject::new(&stacks, &threads, &folder);
    let mut merged: Vec<_> = merged.into_iter().collect();
    merged.sort_unstable_by_key(|(key, _)| *key);
    let mut rows: Vec<(ProfileRow, T)> = Vec::with_capacity(merged.len());
    for ((stack, thread, allocator, kind, size, tag, answers), totals) in merged {
        let row = ProfileRow {
            stack: super::StackId(stack),
            thread,
            allocator: Allocator::from_number(allocator).expect("it was made from one"),
            kind: (kind != NO_KIND).then_some(NameId(kind)),
            size: (size != NO_SIZE).then_some(size),
            age: request.age(Answers(answers)),
            totals,
        };
        subject.stack = row.stack;
        subject.thread = row.thread;
        subject.allocator = row.allocator;
        subject.kind = row.kind;
        let filter = request.filter.as_ref();
        if filter.is_some_and(|filter| !filter.passes(&mut subject, Answers(answers))) {
            continue;
        }
        match rows.last_mut() {
            Some((last, its)) if *its == tag && last.is_like(&row) => last.totals += totals,
            _ => rows.push((row, tag)),
        }
    }
    rows.retain(|(row, _)| !row.totals.is_zero());
    let (rows, tags): (Vec<ProfileRow>, Vec<T>) = rows.into_iter().unzip();
    drop(subject);
    let profile = Profile {
        moment,
        time: state.time.0 as f64 / 1e6,
        total: rows.iter().map(|row| row.totals).sum(),
        files: state.files,
        reserved: state.reserved,
        rows,
        stacks,
        threads,
        starts: Starts::new(definitions),
        sources: Sources::default(),
        folder,
        complete: recording.condition().complete,
        has_types: definitions.has_types(),
        notes: definitions.notes.clone(),
    };
    Ok((profile, tags))
}

/// What tells rows apart: stack, thread, allocator, type, size, tag and answers.
type Merged<T> = (u32, u32, u8, u32, u64, T, u16);

const NO_KIND: u32 = u32::MAX;
const NO_SIZE: u64 = u64::MAX;

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
fn list(names: impl Iterator<Item = String>) -> String {
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
