//! From what the user typed to a program that runs.
//!
//! [`Launch::resolve`] finds the program and refuses what cannot be recorded, in one clear line;
//! [`start()`] starts it, held back until its recording is ready; [`wait()`] stands between it and
//! the terminal until it ends.

mod allocators;
mod check;
mod error;
mod inherited;
mod interpreter;
mod kind;
mod library;
mod sanitizers;
mod search;
mod signals;
mod start;
mod wait;

pub use error::LaunchError;
#[cfg(test)]
pub(crate) use inherited::pipe_was_ignored;
pub use library::{Library, PRELOAD_LIBRARY};
pub use signals::Signals;
pub use start::start;
pub use wait::{Exit, end_like, wait};
pub(crate) use wait::{reap, wait_for};

use search::search;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What to run, as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A Python script, or any executable.
    Program(OsString),
    /// `-m MODULE`
    Module(OsString),
    /// `-c CODE`
    Code(OsString),
}

/// What the user asked to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// What to run.
    pub target: Target,
    /// What to hand to it.
    pub arguments: Vec<OsString>,
    /// The interpreter for Python code; `None` for the one that `python3` would be.
    pub python: Option<OsString>,
}

/// A program that was found and can be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The file to execute.
    pub program: PathBuf,
    /// Its arguments, its own name first.
    pub arguments: Vec<OsString>,
    /// What the recording is called: the script, module or executable.
    pub name: String,
    /// Whether the file to execute is a Python interpreter, or a script for one.
    pub is_python: bool,
    /// An allocator that the program is linked with under a name of its own, and so cannot be seen.
    pub other_allocator: Option<String>,
}

impl Launch {
    /// Finds the program, and makes sure that it can be recorded.
    ///
    /// # Errors
    ///
    /// When there is no such program, when it cannot be executed, or when a library cannot be
    /// preloaded into it.
    pub fn resolve(&self) -> Result<CommandLine, LaunchError> {
        match &self.target {
            Target::Module(module) => self.python(&["-m".as_ref(), module], module),
            Target::Code(code) => self.python(&["-c".as_ref(), code], OsStr::new("code")),
            Target::Program(program) if is_for_python(program) => {
                if program != "-" {
                    check::script(Path::new(program))?;
                }
                self.python(&[program], program)
            }
            Target::Program(program) => match search(program) {
                Err(LaunchError::NotFound { .. } | LaunchError::NotExecutable { .. })
                    if has_python_shebang(Path::new(program)) =>
                {
                    self.python(&[program], program)
                }
                found => command_line(found?, program, &[], &self.arguments, program),
            },
        }
    }

    fn python(&self, first: &[&OsStr], name: &OsStr) -> Result<CommandLine, LaunchError> {
        let python = match (&self.python, std::env::var_os("VIRTUAL_ENV")) {
            (Some(python), _) => python.clone(),
            (None, Some(environment)) if !environment.is_empty() => {
                let python = Path::new(&environment).join("bin/python3");
                // An environment that was deleted is as good as none.
                if python.exists() {
                    python.into_os_string()
                } else {
                    "python3".into()
                }
            }
            (None, _) => "python3".into(),
        };
        command_line(search(&python)?, &python, first, &self.arguments, name)
    }
}

fn command_line(
    program: PathBuf,
    own_name: &OsStr,
    first: &[&OsStr],
    arguments: &[OsString],
    name: &OsStr,
) -> Result<CommandLine, LaunchError> {
    check::executable(&program)?;
    let is_python = interpreter::is_python(&program);
    let own_name = own_name.to_owned();
    let first = first.iter().map(|&text| text.to_owned());
    let arguments = [own_name]
        .into_iter()
        .chain(first)
        .chain(arguments.iter().cloned())
        .collect();
    // Python's own mimalloc is behind functions that are recorded.
    let other_allocator = if is_python {
        None
    } else {
        allocators::find(&program)
    };
    let name = Path::new(name).file_name().unwrap_or(OsStr::new("program"));
    Ok(CommandLine {
        program,
        arguments,
        name: name.to_string_lossy().into_owned(),
        is_python,
        other_allocator,
    })
}

