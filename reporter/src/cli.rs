//! The command line, as `clap` reads it, and how it becomes plain options.

mod events;
mod export;
mod live;
mod outside;
mod pages;
mod record;
mod report;
mod select;
mod symbols;

use crate::commands::{self, Failure};
use clap::{Parser, Subcommand};

/// A memory profiler for Python and for any other program
///
/// Records every allocation of a program, and explains where its memory went.
#[derive(Debug, Parser)]
#[command(name = "memprof", version, max_term_width = 100)]
#[command(after_help = "Examples:
  memprof run script.py            record a script
  memprof table memprof-script.py.4711.bin
  memprof flamegraph memprof-script.py.4711.bin")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Record a program
    Run(record::RunArguments),
    /// What a recording is: command, interpreter, threads, marks, complete or cut short
    Info(report::InfoArguments),
    /// A recording in numbers: allocations, peak, allocators, threads, sizes
    Stats(report::StatsArguments),
    /// Each function with what it holds itself, and with what it calls
    Summary(report::SummaryArguments),
    /// What the memory is: heapy's table, by type unless told otherwise
    Partition(report::PartitionArguments),
    /// What one recording holds that another one does not
    Diff(report::DiffArguments),
    /// Who holds how much: by line, type, file and so on
    Table(report::TableArguments),
    /// Who called whom to allocate
    Tree(report::TreeArguments),
    /// Source, with what each line allocated
    Lines(pages::LinesArguments),
    /// What was left when the program ended, what never stops growing first
    Leaks(report::LeaksArguments),
    /// What there was of each type or line at some moments, and what never stops growing
    Growth(report::GrowthArguments),
    /// What lived but for a moment
    Temporary(report::TemporaryArguments),
    /// One self-contained page to look at
    Flamegraph(pages::FlamegraphArguments),
    /// Memory over time, as a page or an image
    Timeline(pages::TimelineArguments),
    /// The memory of a program, on this terminal, while it runs
    Live(live::LiveArguments),
    /// Name this moment of a program that is being recorded
    Mark(outside::MarkArguments),
    /// Look at everything alive in a program that is being recorded
    Census(outside::CensusArguments),
    /// Write the names of machine code into a recording, so that it can be read anywhere
    Symbolize(symbols::SymbolizeArguments),
    /// Every event, one JSON object a line
    Events(events::EventsArguments),
    /// The stacks in a format of another tool, or for scripts
    Export(export::ExportArguments),
}

impl Cli {
    /// Does what was asked for. Returns the exit status.
    ///
    /// # Errors
    ///
    /// When a command fails.
    pub fn execute(self) -> Result<u8, Failure> {
        match self.command {
            Command::Run(arguments) => return commands::run::run(&arguments.into()),
            Command::Info(arguments) => {
                commands::info::run(&arguments.input.into(), arguments.json)?;
            }
            Command::Stats(arguments) => commands::stats::run(&arguments.into())?,
            Command::Summary(arguments) => commands::summary::run(&arguments.select.into())?,
            Command::Partition(arguments) => commands::partition::run(&arguments.into())?,
            Command::Diff(arguments) => return commands::diff::run(&arguments.into()),
            Command::Table(arguments) => commands::table::run(&arguments.into())?,
            Command::Tree(arguments) => {
                let interactive = !arguments.no_interactive;
                commands::tree::run(&arguments.select.into(), interactive)?;
            }
            Command::Lines(arguments) => commands::lines::run(&arguments.into())?,
            Command::Leaks(arguments) => commands::leaks::run(&arguments.into())?,
            Command::Growth(arguments) => {
                let moments = arguments.moments;
                commands::growth::run(&arguments.into(), moments)?;
            }
            Command::Temporary(arguments) => {
                let short = arguments.short();
                commands::temporary::run(&arguments.into(), short)?;
            }
            Command::Flamegraph(arguments) => commands::flamegraph::run(&arguments.into())?,
            Command::Timeline(arguments) => commands::timeline::run(&arguments.into())?,
            Command::Live(arguments) => commands::live::run(&arguments.into())?,
            Command::Mark(arguments) => {
                commands::mark::run(arguments.process, &arguments.name)?;
            }
            Command::Census(arguments) => {
                let outside::CensusArguments {
                    process,
                    name,
                    wait,
                } = arguments;
                commands::census::run(process, &name, wait)?;
            }
            Command::Symbolize(arguments) => commands::symbolize::run(&arguments.into())?,
            Command::Events(arguments) => commands::events::run(&arguments.into())?,
            Command::Export(arguments) => commands::export::run(&arguments.into())?,
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::{CommandFactory, Parser};

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.clone().render_long_help().to_string();
            assert!(help.contains("Example"), "{}", command.get_name());
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for wrong in [
            &["memprof", "table"][..],
            &["memprof", "table", "x.bin", "--at", "noon"],
            &["memprof", "table", "x.bin", "--by", "colour"],
            &["memprof", "table", "x.bin", "--by", "type,site,line"],
            &[
                "memprof",
                "table",
                "x.bin",
                "--at",
                "end",
                "--between",
                "a",
                "b",
            ],
            &["memprof", "export", "png", "x.bin"],
            &["memprof", "run"],
        ] {
            let error = Cli::try_parse_from(wrong).expect_err("it is wrong");
            assert_eq!(error.exit_code(), 2, "{wrong:?}");
        }
    }
}
