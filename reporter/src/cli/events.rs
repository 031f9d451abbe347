//! `memprof events` on the command line.

use super::select::InputArguments;
use crate::commands::events;
use clap::Args;
use memprof_wire::units::Size;

/// Frees and unmappings are written before they happen, allocations after. `stack` numbers the
/// stacks of the recording; 0 is none.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  memprof events memprof-app.py.4711.bin | head")]
pub(super) struct EventsArguments {
    #[command(flatten)]
    input: InputArguments,
    /// Write the frames of all stacks, too, behind the last event
    #[arg(long)]
    stacks: bool,
    /// Events that move no memory, too: names of threads, marks, protections
    #[arg(long)]
    all: bool,
    /// Only what hands out at least so many bytes
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 0,
        hide_default_value = true
    )]
    least: u64,
    /// As JSON, as always
    #[arg(long, hide = true)]
    json: bool,
}

impl From<EventsArguments> for events::Options {
    fn from(arguments: EventsArguments) -> Self {
        Self {
            input: arguments.input.into(),
            stacks: arguments.stacks,
            all: arguments.all,
            least: Size(arguments.least),
        }
    }
}
