//! How addresses are named.

use std::env;
use std::path::PathBuf;

/// How addresses are named.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Folders with separate debug files, looked through before the system's own.
    pub debug_paths: Vec<PathBuf>,
    /// The root of the machine that the program ran on, where that is not this one.
    pub sysroot: Option<PathBuf>,
    /// Name the interpreter's own functions, allocators' wrappers and what starts a program too.
    pub everything: bool,
    /// Servers that are asked for debug files: none unless the user wants it.
    pub servers: Vec<String>,
}

impl Settings {
    /// The servers that the user's environment names.
    pub fn servers_of_the_environment() -> Vec<String> {
        let servers = env::var("DEBUGINFOD_URLS").unwrap_or_default();
        servers.split_whitespace().map(str::to_owned).collect()
    }
}
