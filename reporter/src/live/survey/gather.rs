//! Taking a [`Survey`] of a recording that is followed.

use super::rates::Rates;
use super::{Entry, Node, ProcessEntry, Rate, Survey, Values};
use crate::hashing::NumberMap;
use crate::live::follow::{Condition, Follower, Image};
use crate::live::places::{Places, printable};
use crate::live::resident::resident;
use crate::profile::group::NO_FRAME;
use crate::profile::{StackId, Totals};
use crate::replay::{RowId, StreamIndex};
use memprof_recorder::capture::{CaptureReader, Module};
use std::rc::Rc;

/// Resident samples that are kept; when there are more, every second one goes.
const RESIDENT_SAMPLES: usize = 2000;

/// Takes one survey after the other, and remembers what they have in common.
#[derive(Default)]
pub struct Surveyor {
    image: u32,
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
        if let Some(image) = follower.image() {
            let rows = (0..image.replay.rows.count_of_numbers() as u32).map(RowId);
            let totals = rows.map(|row| image.replay.observer.0.now(row)).collect();
            self.mark = Some((time(follower, image), totals));
        }
    }

    /// Forgets the mark.
    pub fn clear_mark(&mut self) {
        self.mark = None;
    }

    /// What there is to see now.
    pub fn survey(&mut self, follower: &Follower) -> Survey {
        let mut survey = Survey {
            elapsed: follower.elapsed(),
            processes: processes(follower),
            ..Survey::default()
        };
        let Some(image) = follower.image() else {
            return survey;
        };
        if image.number != self.image {
            *self = Self {
                image: image.number,
                ..Self::default()
            };
        }
        self.extend(follower, image);
        let replay = &image.replay;
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
        self.gather(image, &mut survey);
        for (type_id, totals) in tally.types() {
            let name = replay
                .definitions
                .type_name(type_id)
                .unwrap_or("<unknown type>");
            let now = |now| Values {
                now,
                ..Values::default()
            };
            survey.types.push(Entry {
                name: printable(name).into(),
                own: now(totals.freed),
                total: now(totals.alive),
                churn: Rate::default(),
            });
        }
        survey
    }

    /// Learns what is new since the last survey.
    fn extend(&mut self, follower: &Follower, image: &Image) {
        if follower.reader().facts().native {
            // machine code is named by its module, which may become known later than its code
            let modules = modules(follower.reader(), image.number);
            if modules.len() != self.modules {
                self.modules = modules.len();
                self.places = Places::new(modules);
            }
        }
        let replay = &image.replay;
        self.places.extend(&replay.definitions, &replay.rows);
        let events = replay.ledger.births.0 + replay.ledger.frees;
        let allocated = replay.rows.iter().map(|(_, row)| row.allocated);
        self.rates.look(time(follower, image), events, allocated);
    }

    fn look_at_resident(&mut self, follower: &Follower, elapsed: f64) -> Option<u64> {
        let start = follower.start()?;
        if !std::mem::replace(&mut self.observed, true) {
            // what the recorder saw before somebody watched
            let observations = follower.reader().observations(start.image);
            let observations = observations.unwrap_or_default();
            let samples = observations
                .iter()
                .map(|seen| (seen.time.0 as f64 / 1e6, seen.resident));
            self.resident_samples = samples.collect();
        }
        if follower.condition() != Condition::Running {
            return None;
        }
        let page = follower.reader().facts().page_size.max(1);
        let bytes = resident(start.process, page)?;
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
    fn gather(&self, image: &Image, survey: &mut Survey) {
        let stacks = self.places.stacks();
        let tally = &image.replay.observer.0;
        let mut own = vec![Values::default(); stacks.count()];
        let mut churn = vec![Rate::default(); stacks.count()];
        let mut threads: NumberMap<u32, (Values, Rate)> = NumberMap::default();
        for (row, found) in image.replay.rows.iter() {
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
        survey.threads = thread_entries(image, threads);
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

fn thread_entries(image: &Image, sums: NumberMap<u32, (Values, Rate)>) -> Vec<Entry> {
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_unstable_by_key(|(stream, _)| *stream);
    sums.into_iter()
        .map(|(stream, (values, churn))| {
            let names = image.replay.definitions.thread_names(StreamIndex(stream));
            let thread = image.streams.get(stream as usize).map_or(0, |it| it.thread);
            let name = match names.last() {
                Some(name) => format!("{} ({thread})", printable(name)),
                None => thread.to_string(),
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
fn time(follower: &Follower, image: &Image) -> f64 {
    match follower.lag() {
        Some(0.0) => follower.elapsed(),
        _ => image.now().0 as f64 / 1e6,
    }
}

fn processes(follower: &Follower) -> Vec<ProcessEntry> {
    let reader = follower.reader();
    let page = reader.facts().page_size.max(1);
    let shown = follower.image().map(|image| image.number);
    let running = follower.condition() == Condition::Running;
    let images = reader.images().iter();
    images
        .map(|image| {
            let mut ends = reader.image_ends().iter();
            let end = ends.find(|end| end.image == image.image);
            let streams = reader.streams().iter();
            ProcessEntry {
                process: image.process,
                parent: image.parent,
                command: printable(&image.arguments.join(" ")),
                resident: (running && end.is_none())
                    .then(|| resident(image.process, page))
                    .flatten(),
                threads: streams
                    .filter(|stream| stream.image == image.image && stream.thread != 0)
                    .count(),
                end: end.map(|end| match (end.status, end.signal) {
                    (_, Some(signal)) => format!("signal {signal}"),
                    (Some(status), None) => format!("exit {status}"),
                    (None, None) => "ended".to_owned(),
                }),
                is_shown: shown == Some(image.image),
            }
        })
        .collect()
}

fn modules(reader: &CaptureReader, image: u32) -> Vec<Module> {
    let lists = reader.modules(image).unwrap_or_default();
    let mut modules: Vec<Module> = lists.into_iter().flat_map(|list| list.modules).collect();
    modules.sort_by(|a, b| (a.start, &a.path).cmp(&(b.start, &b.path)));
    modules.dedup_by(|a, b| (a.start, &a.path) == (b.start, &b.path));
    modules
}
