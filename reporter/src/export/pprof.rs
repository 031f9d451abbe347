//! `memprof export pprof`: a heap profile as Go's own tools write it, for `go tool pprof`,
//! Pyroscope and Parca.

mod gather;
mod message;

pub use gather::gather;

use crate::profile::{Language, StackId, Stacks, Totals};
use message::Message;
use std::collections::HashMap;
use std::io::{self, Write};

/// What one stack of one thread ever allocated, and what of it is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The stack.
    pub stack: StackId,
    /// The thread's number and name.
    pub thread: (u32, String),
    /// All that was ever allocated.
    pub allocated: Totals,
    /// What is alive at the moment of the profile.
    pub alive: Totals,
}

/// When the profile was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Nanoseconds of the Unix clock.
    pub start: u64,
    /// Nanoseconds from the start to the moment.
    pub duration: u64,
}

/// What is counted, in the order of a sample's values, with its unit.
const KINDS: [(&str, &str); 4] = [
    ("alloc_objects", "count"),
    ("alloc_space", "bytes"),
    ("inuse_objects", "count"),
    ("inuse_space", "bytes"),
];

/// Every text once; the first is empty, as the format demands.
struct Texts<'a> {
    texts: Vec<&'a str>,
    known: HashMap<&'a str, u64>,
}

impl<'a> Texts<'a> {
    fn id(&mut self, text: &'a str) -> u64 {
        let Self { texts, known } = self;
        *known.entry(text).or_insert_with(|| {
            texts.push(text);
            texts.len() as u64 - 1
        })
    }
}

/// Writes the profile. It is not compressed: all readers take it as it is.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn write(
    stacks: &Stacks,
    samples: &[Sample],
    times: Times,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut texts = Texts {
        texts: vec![""],
        known: HashMap::from([("", 0)]),
    };
    let mut profile = Message::default();
    for (kind, unit) in KINDS {
        profile.message(1, &value_type(&mut texts, kind, unit));
    }
    let (thread_id, thread_name) = (texts.id("thread_id"), texts.id("thread"));
    for sample in samples {
        let (id, name) = &sample.thread;
        let mut message = Message::default();
        let frames = stacks.inward(sample.stack);
        message.packed(1, frames.map(|frame| u64::from(frame.0) + 1));
        let values = [
            sample.allocated.blocks,
            sample.allocated.bytes,
            sample.alive.blocks,
            sample.alive.bytes,
        ];
        message.packed(2, values.into_iter().map(|value| value as u64));
        let mut label = Message::default();
        label.number(1, thread_id);
        label.number(3, u64::from(*id));
        message.message(3, &label);
        if !name.is_empty() {
            let mut label = Message::default();
            label.number(1, thread_name);
            label.number(2, texts.id(name));
            message.message(3, &label);
        }
        profile.message(2, &message);
    }
    write_places(stacks, &mut texts, &mut profile);
    profile.message(11, &value_type(&mut texts, "space", "bytes"));
    let default = texts.id("inuse_space");
    for text in &texts.texts {
        profile.text(6, text);
    }
    profile.number(9, times.start);
    profile.number(10, times.duration);
    profile.number(12, 1);
    profile.number(14, default);
    out.write_all(profile.bytes())
}

fn value_type<'a>(texts: &mut Texts<'a>, kind: &'a str, unit: &'a str) -> Message {
    let mut message = Message::default();
    message.number(1, texts.id(kind));
    message.number(2, texts.id(unit));
    message
}

/// Each frame is a location; its function is that of all frames of one name and file.
fn write_places<'a>(stacks: &'a Stacks, texts: &mut Texts<'a>, profile: &mut Message) {
    let mut functions: HashMap<(u32, u32), u64> = HashMap::new();
    for (place, frame) in stacks.frames().iter().enumerate() {
        let next = functions.len() as u64 + 1;
        let key = (frame.function.0, frame.file.0);
        let function = *functions.entry(key).or_insert(next);
        if function == next {
            let name = texts.id(stacks.name(frame.function));
            let mut message = Message::default();
            message.number(1, function);
            message.number(2, name);
            message.number(3, name);
            message.number(4, texts.id(stacks.name(frame.file)));
            profile.message(5, &message);
        }
        let mut line = Message::default();
        line.number(1, function);
        if frame.language == Language::Python || frame.line > 0 {
            line.number(2, u64::from(frame.line));
        }
        let mut message = Message::default();
        message.number(1, place as u64 + 1);
        message.message(4, &line);
        profile.message(4, &message);
    }
}

#[cfg(test)]
mod tests;
