//! The Python interpreters of this machine.

use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The versions whose frames are to be read.
const WANTED: [&str; 7] = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"];

/// An interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The executable itself, never a shim.
    pub path: PathBuf,
    /// As 3.11.
    pub version: (u32, u32),
}

impl fmt::Display for Interpreter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.path.display())
    }
}

/// All that were found, of versions that are wanted. Those that were not are named on the
/// standard error, once.
pub fn all() -> &'static [Interpreter] {
    static FOUND: OnceLock<Vec<Interpreter>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let found = search();
        for wanted in WANTED {
            let is = |it: &Interpreter| format!("{}.{}", it.version.0, it.version.1) == wanted;
            if !found.iter().any(is) {
                eprintln!("not tested for want of an interpreter: Python {wanted}");
            }
        }
        assert!(!found.is_empty(), "no Python is installed");
        found
    })
}

/// The one that tests use which need only one: 3.11 where there is one.
pub fn usual() -> &'static Interpreter {
    let all = all();
    let usual = all.iter().find(|it| it.version == (3, 11));
    usual.unwrap_or(&all[0])
}

fn search() -> Vec<Interpreter> {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let mut candidates = vec![PathBuf::from("/usr/bin/python3")];
    let versions = std::fs::read_dir(home.join(".pyenv/versions"));
    for version in versions.into_iter().flatten().flatten() {
        candidates.push(version.path().join("bin/python3"));
    }
    candidates.sort();
    candidates.into_iter().filter_map(examine).collect()
}

fn examine(path: PathBuf) -> Option<Interpreter> {
    let code = "import sys; print(*sys.version_info[:2], sys.executable)";
    let output = Command::new(&path).args(["-I", "-c", code]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut words = text.split_whitespace();
    let version = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let name = format!("{}.{}", version.0, version.1);
    WANTED
        .contains(&name.as_str())
        .then_some(Interpreter { path, version })
}
