//! Whether a program can be recorded at all, found out before it is started.

use super::error::LaunchError;
use super::kind::{Kind, kind};
use super::sanitizers::insisting_on_being_first;
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Scripts may name scripts as their interpreters; the kernel follows as many.
const MOST_INTERPRETERS: usize = 5;
/// The front of an executable in which its loader is named.
const FRONT_BYTES: u64 = 16 << 10;

#[cfg(target_arch = "x86_64")]
const OWN: &str = "64-bit x86";
#[cfg(target_arch = "aarch64")]
const OWN: &str = "64-bit ARM";

/// Makes sure that a script can be read.
///
/// # Errors
///
/// When it cannot.
pub(super) fn script(path: &Path) -> Result<(), LaunchError> {
    match path.metadata() {
        Err(_) => Err(LaunchError::Missing { path: path.into() }),
        // Python runs a folder with a __main__.py; the caller has looked.
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => match File::open(path) {
            Ok(_) => Ok(()),
            Err(source) => Err(LaunchError::Unreadable {
                path: path.into(),
                source,
            }),
        },
    }
}

/// Makes sure that a library can be preloaded into a program.
///
/// # Errors
///
/// When it cannot, and why.
pub(super) fn executable(path: &Path) -> Result<(), LaunchError> {
    let mut path = path.to_owned();
    for _ in 0..MOST_INTERPRETERS {
        // A program that may be executed but not read cannot be looked into.
        let Ok(file) = File::open(&path) else {
            return Ok(());
        };
        let mut front = Vec::new();
        file.take(FRONT_BYTES)
            .read_to_end(&mut front)
            .map_err(|source| LaunchError::Unreadable {
                path: path.clone(),
                source,
            })?;
        match kind(&front) {
            Kind::NotElf => match interpreter(&path, &front)? {
                Some(interpreter) => path = interpreter,
                None => return Ok(()),
            },
            known => return program(path, known),
        }
    }
    Err(LaunchError::NotAProgram { path })
}

fn program(path: PathBuf, kind: Kind) -> Result<(), LaunchError> {
    match kind {
        Kind::Dynamic(loader) if is_gnu(&loader) => match special_rights(&path) {
            Some(why) => Err(LaunchError::Privileged { path, why }),
            None => match insisting_on_being_first(&path) {
                Some(library) => Err(LaunchError::Sanitized { path, library }),
                None => Ok(()),
            },
        },
        Kind::Dynamic(loader) => Err(LaunchError::OtherLibrary { path, loader }),
        // The loader itself, called to start a program, preloads as always.
        Kind::Static if is_loader(&path) => Ok(()),
        Kind::Static => Err(LaunchError::Static { path }),
        Kind::OtherMachine(kind) => Err(LaunchError::OtherMachine {
            path,
            kind,
            own: OWN,
        }),
        Kind::NotExecutable | Kind::NotElf => Err(LaunchError::NotAProgram { path }),
    }
}

/// The interpreter of a script; `None` when it names none, and the shell takes it.
fn interpreter(path: &Path, front: &[u8]) -> Result<Option<PathBuf>, LaunchError> {
    let line = front
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let Some(line) = line.strip_prefix(b"#!") else {
        // As a shell tells a script from something binary.
        if line.contains(&0) {
            return Err(LaunchError::NotAProgram { path: path.into() });
        }
        return Ok(None);
    };
    let line = line.trim_ascii();
    let name = line
        .split(u8::is_ascii_whitespace)
        .next()
        .unwrap_or_default();
    let interpreter = PathBuf::from(OsStr::from_bytes(name));
    if !interpreter.is_file() {
        return Err(LaunchError::MissingInterpreter {
            script: path.into(),
            interpreter,
        });
    }
    Ok(Some(interpreter))
}

fn is_gnu(loader: &str) -> bool {
    let name = loader.rsplit('/').next().unwrap_or_default();
    name.starts_with("ld-linux") || name.starts_with("ld-2.") || name == "ld.so"
        // A loader at an unusual place (Nix, a bundled one) keeps its name in the middle.
        || name.contains("ld-linux")
}

fn is_loader(path: &Path) -> bool {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let names = [path, &real].map(|path| path.file_name().map(OsStr::to_string_lossy));
    names.iter().flatten().any(|name| is_gnu(name))
}

/// Which rights the program gets that its user does not have; the loader ignores `LD_PRELOAD`
/// then.
fn special_rights(path: &Path) -> Option<&'static str> {
    let metadata = path.metadata().ok()?;
    // SAFETY: these calls touch no memory of ours.
    let (user, group, confined) = unsafe {
        (
            libc::geteuid(),
            libc::getegid(),
            libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1,
        )
    };
    if confined || is_mounted_without_rights(path) {
        return None;
    }
    if metadata.mode() & libc::S_ISUID != 0 && metadata.uid() != user {
        return Some("setuid");
    }
    if metadata.mode() & libc::S_ISGID != 0 && metadata.gid() != group {
        return Some("setgid");
    }
    (user != 0 && has_capabilities(path)).then_some("file capabilities")
}

fn is_mounted_without_rights(path: &Path) -> bool {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: all zeros are a valid statvfs, which outlives the call, as does the path.
    unsafe {
        let mut file_system = std::mem::zeroed::<libc::statvfs>();
        libc::statvfs(path.as_ptr(), &raw mut file_system) == 0
            && file_system.f_flag & libc::ST_NOSUID != 0
    }
}

fn has_capabilities(path: &Path) -> bool {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    let name = c"security.capability";
    // SAFETY: both names end with zero; with no room given, only the length is told.
    unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), std::ptr::null_mut(), 0) > 0 }
}

#[cfg(test)]
mod tests {
    use super::{executable, is_gnu};
    use crate::launch::LaunchError;
    use std::fs;

    #[test]
    fn ordinary_programs_pass() {
        executable("/bin/sh".as_ref()).expect("a shell is dynamic");
    }

    #[test]
    fn loaders_are_told_apart() {
        assert!(is_gnu("/lib64/ld-linux-x86-64.so.2"));
        assert!(is_gnu("/lib/ld-linux-aarch64.so.1"));
        assert!(!is_gnu("/lib/ld-musl-x86_64.so.1"));
        assert!(!is_gnu("/system/bin/linker64"));
    }

    #[test]
    fn scripts_lead_to_their_interpreters() {
        let path = std::env::temp_dir().join(format!("memprof-check-{}", std::process::id()));
        let check = |content: &[u8]| {
            fs::write(&path, content).expect("it is writable");
            executable(&path)
        };
        assert!(check(b"#! /bin/sh -e\n").is_ok());
        assert!(check(b"echo without a first line\n").is_ok());
        let missing = check(b"#!/no/such/interpreter\n");
        assert!(
            matches!(missing, Err(LaunchError::MissingInterpreter { .. })),
            "{missing:?}"
        );
        assert!(matches!(
            check(b"\x01\x00\x02"),
            Err(LaunchError::NotAProgram { .. })
        ));
        // A script that is its own interpreter comes to no end.
        let own = format!("#!{}\n", path.display());
        assert!(matches!(
            check(own.as_bytes()),
            Err(LaunchError::NotAProgram { .. })
        ));
        fs::remove_file(&path).expect("it is ours");
    }
}
