//! Why a program cannot be recorded, each as one line that says what to do.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

/// Why a program cannot be started, or not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no such command on `PATH`.
    #[error("there is no command {} on PATH; a program in this folder is called ./{0}", name.display())]
    NotFound {
        /// The name.
        name: OsString,
    },
    /// There is no such file.
    #[error("there is no file {}", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// The file is a folder.
    #[error("{} is a folder, no program", path.display())]
    Folder {
        /// The path.
        path: PathBuf,
    },
    /// The file has no right to be executed.
    #[error("{} is not executable: try chmod +x, or name its interpreter", path.display())]
    NotExecutable {
        /// The path.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is neither a program of this kind of system nor a script.
    #[error("{} is no program that this system can execute", path.display())]
    NotAProgram {
        /// The path.
        path: PathBuf,
    },
    /// The interpreter that a script names is not there.
    #[error("{} names {} as its interpreter, and there is no such file", script.display(), interpreter.display())]
    MissingInterpreter {
        /// The script.
        script: PathBuf,
        /// The interpreter.
        interpreter: PathBuf,
    },
    /// The program is for another kind of machine.
    #[error("{} is built for {kind}, and this memprof records {own} programs", path.display())]
    OtherMachine {
        /// The program.
        path: PathBuf,
        /// What it is built for.
        kind: String,
        /// What this is.
        own: &'static str,
    },
    /// The program has no dynamic loader.
    #[error(
        "{} is statically linked: nothing can be preloaded into it, so it cannot be recorded; \
         use a dynamically linked build",
        path.display()
    )]
    Static {
        /// The program.
        path: PathBuf,
    },
    /// The program uses a C library that the preloaded one cannot live with.
    #[error(
        "{} is linked against another C library ({loader}); memprof records programs that use \
         the GNU C library",
        path.display()
    )]
    OtherLibrary {
        /// The program.
        path: PathBuf,
        /// Its loader.
        loader: String,
    },
    /// The system does not preload libraries into the program.
    #[error(
        "{} runs with other rights than yours ({why}), so the system preloads nothing into it; \
         run memprof as its owner",
        path.display()
    )]
    Privileged {
        /// The program.
        path: PathBuf,
        /// Which.
        why: &'static str,
    },
    /// A library of the program ends it where another one is preloaded.
    #[error(
        "{} is built with AddressSanitizer ({library}), which ends a program when another library is \
         loaded first; use a build without it",
        path.display()
    )]
    Sanitized {
        /// The program.
        path: PathBuf,
        /// The library.
        library: String,
    },
    /// The preloaded library is not where it should be.
    #[error(
        "cannot find libmemprof_preload.so (looked at {}): build it with `cargo build --release`, \
         or set MEMPROF_PRELOAD_LIBRARY to its path",
        places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    NoLibrary {
        /// Where it was looked for.
        places: Vec<PathBuf>,
    },
    /// The system refused.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: String,
        /// Why not.
        source: io::Error,
    },
}
