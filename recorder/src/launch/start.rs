//! Starting a program that waits, between `fork` and `exec`, until its recording is ready.

use super::CommandLine;
use super::error::LaunchError;
use super::library::Library;
use super::signals::Signals;
use memprof_wire::environment::{LD_PRELOAD, SESSION};
use std::ffi::{CString, OsStr, OsString, c_char};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::thread;

/// Starts a program with the library preloaded and the session's path in its environment.
///
/// `prepare` is called with the number of the process before the program begins, and its failure
/// keeps the program from beginning. Returns the number.
///
/// # Errors
///
/// Those of `prepare`, and when the system cannot start the program.
pub fn start<E: From<LaunchError>>(
    line: &CommandLine,
    library: &Library,
    session: &str,
    signals: &Signals,
    prepare: impl FnOnce(u32) -> Result<(), E>,
) -> Result<u32, E> {
    let failed = |source: io::Error| {
        let action = format!("start {}", line.program.display());
        E::from(LaunchError::System { action, source })
    };
    let image = Image::new(line, library, session).map_err(failed)?;
    let (mut numbers, mut number_out) = io::pipe().map_err(failed)?;
    let (mut word_in, mut word) = io::pipe().map_err(failed)?;
    let (own_end, before) = (word.as_raw_fd(), signals.before());
    let mut command = Command::new(&line.program);
    let until_told = move || {
        // SAFETY: the child's copy of the parent's end, which would keep it waiting for a word
        // from itself if the parent died.
        unsafe { libc::close(own_end) };
        before.restore_in_child();
        number_out.write_all(&std::process::id().to_le_bytes())?;
        word_in.read_exact(&mut [0])?;
        Err(image.execute())
    };
    // SAFETY: between fork and exec this makes system calls only and allocates nothing.
    unsafe { command.pre_exec(until_told) };
    thread::scope(|scope| {
        // `spawn` returns only when the program has begun or failed to, so somebody else has to
        // wait for it. Dropping the command closes this process's copies of the child's ends.
        let spawning = scope.spawn(move || {
            let result = command.spawn();
            drop(command);
            result
        });
        let mut number = [0; 4];
        let prepared = match numbers.read_exact(&mut number) {
            Ok(()) => Some(prepare(u32::from_le_bytes(number))),
            // There was no fork: spawning says why.
            Err(_) => None,
        };
        if matches!(prepared, Some(Ok(()))) {
            // A child that is gone by now cannot be told; spawning says why.
            let _ = word.write_all(&[1]);
        }
        drop(word);
        let spawned = spawning.join().expect("nothing in it panics");
        match (prepared, spawned) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(failed(error)),
            (None, Ok(_)) => Err(failed(io::ErrorKind::BrokenPipe.into())),
            (Some(Ok(())), Ok(child)) => Ok(child.id()),
        }
    })
}

/// All that `exec` needs, prepared before the fork. The standard library would sort the
/// environment; programs shall find it as it is.
struct Image {
    program: CString,
    arguments: Pointers,
    environment: Pointers,
}

impl Image {
    fn new(line: &CommandLine, library: &Library, session: &str) -> io::Result<Self> {
        let mut variables: Vec<OsString> = Vec::new();
        let mut preload = library.name().to_owned();
        let mut preload_place = None;
        for (name, value) in std::env::vars_os() {
            if name == SESSION {
                continue;
            }
            // Where shells note which program they start: not this one.
            if name == "_" && is_own(&value) {
                variables.push(variable(&name, line.program.as_os_str()));
                continue;
            }
            if name == LD_PRELOAD {
                preload_place = Some(variables.len());
                preload.push(":");
                preload.push(&value);
            }
            variables.push(variable(&name, &value));
        }
        let preload = variable(LD_PRELOAD.as_ref(), &preload);
        match preload_place {
            Some(place) => variables[place] = preload,
            None => variables.push(preload),
        }
        variables.push(variable(SESSION.as_ref(), session.as_ref()));
        Ok(Self {
            program: CString::new(line.program.as_os_str().as_bytes())?,
            arguments: Pointers::new(line.arguments.clone())?,
            environment: Pointers::new(variables)?,
        })
    }

    /// Becomes the program; returns why not. A script without a first line goes to the shell.
    fn execute(&self) -> io::Error {
        let Self {
            program,
            arguments,
            environment,
        } = self;
        let (arguments, environment) = (arguments.array(), environment.array());
        // SAFETY: all strings end with zero, both arrays with a null pointer.
        unsafe { libc::execvpe(program.as_ptr(), arguments, environment) };
        io::Error::last_os_error()
    }
}

/// Strings for `exec`, and the array of their addresses.
struct Pointers {
    array: Vec<*const c_char>,
    _strings: Vec<CString>,
}

// SAFETY: the array points to strings that it owns.
unsafe impl Send for Pointers {}
// SAFETY: as above.
unsafe impl Sync for Pointers {}

impl Pointers {
    fn new(strings: Vec<OsString>) -> io::Result<Self> {
        let strings = strings
            .into_iter()
            .map(|text| Ok(CString::new(text.into_vec())?))
            .collect::<io::Result<Vec<_>>>()?;
        let end = [std::ptr::null()];
        let array = strings
            .iter()
            .map(|text| text.as_ptr())
            .chain(end)
            .collect();
        Ok(Self {
            array,
            _strings: strings,
        })
    }

    fn array(&self) -> *const *const c_char {
        self.array.as_ptr()
    }
}

fn is_own(program: &OsStr) -> bool {
    std::env::current_exe()
        .is_ok_and(|own| Path::new(program).canonicalize().is_ok_and(|it| it == own))
}

fn variable(name: &OsStr, value: &OsStr) -> OsString {
    let mut text = name.to_owned();
    text.push("=");
    text.push(value);
    text
}
