//! Packages that are not part of Python, as `scripts/interpreter-packages` installs them.

use crate::interpreters::{self, Interpreter};
use std::path::PathBuf;

/// The folder with those for an interpreter, where there are any.
pub fn folder(interpreter: &Interpreter) -> Option<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME")?);
    let (major, minor) = interpreter.version;
    let folder = home.join(format!(
        ".cache/memprof-interpreters/{major}.{minor}/site-packages"
    ));
    folder.is_dir().then_some(folder)
}

/// The interpreters that a package is there for. The others are named on the standard error.
pub fn with(package: &str) -> Vec<&'static Interpreter> {
    let has = |interpreter: &&Interpreter| {
        let found = folder(interpreter).is_some_and(|folder| folder.join(package).is_dir());
        if !found {
            eprintln!(
                "not tested, because scripts/interpreter-packages has not installed it: \
                 {package} for {interpreter}"
            );
        }
        found
    };
    interpreters::all().iter().filter(has).collect()
}
