//! What is asked of a recording while it runs, on the command line.

use crate::profile::parse_time;
use clap::Args;
use memprof_wire::units::Microseconds;

/// The mark stands where it was asked for, whatever the program is doing; the program does not
/// notice. Reports are about it with `--at mark:NAME`, `--between NAME end` and so on.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof mark 4711 'after 1000 requests'
  memprof mark $(pgrep -f app.py) warm")]
pub(super) struct MarkArguments {
    /// The number of a process that is being recorded
    #[arg(value_name = "PID")]
    pub(super) process: u32,
    /// What to call this moment
    pub(super) name: String,
}

/// Python objects tell their types when they die; a census looks at those that are alive, so that
/// what a program keeps has types even if it is killed later. It is taken where the program next
/// allocates or frees anything under the interpreter's lock, and the program stands still
/// meanwhile: 100 ms for a million objects or less.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  memprof census 4711 loaded && memprof partition --at mark:loaded memprof-app.py.4711.bin
  memprof census --wait 1min 4711")]
pub(super) struct CensusArguments {
    /// The number of a process that is being recorded
    #[arg(value_name = "PID")]
    pub(super) process: u32,
    /// What to call the moment
    #[arg(default_value = "census")]
    pub(super) name: String,
    /// How long to wait for a program that runs no Python code
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "10s")]
    pub(super) wait: Microseconds,
}

fn time(text: &str) -> Result<Microseconds, String> {
    parse_time(text).ok_or_else(|| format!("{text:?} is no time: write 1.5s, 20ms, 2min"))
}
