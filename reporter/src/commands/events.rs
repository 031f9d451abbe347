//! `memprof events`: what was allocated and freed in the merged order, one JSON object a line.

use super::{Failure, Input, input, output};
use crate::export::events::EventWriter;
use crate::recording::Recording;
use crate::replay::Order;
use memprof_wire::units::Size;
use std::io;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The recording.
    pub input: Input,
    /// Write the frames of each stack, too, after all events.
    pub stacks: bool,
    /// Write events that move no memory, too.
    pub all: bool,
    /// Write only what hands out at least so many bytes; with zero everything.
    pub least: Size,
}

/// Prints every event.
///
/// # Errors
///
/// When the recording cannot be read.
pub fn run(options: &Options) -> Result<(), Failure> {
    let recording = options.input.open()?;
    let mut order = Order::new(&recording, recording.own_streams())?;
    let mut failed = None;
    let written = output::to_standard_output(|out| {
        let mut writer = EventWriter::new(out, recording.own_streams(), options.all);
        writer.leave_out_smaller(options.least);
        failed = order.drive(&mut writer).err();
        finish(writer, options.stacks, &recording)
    });
    input::warn(&recording);
    match failed {
        Some(error) => Err(error.into()),
        None => written,
    }
}

fn finish(writer: EventWriter<'_>, stacks: bool, recording: &Recording) -> io::Result<()> {
    let failed = writer.finish(stacks, recording);
    failed.map_or(Ok(()), Err)
}
