//! `memprof live` on the command line.

use crate::commands::live::Options;
use clap::Args;

/// The whole past of the recording is there, however late one looks; leaving harms nothing. Keys
/// are explained on `?`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof live                     the newest recording that runs in this folder
  memprof live 4711                that of a process; a child that is recorded, too, alone
  memprof live memprof-app.py.4711.bin")]
pub(super) struct LiveArguments {
    /// A recording, or the number of a process that is recorded [default: the newest recording that
    /// runs in this folder]
    #[arg(value_name = "FILE|PID")]
    recording: Option<String>,
    /// Look at this process alone [default: all that are recorded, together]
    #[arg(long, value_name = "PID")]
    process: Option<u32>,
}

impl From<LiveArguments> for Options {
    fn from(arguments: LiveArguments) -> Self {
        Self {
            recording: arguments.recording,
            process: arguments.process,
        }
    }
}