/// Whether a name can only mean a script for Python: by its ending, as a folder with a
/// `__main__.py`, or as `-`, the standard input.
fn is_for_python(name: &OsStr) -> bool {
    let path = Path::new(name);
    let by_ending = path
        .extension()
        .and_then(OsStr::to_str)
        .is_some_and(|ending| ["py", "pyw", "pyc", "pyz"].contains(&ending));
    by_ending || name == "-" || path.join("__main__.py").is_file()
}

/// Whether a file that is no executable says that it is for Python.
fn has_python_shebang(path: &Path) -> bool {
    let mut start = [0; 256];
    let Ok(length) = fs::File::open(path).and_then(|mut file| file.read(&mut start)) else {
        return false;
    };
    interpreter::is_for_python(&start[..length])
}

#[cfg(test)]
mod tests {
    use super::{CommandLine, Launch, LaunchError, Target};
    use crate::folder::Folder;
    use std::ffi::OsString;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    fn resolve(target: Target) -> Result<CommandLine, LaunchError> {
        let arguments = vec![OsString::from("-x"), OsString::from("--force")];
        Launch {
            target,
            arguments,
            python: Some("/bin/sh".into()),
        }
        .resolve()
    }

    fn program(name: impl AsRef<Path>) -> Target {
        Target::Program(name.as_ref().into())
    }

    #[test]
    fn python_code_is_handed_to_the_interpreter() {
        let module = resolve(Target::Module("http.server".into())).expect("there is a shell");
        assert_eq!(module.program, Path::new("/bin/sh"));
        assert_eq!(
            module.arguments,
            ["/bin/sh", "-m", "http.server", "-x", "--force"]
        );
        assert_eq!(module.name, "http.server");
        let code = resolve(Target::Code("pass".into())).expect("there is a shell");
        assert_eq!(code.arguments, ["/bin/sh", "-c", "pass", "-x", "--force"]);
        let stdin = resolve(program("-")).expect("there is a shell");
        assert_eq!(stdin.arguments, ["/bin/sh", "-", "-x", "--force"]);
    }

    #[test]
    fn scripts_are_known_by_their_name_or_their_first_line() {
        let folder = Folder::new();
        let script = folder.file("work.py");
        fs::write(&script, "pass").expect("it is writable");
        let line = resolve(program(&script)).expect("there is a shell");
        assert_eq!(line.arguments[1], script);
        assert_eq!(line.name, "work.py");

        let plain = folder.file("tool");
        fs::write(&plain, "#!/usr/bin/env python3\n").expect("it is writable");
        assert_eq!(
            resolve(program(&plain))
                .expect("there is a shell")
                .arguments[1],
            plain
        );
        // The same, executable: run as it says itself.
        fs::set_permissions(&plain, fs::Permissions::from_mode(0o755)).expect("it is ours");
        assert_eq!(
            resolve(program(&plain)).expect("env is there").program,
            plain
        );

        let package = folder.file("package");
        fs::create_dir_all(&package).expect("it is writable");
        let error = resolve(program(&package)).expect_err("a folder");
        assert!(matches!(error, LaunchError::Folder { .. }), "{error}");
        fs::write(package.join("__main__.py"), "pass").expect("it is writable");
        assert_eq!(
            resolve(program(&package))
                .expect("there is a shell")
                .arguments[1],
            package
        );
    }

    #[test]
    fn what_is_not_there_is_named() {
        for name in ["no-such-program", "./no-such-program", "no-such-script.py"] {
            let message = resolve(program(name))
                .expect_err("there is none")
                .to_string();
            assert!(message.contains(name), "{message}");
        }
    }
}
