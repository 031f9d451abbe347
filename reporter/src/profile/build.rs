//! From the rows of a replay to those of a profile: they get names, are filtered, and those that are alike become one.

use super::filter::Subject;
use super::group::no_object;
use super::threads::{threads, wanted_threads};
use super::{
    NameId, Profile, ProfileError, ProfileRow, Request, Resolver, Sources, Starts, Totals,
};
use crate::hashing::NumberMap;
use crate::recording::Recording;
use crate::replay::{Answers, Definitions, DetailedTotals, Peak, Rows};
use memprof_wire::allocator::Allocator;
use memprof_wire::units::TypeId;

/// A profile of rows.
pub(super) fn build(
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
    for (found, tag) in in_order(definitions, rows, found) {
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

/// What was found, in an order that does not depend on when it was: rows of a profile that are alike
/// in what a report sorts by come in this one.
fn in_order<T: Copy + Ord>(
    definitions: &Definitions,
    rows: &Rows,
    found: impl Iterator<Item = (DetailedTotals, T)>,
) -> Vec<(DetailedTotals, T)> {
    let mut found: Vec<_> = found.collect();
    found.sort_by(|(one, its), (other, others)| {
        let place = |found: &DetailedTotals| {
            let row = rows.get(found.row);
            (row.call, row.stream, row.allocator as u8)
        };
        let name = |found: &DetailedTotals| {
            let named = found
                .type_id
                .and_then(|type_id| definitions.type_name(type_id));
            (found.type_id == Some(TypeId::UNKNOWN), named)
        };
        let rest = |found: &DetailedTotals| (found.size, found.answers);
        place(one)
            .cmp(&place(other))
            .then_with(|| name(one).cmp(&name(other)))
            .then_with(|| rest(one).cmp(&rest(other)))
            .then_with(|| its.cmp(others))
    });
    found
}

/// What tells rows apart: stack, thread, allocator, type, size, tag and answers.
type Merged<T> = (u32, u32, u8, u32, u64, T, u16);

const NO_KIND: u32 = u32::MAX;
const NO_SIZE: u64 = u64::MAX;
