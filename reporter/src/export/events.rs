//! `memprof events`: one JSON object a line.

use crate::profile::Resolver;
use crate::recording::Recording;
use crate::replay::{
    CallId, Definitions, SpaceIndex, StackTable, StreamIndex, StreamSource, Visitor,
};
use crate::report::leaks::Place;
use memprof_wire::event::{Event, MappingKind, MarkKind};
use memprof_wire::units::{Address, Microseconds, Size, StackId, Turn};
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};
use std::ops::ControlFlow;

/// Writes the events that it visits.
pub struct EventWriter<'a> {
    out: &'a mut dyn Write,
    /// The thread and the process of each stream.
    threads: Vec<(u32, u32)>,
    /// Whether there is more than one process.
    several: bool,
    /// Whether there is more than one program.
    several_programs: bool,
    /// What each process runs.
    programs: HashMap<u32, SpaceIndex>,
    definitions: Definitions,
    now: Microseconds,
    thread: (u32, u32),
    used: BTreeSet<CallId>,
    /// Whether events that move no memory are written, too.
    all: bool,
    /// What hands out fewer bytes is left out; of zero nothing.
    least: Size,
    failed: Option<io::Error>,
}

impl<'a> EventWriter<'a> {
    /// For the events of these streams; with `all` also those that move no memory: names of
    /// threads, marks, protections.
    pub fn new(out: &'a mut dyn Write, streams: &[StreamSource], all: bool) -> Self {
        Self {
            out,
            threads: streams
                .iter()
                .map(|stream| (stream.thread, stream.process))
                .collect(),
            several: streams
                .iter()
                .any(|stream| stream.process != streams[0].process),
            several_programs: streams
                .iter()
                .any(|stream| stream.space != streams[0].space),
            programs: HashMap::new(),
            definitions: Definitions::default(),
            now: Microseconds(0),
            thread: (0, 0),
            used: BTreeSet::new(),
            all,
            least: Size(0),
            failed: None,
        }
    }

    /// Leaves out what hands out fewer bytes, and what hands out none. Stacks then are those of the
    /// rest.
    pub fn leave_out_smaller(&mut self, least: Size) {
        self.least = least;
    }

    /// Writes the stacks that events named, if they are wanted. Returns what went wrong, if
    /// anything did.
    pub fn finish(mut self, stacks: bool, recording: &Recording) -> Option<io::Error> {
        if stacks && self.failed.is_none() {
            self.failed = self.write_stacks(recording).err();
        }
        self.failed
    }

    fn write_stacks(&mut self, recording: &Recording) -> io::Result<()> {
        let native = recording.native_names();
        let mut resolver = Resolver::new(&self.definitions, &native);
        let used: Vec<_> = self
            .used
            .iter()
            .map(|&call| (call, resolver.stack(call)))
            .collect();
        let stacks = resolver.finish();
        for (call, stack) in used {
            let frames = serde_json::to_string(&Place::of_stack(&stacks, stack))?;
            writeln!(self.out, "{{\"stack\":{},\"frames\":{frames}}}", call.0)?;
        }
        Ok(())
    }

    fn begin(&mut self, operation: &str) -> io::Result<()> {
        let Microseconds(now) = self.now;
        let (seconds, fraction) = (now / 1_000_000, now % 1_000_000);
        let (thread, process) = self.thread;
        write!(
            self.out,
            "{{\"t\":{seconds}.{fraction:06},\"thread\":{thread}"
        )?;
        if self.several {
            write!(self.out, ",\"process\":{process}")?;
        }
        write!(self.out, ",\"op\":\"{operation}\"")
    }

    fn range(&mut self, Address(address): Address, Size(size): Size) -> io::Result<()> {
        write!(self.out, ",\"address\":\"{address:#x}\",\"size\":{size}")
    }

    fn stack(&mut self, stacks: &StackTable, stack: StackId) -> io::Result<()> {
        let call = stacks.call(stack);
        self.used.insert(call);
        write!(self.out, ",\"stack\":{}", call.0)
    }

    fn text(&mut self, key: &str, text: &[u8]) -> io::Result<()> {
        let text = serde_json::to_string(&String::from_utf8_lossy(text))?;
        write!(self.out, ",\"{key}\":{text}")
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.write_all(b"}\n")
    }

    /// A process that runs another program than before has none of its memory any more.
    fn note_program(&mut self, space: SpaceIndex) -> io::Result<()> {
        if !self.several_programs {
            return Ok(());
        }
        let before = self.programs.insert(self.thread.1, space);
        if before.is_some_and(|before| before != space) {
            self.begin("exec")?;
            self.end()?;
        }
        Ok(())
    }

