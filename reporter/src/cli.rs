//! The command line, as `clap` reads it, and how it becomes plain options.

use crate::commands::{Failure, Input, stats};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A memory profiler for Python and for any other program
#[derive(Debug, Parser)]
#[command(name = "memprof", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A recording in numbers: allocations, peak, allocators, threads, sizes
    #[command(after_help = "Example:\n  memprof stats --json memprof-app.4711.bin")]
    Stats(StatsArguments),
}

#[derive(Args, Debug)]
struct InputArguments {
    /// The recording
    file: PathBuf,
    /// Report on another process than the one that was started
    #[arg(long, value_name = "PID")]
    process: Option<u32>,
}

impl From<InputArguments> for Input {
    fn from(arguments: InputArguments) -> Self {
        Self {
            path: arguments.file,
            process: arguments.process,
        }
    }
}

#[derive(Args, Debug)]
struct StatsArguments {
    #[command(flatten)]
    input: InputArguments,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// How many lines to show of those that allocated most
    #[arg(long, value_name = "N", default_value_t = 5)]
    top: usize,
}

impl Cli {
    /// Does what was asked for. Returns the exit status.
    ///
    /// # Errors
    ///
    /// When a command fails.
    pub fn execute(self) -> Result<u8, Failure> {
        match self.command {
            Command::Stats(StatsArguments { input, json, top }) => {
                stats::run(&stats::Options {
                    input: input.into(),
                    json,
                    top,
                })?;
            }
        }
        Ok(0)
    }
}
