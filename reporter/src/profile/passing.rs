//! Which of what a replay found passes a filter, for reports that are made of more than one moment.
//!
//! A [`Profile`](super::Profile) is filtered while it is built. A report that puts several things
//! side by side (what is alive, what was ever allocated) looks at the rows of the replay itself.

use super::filter::{Filter, Subject};
use super::group::no_object;
use super::threads::{threads, wanted_threads};
use super::{NameId, ProfileError, Resolver, StackId, Stacks, Thread};
use crate::hashing::NumberMap;
use crate::recording::Recording;
use crate::replay::{Answers, Definitions, DetailedTotals, RowId, Rows};
use crate::symbols::NativeNames;
use memprof_wire::units::TypeId;

/// Threads and a filter, and what it takes to ask them.
#[derive(Debug)]
pub struct Passing<'a> {
    filter: Option<&'a Filter>,
    rows: &'a Rows,
    thread: Option<String>,
    wanted: Vec<bool>,
    threads: Vec<Thread>,
    folder: &'a str,
    stacks: Stacks,
    /// The stack of each row; without a filter none.
    of_row: Vec<StackId>,
    kinds: NumberMap<u32, NameId>,
    /// What blocks are called that are no objects, by row.
    no_objects: Vec<NameId>,
}

impl<'a> Passing<'a> {
    /// Of a recording that was replayed: only what these threads allocated, by number or name, and
    /// what passes this filter.
    ///
    /// # Errors
    ///
    /// When there is no such thread.
    pub fn new(
        recording: &'a Recording,
        definitions: &Definitions,
        rows: &'a Rows,
        thread: Option<&str>,
        filter: Option<&'a Filter>,
    ) -> Result<Self, ProfileError> {
        let threads = threads(definitions, recording.streams());
        let wanted = wanted_threads(&threads, thread)?;
        let native = filter.map_or_else(NativeNames::default, |_| recording.native_names());
        let mut resolver = Resolver::new(definitions, &native);
        let (mut of_row, mut no_objects) = (Vec::new(), Vec::new());
        let mut kinds = NumberMap::default();
        if filter.is_some() {
            for number in 0..rows.count_of_numbers() {
                let row = rows.get(RowId(number as u32));
                of_row.push(resolver.stack(row.call));
                no_objects.push(resolver.intern(&no_object(row.allocator)));
            }
            for (type_id, name) in definitions.types() {
                kinds.insert(type_id.0, resolver.intern(name));
            }
        }
        Ok(Self {
            filter,
            rows,
            thread: thread.map(str::to_owned),
            wanted,
            threads,
            folder: &recording.facts().folder,
            stacks: resolver.finish(),
            of_row,
            kinds,
            no_objects,
        })
    }

    /// What is asked for, in words; `None` where it is everything.
    pub fn to_text(&self) -> Option<String> {
        in_words(self.thread.as_deref(), self.filter)
    }

    /// Somebody who can be asked.
    pub fn ask(&self) -> Asking<'_> {
        Asking {
            passing: self,
            subject: Subject::new(&self.stacks, &self.threads, self.folder),
        }
    }
}

/// What of a recording is asked for, in words; `None` where it is everything.
pub fn in_words(thread: Option<&str>, filter: Option<&Filter>) -> Option<String> {
    let thread = thread.map(|thread| format!("thread {thread}"));
    let parts: Vec<String> = thread
        .into_iter()
        .chain(filter.map(ToString::to_string))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Answers for one row after the other.
pub struct Asking<'a> {
    passing: &'a Passing<'a>,
    subject: Subject<'a>,
}

impl Asking<'_> {
    /// Whether what was found passes.
    pub fn found(&mut self, found: &DetailedTotals) -> bool {
        self.passes(found.row, found.type_id, found.answers)
    }

    /// Whether blocks of a row and type pass for which these are the answers.
    pub fn passes(&mut self, row: RowId, type_id: Option<TypeId>, answers: Answers) -> bool {
        let passing = self.passing;
        let of = passing.rows.get(row);
        if !passing.wanted[of.stream.0 as usize] {
            return false;
        }
        let Some(filter) = passing.filter else {
            return true;
        };
        self.subject.stack = passing.of_row[row.0 as usize];
        self.subject.thread = of.stream.0;
        self.subject.allocator = of.allocator;
        self.subject.kind = match type_id {
            Some(TypeId::UNKNOWN) => Some(passing.no_objects[row.0 as usize]),
            Some(type_id) => passing.kinds.get(&type_id.0).copied(),
            None => None,
        };
        filter.passes(&mut self.subject, answers)
    }
}
