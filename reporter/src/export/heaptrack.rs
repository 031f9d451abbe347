//! `memprof export heaptrack`: every event, for `heaptrack_print` and `heaptrack_gui`.
//!
//! The format is that of heaptrack 1.4's interpreted files, version 3: lines whose first letter
//! says what they are, with hexadecimal numbers. Blocks have no addresses there: an allocation
//! names its size and stack (`a`, numbered from 0), and `+` and `-` name that. Stacks, texts and
//! places may follow behind the events that use them, since readers look at them in the end.

mod chosen;

pub use chosen::{Births, Choosing};

use crate::hashing::NumberMap;
use crate::profile::{FrameId, Resolver, StackId, Stacks};
use crate::recording::Recording;
use crate::replay::{CallId, Context, Lost, Observer, Replay, RowId, Share, Stamp};
use memprof_wire::allocator::Domain;
use memprof_wire::units::{Microseconds, TypeId};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Write};

/// The version of heaptrack whose files these are like, and that of its format.
const VERSION: &str = "v 10400 3";

/// Writes what it hears of a replay.
pub struct HeaptrackWriter<'a> {
    out: &'a mut dyn Write,
    /// The number of each size and row.
    known: HashMap<(u64, u32), u32>,
    /// Those that are told of; `None` for all.
    chosen: Option<&'a Births>,
    failed: Option<io::Error>,
}

impl<'a> HeaptrackWriter<'a> {
    /// Begins a file about a program: about these blocks only, which are these in words, or about all.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn new(
        recording: &Recording,
        only: Option<(&str, &'a Births)>,
        out: &'a mut dyn Write,
    ) -> io::Result<Self> {
        let mut command = recording.facts().command.join(" ");
        if let Some((words, _)) = only {
            // there is no other place that every reader shows
            command = format!("{command} (only {words})");
        }
        writeln!(out, "{VERSION}\nX {}", command.replace(['\n', '\r'], " "))?;
        // the pages of the machine's memory are not known any more
        writeln!(out, "I {:x} 0", recording.page_size())?;
        Ok(Self {
            out,
            known: HashMap::new(),
            chosen: only.map(|(_, births)| births),
            failed: None,
        })
    }

    fn write(&mut self, context: Context<'_>, sign: char, born: Stamp, row: RowId, bytes: u64) {
        let tells = self.chosen.is_none_or(|chosen| chosen.contains(born));
        if tells && self.failed.is_none() {
            self.failed = self.try_write(context, sign, row, bytes).err();
        }
    }

    fn try_write(
        &mut self,
        context: Context<'_>,
        sign: char,
        row: RowId,
        bytes: u64,
    ) -> io::Result<()> {
        let next = self.known.len() as u32;
        let number = *self.known.entry((bytes, row.0)).or_insert(next);
        if number == next {
            let call = context.rows.get(row).call;
            writeln!(self.out, "a {bytes:x} {:x}", call.0)?;
        }
        writeln!(self.out, "{sign} {number:x}")
    }
}

impl Observer for HeaptrackWriter<'_> {
    fn allocated(&mut self, context: Context<'_>, row: RowId, size: u64, born: Stamp) {
        // of a mapping `mapped` tells how much of it counts
        if !is_mapping(context, row) {
            self.write(context, '+', born, row, size);
        }
    }

    fn mapped(&mut self, context: Context<'_>, share: Share) {
        let Share { row, born, totals } = share;
        self.write(context, '+', born, row, totals.bytes as u64);
    }

    fn lost(&mut self, context: Context<'_>, share: Share, _: Option<TypeId>) {
        let Share { row, born, totals } = share;
        self.write(context, '-', born, row, totals.bytes as u64);
    }

    fn restored(&mut self, context: Context<'_>, lost: Lost) {
        let Share { row, born, totals } = lost.share;
        // of a mapping `mapped` tells this, too
        if !is_mapping(context, row) {
            let born = chosen::comes_back_as(context, lost.at, born);
            self.write(context, '+', born, row, totals.bytes as u64);
        }
    }

    fn time(&mut self, _: Context<'_>, new: Microseconds) {
        if self.failed.is_none() {
            self.failed = writeln!(self.out, "c {:x}", new.0 / 1000).err();
        }
    }
}

