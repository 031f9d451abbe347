//! How machine code is named, on the command line.

use crate::commands::symbolize;
use crate::symbols::Settings;
use clap::Args;
use std::path::PathBuf;

/// Where the names of machine code are looked for.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct SymbolArguments {
    /// Look for separate debug files here, too: by build id in `.build-id`, or by name
    #[arg(long, value_name = "FOLDER", help_heading = "Machine code")]
    debug_path: Vec<PathBuf>,
    /// Look for the program's files below this folder: the root of the machine it ran on
    #[arg(long, value_name = "FOLDER", help_heading = "Machine code")]
    sysroot: Option<PathBuf>,
    /// Show the interpreter's own functions, allocators' wrappers and what starts a program, too
    #[arg(long, help_heading = "Machine code")]
    all_frames: bool,
}

impl From<SymbolArguments> for Settings {
    fn from(arguments: SymbolArguments) -> Self {
        Self {
            debug_paths: arguments.debug_path,
            sysroot: arguments.sysroot,
            everything: arguments.all_frames,
            servers: Self::servers_of_the_environment(),
        }
    }
}

/// Reports of the recording then have names and lines on any machine, without the program's files.
/// The events are left as they are. Names are looked for where `--debug-path` and `--sysroot` say,
/// and on the servers of `DEBUGINFOD_URLS` if that is set.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  memprof symbolize memprof-server.4711.bin")]
pub(super) struct SymbolizeArguments {
    /// The recording
    file: PathBuf,
    #[command(flatten)]
    symbols: SymbolArguments,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl From<SymbolizeArguments> for symbolize::Options {
    fn from(arguments: SymbolizeArguments) -> Self {
        Self {
            path: arguments.file,
            symbols: arguments.symbols.into(),
            json: arguments.json,
        }
    }
}
