//! `memprof export` on the command line.

use super::select::{OutputArguments, SelectArguments};
use crate::commands::export;
use clap::{Args, ValueEnum};

/// Sums are those of a moment, but for chrome and heaptrack: these tell of the whole run.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof export collapsed memprof-app.py.4711.bin | flamegraph.pl > app.svg
  memprof export speedscope -o app.speedscope.json memprof-app.py.4711.bin
  memprof export massif -o massif.out memprof-app.py.4711.bin && ms_print massif.out
  memprof export pprof -o app.pb memprof-app.py.4711.bin && go tool pprof -top app.pb")]
pub(super) struct ExportArguments {
    /// What to write
    format: FormatArgument,
    #[command(flatten)]
    select: SelectArguments,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArgument {
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

impl From<ExportArguments> for export::Options {
    fn from(arguments: ExportArguments) -> Self {
        Self {
            selection: arguments.select.into(),
            format: match arguments.format {
                FormatArgument::Collapsed => export::Format::Collapsed,
                FormatArgument::Speedscope => export::Format::Speedscope,
                FormatArgument::Csv => export::Format::Csv,
                FormatArgument::Json => export::Format::Json,
                FormatArgument::Pprof => export::Format::Pprof,
                FormatArgument::Gprof2dot => export::Format::Gprof2dot,
                FormatArgument::Chrome => export::Format::Chrome,
                FormatArgument::Massif => export::Format::Massif,
                FormatArgument::Heaptrack => export::Format::Heaptrack,
                FormatArgument::Heapy => export::Format::Heapy,
            },
            output: arguments.output.output,
            force: arguments.output.force,
        }
    }
}