fn is_mapping(context: Context<'_>, row: RowId) -> bool {
    context.rows.get(row).allocator.domain() == Domain::Mapping
}

/// Writes the stacks that the events named, and the resident memory that was seen at most.
///
/// # Errors
///
/// When the file could not be written.
pub fn finish(recording: &Recording, replay: Replay<HeaptrackWriter<'_>>) -> io::Result<()> {
    let HeaptrackWriter { out, failed, .. } = replay.observer;
    if let Some(error) = failed {
        return Err(error);
    }
    let observed = recording.observations();
    if let Some(resident) = observed.iter().map(|seen| seen.resident).max() {
        writeln!(out, "R {:x}", resident / recording.page_size())?;
    }
    let native = recording.native_names();
    let mut resolver = Resolver::new(&replay.definitions, &native);
    let calls = &replay.definitions.calls;
    let all = (0..calls.count() as u32).map(CallId);
    let found: Vec<_> = all.map(|call| resolver.stack(call)).collect();
    let stacks = resolver.finish();
    let mut places = Places {
        stacks: &stacks,
        texts: HashMap::new(),
        known: HashMap::new(),
    };
    // of each call, its place and its caller
    let mut nodes: NumberMap<u32, (u32, u32)> = NumberMap::default();
    for (call, &stack) in found.iter().enumerate().skip(1) {
        let caller = calls.parent(CallId(call as u32)).0;
        let above = found[caller as usize];
        let frames = stacks.inward(stack);
        let inner: Vec<u32> = frames
            .take(depth(&stacks, stack, above))
            .map(|frame| frame.0)
            .collect();
        // a call of no interest stands for its caller
        let (place, caller) = if inner.is_empty() {
            nodes.get(&caller).copied().unwrap_or_default()
        } else {
            (places.number(out, inner)?, caller)
        };
        nodes.insert(call as u32, (place, caller));
        writeln!(out, "t {place:x} {caller:x}")?;
    }
    Ok(())
}

/// How many frames of a stack lie below one of its callers.
fn depth(stacks: &Stacks, stack: StackId, above: StackId) -> usize {
    let mut next = stack;
    let mut depth = 0;
    while next != above
        && let Some((caller, _)) = stacks.split(next)
    {
        next = caller;
        depth += 1;
    }
    depth
}

/// Texts and places, each written once.
struct Places<'a> {
    stacks: &'a Stacks,
    texts: HashMap<&'a str, usize>,
    known: HashMap<Vec<u32>, u32>,
}

impl<'a> Places<'a> {
    /// The number of some frames that are one call, innermost first.
    fn number(&mut self, out: &mut dyn Write, frames: Vec<u32>) -> io::Result<u32> {
        if let Some(number) = self.known.get(&frames) {
            return Ok(*number);
        }
        let number = self.known.len() as u32 + 1;
        let stacks = self.stacks;
        let mut line = String::new();
        for &frame in &frames {
            let frame = stacks.frame(FrameId(frame));
            let function = self.text(out, stacks.name(frame.function))?;
            let file = self.text(out, stacks.name(frame.file))?;
            // writing into a text cannot fail
            let _ = write!(line, " {function:x} {file:x} {:x}", frame.line);
        }
        // the number stands in the place of an address; no module is known
        writeln!(out, "i {number:x} 0{line}")?;
        self.known.insert(frames, number);
        Ok(number)
    }

    fn text(&mut self, out: &mut dyn Write, text: &'a str) -> io::Result<usize> {
        if text.is_empty() {
            return Ok(0);
        }
        if let Some(number) = self.texts.get(text) {
            return Ok(*number);
        }
        let number = self.texts.len() + 1;
        self.texts.insert(text, number);
        // every byte counts, so what ends a line becomes one other byte
        let line = text.replace(['\n', '\r'], " ");
        writeln!(out, "s {:x} {line}", line.len())?;
        Ok(number)
    }
}
