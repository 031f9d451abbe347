//! `memprof export` on the command line.

use super::select::{OutputArguments, SelectArguments};
use crate::commands::export;
use clap::Args;

/// Sums are those of a moment, but for chrome and heaptrack: these tell of the whole run.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof export collapsed memprof-app.py.4711.bin | flamegraph.pl > app.svg
  memprof export speedscope -o app.speedscope.json memprof-app.py.4711.bin
  memprof export massif -o massif.out memprof-app.py.4711.bin && ms_print massif.out
  memprof export pprof -o app.pb memprof-app.py.4711.bin && go tool pprof -top app.pb")]
pub(super) struct ExportArguments {
    /// What to write
    format: export::Format,
    #[command(flatten)]
    select: SelectArguments,
    #[command(flatten)]
    output: OutputArguments,
}

impl From<ExportArguments> for export::Options {
    fn from(arguments: ExportArguments) -> Self {
        Self {
            selection: arguments.select.into(),
            format: arguments.format,
            output: arguments.output.output,
            force: arguments.output.force,
        }
    }
}
