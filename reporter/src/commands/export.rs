//! `memprof export`

use super::{Failure, Selection, input, output, timeline};
use crate::export::{
    chrome, collapsed, csv, gprof2dot, heaptrack, heapy, json, massif, pprof, speedscope,
};
use crate::profile::{Moment, Profile, ProfileError, in_words, reached};
use crate::recording::Recording;
use crate::replay::{Allocated, Detail, Series, Snapshot};
use clap::ValueEnum;
use std::io::{self, Write};
use std::path::PathBuf;

/// How many snapshots massif takes at most.
const SNAPSHOTS: usize = 100;

/// A format of another tool, or for scripts. What stands at each is its help on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line a stack, for flamegraph.pl and its kin
    Collapsed,
    /// For speedscope
    Speedscope,
    /// One row for each stack, thread, allocator and type
    Csv,
    /// All stacks with their frames
    Json,
    /// For go tool pprof, Pyroscope and Parca
    Pprof,
    /// For gprof2dot -f json
    Gprof2dot,
    /// Memory over time as counters, for ui.perfetto.dev
    Chrome,
    /// For Valgrind's ms-print and massif-visualizer
    Massif,
    /// Every event, for heaptrack's own reports
    Heaptrack,
    /// The table of kinds, for heapy's `hpy().load`
    Heapy,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// What of the recording.
    pub selection: Selection,
    /// As what.
    pub format: Format,
    /// Where to; `None` for standard output.
    pub output: Option<PathBuf>,
    /// Whether a file that is there may be overwritten.
    pub force: bool,
}

impl Options {
    fn write(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        match &self.output {
            Some(file) => output::to_file(file, self.force, write),
            None => output::to_standard_output(write),
        }
    }

    /// Whether it is about all that was allocated, whoever did.
    fn takes_all(&self) -> bool {
        self.selection.thread.is_none() && self.selection.filter.is_none()
    }

    /// What is asked for, in words; `None` where it is everything.
    fn part(&self) -> Option<String> {
        let Selection { thread, filter, .. } = &self.selection;
        in_words(thread.as_deref(), filter.as_ref())
    }

    /// Refuses a moment where a format has no place for one.
    fn require_no_moment(&self, what: &'static str) -> Result<(), Failure> {
        match self.selection.moment {
            Moment::Peak => Ok(()),
            _ => Err(ProfileError::WholeOnly(what).into()),
        }
    }
}

/// Writes a profile for another tool.
///
/// # Errors
///
/// When the recording cannot be read, or the result not be written.
pub fn run(options: &Options) -> Result<(), Failure> {
    match options.format {
        Format::Pprof => heap_profile(options),
        Format::Chrome => counters(options),
        Format::Massif => snapshots(options),
        Format::Heaptrack => events(options),
        Format::Heapy => {
            let (recording, profile) = options.selection.profile()?;
            let started = recording.reader().started_nanoseconds() as f64 / 1e9;
            options.write(|out| heapy::write(&profile, started, out))
        }
        Format::Collapsed | Format::Speedscope | Format::Csv | Format::Json | Format::Gprof2dot => {
            let (_, profile) = match options.format {
                Format::Csv => options.selection.profile()?,
                _ => options.selection.profile_of_sums(None)?,
            };
            let path = options.selection.input.path.display().to_string();
            options.write(|out| write(options.format, &profile, &path, out))
        }
    }
}

/// Writes what is alive beside what was ever allocated.
fn heap_profile(options: &Options) -> Result<(), Failure> {
    let selection = &options.selection;
    let recording = selection.input.open()?;
    let atoms = || selection.request().atoms();
    let snapshot = Snapshot::new(selection.moment.span(), Detail::Type).asking(atoms());
    let ever = Allocated::new(selection.filter.is_some(), Detail::Type, atoms());
    let replay = input::replay(&recording, (snapshot, ever))?;
    let state = reached(&replay.observer.0, &replay.marks)?;
    let passing = selection.passing(&recording, &replay)?;
    let (stacks, samples) = pprof::gather(&recording, &replay, &passing);
    let times = pprof::Times {
        start: recording.reader().started_nanoseconds(),
        duration: state.time.0 * 1000,
    };
    options.write(|out| pprof::write(&stacks, &samples, times, out))
}

/// Writes memory over time.
fn counters(options: &Options) -> Result<(), Failure> {
    options.require_no_moment("chrome")?;
    let recording = options.selection.input.open()?;
    let (timeline, replay) = timeline::gather(&recording, &options.selection.request())?;
    let part = options.part();
    let facts = recording.facts();
    let peak = replay.ledger.peak;
    let seconds = |time: memprof_wire::units::Microseconds| time.0 as f64 / 1e6;
    let last = timeline.series.iter().flat_map(|curve| &curve.points);
    let last = last.map(|point| point.time).fold(0.0, f64::max);
    let process = chrome::Process {
        id: recording.image().map_or(facts.root, |image| image.process),
        name: &facts.name,
        part: part.as_deref(),
        peak: (seconds(peak.time), peak.heap.bytes),
        end: (last.max(recording.duration()), replay.ledger.heap().bytes),
    };
    options.write(|out| chrome::write(&timeline, process, out))
}

/// Writes the heap over time, and what it was at the moment.
fn snapshots(options: &Options) -> Result<(), Failure> {
    let selection = &options.selection;
    let recording = selection.input.open()?;
    let series = Series::new(SNAPSHOTS);
    let (profile, replay) = input::profile_beside(&recording, &selection.request(), series)?;
    let samples = if options.takes_all() {
        replay.observer.1.samples()
    } else {
        &[]
    };
    let program = massif::Program {
        command: &recording.facts().command.join(" "),
        at_peak: selection.moment == Moment::Peak,
    };
    options.write(|out| massif::write(&profile, samples, program, out))
}

/// Writes every event, or those of what passes.
fn events(options: &Options) -> Result<(), Failure> {
    options.require_no_moment("heaptrack")?;
    let recording = options.selection.input.open()?;
    let part = options.part();
    let chosen = match &part {
        Some(_) => Some(chosen(&recording, &options.selection)?),
        None => None,
    };
    let mut failure = None;
    let written = options.write(|out| {
        let only = part.as_deref().zip(chosen.as_ref());
        let writer = heaptrack::HeaptrackWriter::new(&recording, only, out)?;
        match input::replay_here(&recording, writer) {
            Ok(replay) => heaptrack::finish(&recording, replay),
            Err(error) => {
                failure = Some(error);
                Ok(())
            }
        }
    });
    failure.map_or(written, Err)
}

/// Which blocks pass. That takes two replays: the names of what is told apart by them may come after
/// the blocks, and what is asked about a block is often known only at its death.
fn chosen(recording: &Recording, selection: &Selection) -> Result<heaptrack::Births, Failure> {
    let names = input::replay_silently(recording, ())?;
    let passing = selection.passing(recording, &names)?;
    let choosing = heaptrack::Choosing::new(&passing, selection.request().atoms());
    let replay = input::replay_silently(recording, choosing)?;
    Ok(replay.observer.finish())
}

fn write(format: Format, profile: &Profile, name: &str, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Collapsed => collapsed::write(profile, out),
        Format::Speedscope => speedscope::write(profile, name, out),
        Format::Csv => csv::write(profile, out),
        Format::Json => json::write(profile, out),
        Format::Gprof2dot => gprof2dot::write(profile, out),
        Format::Pprof | Format::Chrome | Format::Massif | Format::Heaptrack | Format::Heapy => {
            unreachable!("they are made from more than a profile")
        }
    }
}
