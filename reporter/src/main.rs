//! The `memprof` command.
#![forbid(unsafe_code)]

use clap::Parser;
use memprof_reporter::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    match Cli::parse().execute() {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            memprof_reporter::commands::output::say(failure);
            ExitCode::FAILURE
        }
    }
}