    fn write(&mut self, stacks: &StackTable, event: &Event<'_>) -> io::Result<()> {
        let moves_no_memory = matches!(
            event,
            Event::Protect { .. } | Event::Mark { .. } | Event::ThreadName(_)
        );
        if moves_no_memory && !self.all || handed_out(event) < self.least {
            return Ok(());
        }
        match *event {
            Event::Allocation {
                address,
                size,
                allocator,
                stack,
            } => {
                self.begin(allocator.name())?;
                self.range(address, size)?;
                self.stack(stacks, stack)?;
            }
            Event::Free { address, type_id } => {
                self.begin("free")?;
                write!(self.out, ",\"address\":\"{:#x}\"", address.0)?;
                let type_id =
                    type_id.map(|type_id| self.definitions.type_number(stacks.space(), type_id));
                let name = type_id.and_then(|type_id| self.definitions.type_name(type_id));
                if let Some(name) = name.map(str::to_owned) {
                    self.text("type", name.as_bytes())?;
                }
            }
            Event::FreeCancelled => self.begin("free_cancelled")?,
            Event::Map {
                address,
                length,
                kind,
                stack,
            } => {
                self.begin("mmap")?;
                self.range(address, length)?;
                self.stack(stacks, stack)?;
                write!(self.out, ",\"kind\":\"{}\"", mapping_name(kind))?;
            }
            Event::Unmap { address, length } => {
                self.begin("munmap")?;
                self.range(address, length)?;
            }
            Event::UnmapCancelled => self.begin("munmap_cancelled")?,
            Event::Remap {
                old,
                old_length,
                new,
                new_length,
                stack,
            } => {
                self.begin("mremap")?;
                self.range(new, new_length)?;
                self.stack(stacks, stack)?;
                write!(
                    self.out,
                    ",\"old\":\"{:#x}\",\"old_size\":{}",
                    old.0, old_length.0
                )?;
            }
            Event::Protect {
                address,
                length,
                usable,
            } => {
                self.begin("mprotect")?;
                self.range(address, length)?;
                write!(self.out, ",\"usable\":{usable}")?;
            }
            Event::Mark { kind, name } => {
                self.begin(mark_name(kind))?;
                self.text("name", name)?;
            }
            Event::ThreadName(name) => {
                self.begin("thread_name")?;
                self.text("name", name)?;
            }
            Event::Inherits { .. } => self.begin("forked")?,
            _ => return Ok(()),
        }
        self.end()
    }
}

/// Bytes that an event hands out.
fn handed_out(event: &Event<'_>) -> Size {
    match *event {
        Event::Allocation { size, .. } => size,
        Event::Map { length, .. } => length,
        Event::Remap { new_length, .. } => new_length,
        _ => Size(0),
    }
}

fn mapping_name(kind: MappingKind) -> &'static str {
    match kind {
        MappingKind::Anonymous => "anonymous",
        MappingKind::File => "file",
        MappingKind::Reserved => "reserved",
    }
}

fn mark_name(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Point => "mark",
        MarkKind::Begin => "span_begin",
        MarkKind::End => "span_end",
    }
}

impl Visitor for EventWriter<'_> {
    fn run(&mut self, stream: StreamIndex, _: Turn, time: Microseconds) {
        let thread = self.threads.get(stream.0 as usize);
        self.thread = thread.copied().unwrap_or_default();
        self.now = time;
    }

    fn event(
        &mut self,
        stream: StreamIndex,
        stacks: &mut StackTable,
        event: Event<'_>,
    ) -> ControlFlow<()> {
        self.definitions.take(stream, stacks, &event);
        let written = self
            .note_program(stacks.space())
            .and_then(|()| self.write(stacks, &event));
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EventWriter;
    use crate::replay::Order;
    use crate::replay::recorded::{Recorded, allocation_at, free, free_object};
    use memprof_wire::event::{Event, MappingKind, MarkKind};
    use memprof_wire::units::{Address, Size, StackId, TypeId};

    #[test]
    fn one_line_an_event() {
        let mut recorded = Recorded::default();
        recorded.turn(0, 1).stack(0, 1, 0, 1);
        recorded
            .event(0, allocation_at(0x7f00_0010, 48, 1))
            .event(0, free(0x7f00_0010));
        recorded.event(
            0,
            Event::Type {
                type_id: TypeId(1),
                name: b"a\"b",
            },
        );
        recorded.turn(1, 1500).event(1, free_object(0x20, 1));
        let (address, kind) = (Address(0x1000), MappingKind::File);
        recorded.event(
            1,
            Event::Map {
                address,
                length: Size(10),
                kind,
                stack: StackId(0),
            },
        );
        recorded.event(
            1,
            Event::Mark {
                kind: MarkKind::Point,
                name: b"here",
            },
        );
        let written = |all: bool, least: u64| {
            let mut out = Vec::new();
            let mut writer = EventWriter::new(&mut out, recorded.streams(), all);
            writer.leave_out_smaller(Size(least));
            let mut order = Order::new(&recorded, recorded.streams()).expect("in memory");
            order.drive(&mut writer).expect("in memory");
            assert!(writer.failed.is_none());
            String::from_utf8(out).expect("text")
        };
        let memory = r#"{"t":0.001000,"thread":100,"op":"malloc","address":"0x7f000010","size":48,"stack":1}
{"t":0.001000,"thread":100,"op":"free","address":"0x7f000010"}
{"t":1.500000,"thread":101,"op":"free","address":"0x20","type":"a\"b"}
{"t":1.500000,"thread":101,"op":"mmap","address":"0x1000","size":10,"stack":0,"kind":"file"}
"#;
        let mark = r#"{"t":1.500000,"thread":101,"op":"mark","name":"here"}
"#;
        assert_eq!(written(false, 0), memory);
        assert_eq!(written(true, 0), format!("{memory}{mark}"));
        let (allocation, _) = memory.split_once('\n').expect("several lines");
        assert_eq!(written(true, 48), format!("{allocation}\n"));
        assert_eq!(written(true, 49), "");
    }
}
