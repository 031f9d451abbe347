//! `memprof info`

use super::{Failure, Input, output};
use crate::profile::{Thread, threads};
use crate::recording::Recording;
use crate::replay::{Definitions, MarkSeen, Order, StackTable, Stamp, StreamIndex, Visitor};
use crate::report::info::{
    CensusInfo, Info, InterpreterInfo, MarkInfo, ThreadInfo, python_version,
};
use crate::report::{endings, notes, processes};
use memprof_wire::event::{Event, Note};
use memprof_wire::units::{Microseconds, Turn};
use std::ops::ControlFlow;

/// Recordings with more decoded bytes than this that may hold marks are not read for them: `info`
/// answers at once, whatever the size.
const READ_ALL: u64 = 1 << 30;

/// Prints what a recording is.
///
/// # Errors
///
/// When the recording cannot be read.
pub fn run(input: &Input, json: bool) -> Result<(), Failure> {
    let recording = input.open()?;
    let read_all = recording.defining_bytes() <= READ_ALL;
    let mut said = Said {
        read_all,
        own: recording.own_streams().len(),
        ..Said::default()
    };
    Order::new(&recording, recording.streams())?.drive(&mut said)?;
    output::print(&gather(&recording, &said), json)
}

/// What the events of a program say about it.
#[derive(Default)]
struct Said {
    /// Go on behind the first allocations.
    read_all: bool,
    /// How many streams the report is about.
    own: usize,
    definitions: Definitions,
    marks: Vec<MarkInfo>,
    censuses: Vec<CensusInfo>,
    now: Microseconds,
    seen: u64,
}

impl Visitor for Said {
    fn run(&mut self, _: StreamIndex, _: Turn, time: Microseconds) {
        self.now = time;
    }

    #[inline(always)]
    fn event(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        event: Event<'_>,
    ) -> ControlFlow<()> {
        // the interpreter and the first thread's name come before so many events
        const FIRST: u64 = 1_000_000;
        self.seen += 1;
        if !self.read_all && self.seen > FIRST {
            return ControlFlow::Break(());
        }
        match event {
            Event::Allocation { .. } | Event::Free { .. } => {}
            // millions of stacks, of which nothing is told here
            Event::PythonFrame { .. } | Event::NativeFrame { .. } => {}
            // behind the threads that the report is about are those of their ancestors
            Event::Mark { .. } if stream.0 as usize >= self.own => {}
            Event::Mark { kind, name } => {
                let name = String::from_utf8_lossy(name).into_owned();
                let (time, stamp) = (self.now, Stamp::START);
                let name = MarkSeen {
                    kind,
                    name,
                    time,
                    stamp,
                    stream,
                }
                .label();
                self.marks.push(MarkInfo {
                    name,
                    time: time.0 as f64 / 1e6,
                });
            }
            Event::CensusTook(_) if stream.0 as usize >= self.own => {}
            Event::CensusTook(took) => self.censuses.push(CensusInfo {
                time: self.now.0 as f64 / 1e6,
                took: took.0 as f64 / 1e6,
            }),
            _ => self.definitions.take(stream, stacks, &event),
        }
        ControlFlow::Continue(())
    }

    fn skims(&self) -> bool {
        true
    }
}

fn gather(recording: &Recording, said: &Said) -> Info {
    let reader = recording.reader();
    let facts = recording.facts();
    let condition = recording.condition();
    let image = recording.image();
    let threads = threads(&said.definitions, recording.streams());
    let mut noted = said.definitions.notes.clone();
    // the recorder counts these: known even where the note itself was not read
    let merged = reader.ending().map_or(0, |ending| ending.frames_merged);
    if !said.read_all && merged > 0 && !noted.contains(&Note::StacksMerged) {
        noted.push(Note::StacksMerged);
    }
    Info {
        file: reader.path().display().to_string(),
        file_bytes: reader
            .path()
            .metadata()
            .map_or(0, |metadata| metadata.len()),
        command: facts.command.clone(),
        folder: facts.folder.clone(),
        started: facts.started.clone(),
        duration: recording.duration(),
        complete: condition.complete,
        reason: condition.reason,
        status: reader.ending().and_then(|ending| ending.status),
        signal: reader.ending().and_then(|ending| ending.signal),
        killed: reader.ending().and_then(endings::killed),
        process: image.map_or(0, |image| image.process),
        executable: image
            .map(|image| image.executable.clone())
            .unwrap_or_default(),
        interpreter: said
            .definitions
            .interpreter
            .as_ref()
            .map(|interpreter| InterpreterInfo {
                version: python_version(interpreter.version),
                allocator: interpreter.allocator.clone(),
                stacks: interpreter.stacks,
            }),
        processes: processes::tree(recording),
        threads: threads
            .into_iter()
            .take(recording.own_streams().len())
            .filter(Thread::is_real)
            .map(|thread| ThreadInfo {
                id: thread.id,
                name: thread.name,
            })
            .collect(),
        marks: said.read_all.then(|| said.marks.clone()),
        censuses: said.read_all.then(|| said.censuses.clone()),
        notes: notes::sentences(recording, &noted),
        lost: recording.lost(),
        native: facts.native,
        python_allocators: facts.python_allocators,
        follow_children: facts.follow_children,
        host: facts.host.clone(),
        system: facts.system.clone(),
        machine: facts.machine.clone(),
        version: facts.version.clone(),
    }
}
