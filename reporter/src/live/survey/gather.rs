//! Taking a [`Survey`] of a recording that is followed.

use super::processes::{observed, processes};
use super::rates::{Counts, Rates};
use super::{Entry, Looked, Node, Rate, Survey, Values};
use crate::hashing::NumberMap;
use crate::live::follow::{Condition, Follower, Programs};
use crate::live::places::{Places, printable};
use crate::live::resident::resident;
use crate::live::tally::{Living, Tally};
use crate::profile::group::NO_FRAME;
use crate::profile::{StackId, Totals};
use crate::replay::{Definitions, RowId, SpaceIndex, StreamIndex};
use std::collections::HashMap;
use std::rc::Rc;

/// Resident samples that are kept; when there are more, every second one goes.
const RESIDENT_SAMPLES: usize = 2000;

/// Takes one survey after the other, and remembers what they have in common.
#[derive(Default)]
pub struct Surveyor {
    generation: u32,
    places: Places,
    modules: usize,
    rates: Rates,
    resident_samples: Vec<(f64, u64)>,
    observed: bool,
    /// What was alive of each row at the mark, and when that was.
    mark: Option<(f64, Vec<Totals>)>,
}

impl Surveyor {
    /// Notes what is alive now: later surveys tell what has come since.
    pub fn mark(&mut self, follower: &Follower) {
        let replay = &follower.programs().replay;
        let rows = (0..replay.rows.count_of_numbers() as u32).map(RowId);
        let totals = rows.map(|row| replay.observer.0.now(row)).collect();
        self.mark = Some((time(follower), totals));
    }

    /// Forgets the mark.
    pub fn clear_mark(&mut self) {
        self.mark = None;
    }

    /// What there is to see now.
    pub fn survey(&mut self, follower: &Follower) -> Survey {
        if follower.generation() != self.generation {
            *self = Self {
                generation: follower.generation(),
                ..Self::default()
            };
        }
        self.extend(follower);
        let mut survey = Survey {
            elapsed: follower.elapsed(),
            processes: processes(follower, &self.rates),
            chosen: follower.chosen(),
            ..Survey::default()
        };
        let replay = &follower.programs().replay;
        let (tally, series) = &replay.observer;
        survey.heap = replay.ledger.heap();
        survey.files = replay.ledger.files;
        survey.peak = replay.ledger.peak;
        if follower.condition() == Condition::Running {
            survey.events = self.rates.events;
        }
        survey.mark = self.mark.as_ref().map(|(time, _)| *time);
        survey.samples = series.samples().to_vec();
        survey.resident = self.look_at_resident(follower, survey.elapsed);
        survey.resident_samples.clone_from(&self.resident_samples);
        self.gather(follower.programs(), &mut survey);
        survey.types = type_entries(tally, &replay.definitions);
        survey.looked = looked(tally);
        survey
    }

    /// Learns what is new since the last survey.
    fn extend(&mut self, follower: &Follower) {
        let programs = follower.programs();
        if follower.reader().facts().native && follower.module_lists() != self.modules {
            // machine code is named by its module, which may become known later than its code
            self.modules = follower.module_lists();
            self.places.rename(programs.mapped());
        }
        let replay = &programs.replay;
        self.places.extend(&replay.definitions, &replay.rows);
        let spaces = (0..programs.images().len() as u32).map(SpaceIndex);
        let counts = Counts {
            events: replay.ledger.births.0 + replay.ledger.frees,
            spaces: spaces.map(|space| replay.observer.0.space(space).events),
            rows: replay.rows.iter().map(|(_, row)| row.allocated),
        };
        self.rates.look(time(follower), counts);
    }

    fn look_at_resident(&mut self, follower: &Follower, elapsed: f64) -> Option<u64> {
        let counted = follower.programs().images().iter();
        let counted = counted.filter(|(_, _, counts)| *counts);
        if !std::mem::replace(&mut self.observed, true) {
            self.resident_samples = observed(follower, counted.clone().map(|image| image.0));
        }
        if follower.condition() != Condition::Running {
            return None;
        }
        let page = follower.reader().facts().page_size.max(1);
        let mut processes: Vec<u32> = counted.map(|image| image.1).collect();
        processes.sort_unstable();
        processes.dedup();
        let bytes = processes
            .into_iter()
            .filter_map(|process| resident(process, page))
            .reduce(|sum, bytes| sum + bytes)?;
        self.resident_samples.push((elapsed, bytes));
        if self.resident_samples.len() > RESIDENT_SAMPLES {
            let mut place = 0;
            self.resident_samples.retain(|_| {
                place += 1;
                place % 2 == 0
            });
        }
        Some(bytes)
    }

    /// Adds the rows up, by line, function, thread and call.
    fn gather(&self, programs: &Programs, survey: &mut Survey) {
        let stacks = self.places.stacks();
        let tally = &programs.replay.observer.0;
        let mut own = vec![Values::default(); stacks.count()];
        let mut churn = vec![Rate::default(); stacks.count()];
        let mut threads: NumberMap<u32, (Values, Rate)> = NumberMap::default();
        for (row, found) in programs.replay.rows.iter() {
            let now = tally.now(row);
            let marked = self.mark.as_ref().map(|(_, rows)| {
                let then = rows.get(row.0 as usize).copied().unwrap_or_default();
                now - then
            });
            let values = Values {
                now,
                peak: tally.at_peak(row),
                since: marked.unwrap_or_default(),
            };
            let rate = self.rates.of(row);
            let place = self.places.stack(row).0 as usize;
            own[place] += values;
            churn[place] += rate;
            let thread = threads.entry(found.stream.0).or_default();
            thread.0 += values;
            thread.1 += rate;
        }
        let mut total = own.clone();
        // callers have smaller numbers
        for stack in (1..total.len()).rev() {
            let (caller, _) = stacks.split(StackId(stack as u32)).expect("not empty");
            let from_here = total[stack];
            total[caller.0 as usize] += from_here;
        }
        survey.threads = thread_entries(programs, threads);
        self.by_place(&own, &total, &churn, survey);
        survey.tree = (0..total.len())
            .map(|place| {
                let split = stacks.split(StackId(place as u32));
                let name = match split {
                    Some((_, frame)) => Rc::clone(self.places.frame(frame).0),
                    None => NO_FRAME.into(),
                };
                Node {
                    parent: split.map_or(0, |(caller, _)| caller.0),
                    name,
                    own: own[place],
                    total: total[place],
                }
            })
            .collect();
    }

    fn by_place(&self, own: &[Values], total: &[Values], churn: &[Rate], survey: &mut Survey) {
        let stacks = self.places.stacks();
        let entry = |name: &Rc<str>| Entry {
            name: Rc::clone(name),
            own: Values::default(),
            total: Values::default(),
            churn: Rate::default(),
        };
        let mut lines: Vec<Entry> = (0..stacks.frames().len() as u32)
            .map(|frame| entry(self.places.frame(crate::profile::FrameId(frame)).0))
            .collect();
        let mut functions: Vec<Entry> = (0..self.places.functions() as u32)
            .map(|id| entry(self.places.function(crate::live::places::FunctionId(id))))
            .collect();
        for stack in 1..own.len() {
            let id = StackId(stack as u32);
            let (_, frame) = stacks.split(id).expect("not empty");
            let (_, function) = self.places.frame(frame);
            let line = &mut lines[frame.0 as usize];
            line.own += own[stack];
            line.churn += churn[stack];
            let function = &mut functions[function.0 as usize];
            function.own += own[stack];
            function.churn += churn[stack];
            let outermost = self.places.outermost(id);
            if outermost.function {
                function.total += total[stack];
            }
            if outermost.line {
                line.total += total[stack];
            }
        }
        for entries in [&mut lines, &mut functions] {
            let mut nowhere = entry(&NO_FRAME.into());
            nowhere.own = own[0];
            nowhere.total = own[0];
            nowhere.churn = churn[0];
            entries.push(nowhere);
            entries.retain(|entry| {
                entry.own != Values::default()
                    || entry.total != Values::default()
                    || entry.churn.blocks > 0.0
            });
        }
        survey.lines = lines;
        survey.functions = functions;
    }
}

/// Each program numbers its types: those of one name are one here.
fn type_entries(tally: &Tally, definitions: &Definitions) -> Vec<Entry> {
    let mut names: HashMap<&str, (Values, Values)> = HashMap::new();
    let name_of = |type_id| definitions.type_name(type_id).unwrap_or("<unknown type>");
    for (type_id, freed) in tally.freed() {
        names.entry(name_of(type_id)).or_default().0.now += freed;
    }
    for (type_id, alive) in tally.living().flat_map(Living::types) {
        names.entry(name_of(type_id)).or_default().1.now += alive;
    }
    let entry = |(name, (own, total))| Entry {
        name: printable(name).into(),
        own,
        total,
        churn: Rate::default(),
    };
    names.into_iter().map(entry).collect()
}

fn looked(tally: &Tally) -> Looked {
    let mut all = Looked::Never;
    for living in tally.living() {
        all = match (living.taken, all) {
            (None, _) => return Looked::AtEnd,
            (Some(taken), Looked::At { time, programs }) => Looked::At {
                time: time.min(taken.0 as f64 / 1e6),
                programs: programs + 1,
            },
            (Some(taken), _) => Looked::At {
                time: taken.0 as f64 / 1e6,
                programs: 1,
            },
        };
    }
    all
}

fn thread_entries(programs: &Programs, sums: NumberMap<u32, (Values, Rate)>) -> Vec<Entry> {
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_unstable_by_key(|(stream, _)| *stream);
    let are_several = programs.are_several();
    sums.into_iter()
        .map(|(stream, (values, churn))| {
            let names = programs
                .replay
                .definitions
                .thread_names(StreamIndex(stream));
            let source = programs.streams.get(stream as usize);
            let (process, thread) = source.map_or((0, 0), |it| (it.process, it.thread));
            let whose = if are_several {
                format!(" of {process}")
            } else {
                String::new()
            };
            let name = match names.last() {
                Some(name) => format!("{} ({thread}){whose}", printable(name)),
                None => format!("{thread}{whose}"),
            };
            Entry {
                name: name.into(),
                own: values,
                total: values,
                churn,
            }
        })
        .collect()
}

/// Seconds of the recording that the survey is about. A program that is quiet writes nothing, and
/// time goes on.
fn time(follower: &Follower) -> f64 {
    match follower.lag() {
        Some(0.0) => follower.elapsed(),
        _ => follower.programs().now().0 as f64 / 1e6,
    }
}
