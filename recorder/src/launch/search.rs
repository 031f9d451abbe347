//! Finding a command as a shell does.

use super::error::LaunchError;
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The file that a shell would execute for this name.
///
/// # Errors
///
/// When there is none, or none that may be executed.
pub(super) fn search(name: &OsStr) -> Result<PathBuf, LaunchError> {
    if name.as_bytes().contains(&b'/') {
        let path = PathBuf::from(name);
        return match path.metadata() {
            Err(_) => Err(LaunchError::Missing { path }),
            Ok(metadata) if metadata.is_dir() => Err(LaunchError::Folder { path }),
            Ok(_) if !may_execute(&path) => Err(LaunchError::NotExecutable { path }),
            Ok(_) => Ok(path),
        };
    }
    let folders = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let mut refused = None;
    for folder in std::env::split_paths(&folders) {
        let path = folder.join(name);
        if name.is_empty() || !path.is_file() {
            continue;
        }
        if may_execute(&path) {
            // A search of the current folder has to stay a path.
            return Ok(if path.has_root() {
                path
            } else {
                Path::new(".").join(path)
            });
        }
        refused.get_or_insert(path);
    }
    Err(match refused {
        Some(path) => LaunchError::NotExecutable { path },
        None => LaunchError::NotFound {
            name: name.to_owned(),
        },
    })
}

fn may_execute(path: &Path) -> bool {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else {
        return false;
    };
    // SAFETY: the path ends with zero and outlives the call.
    unsafe { libc::access(path.as_ptr(), libc::X_OK) == 0 }
}

#[cfg(test)]
mod tests {
    use super::search;
    use crate::launch::LaunchError;

    #[test]
    fn commands_are_found_on_the_path() {
        let shell = search("sh".as_ref()).expect("there is one");
        assert!(
            shell.is_absolute() && shell.ends_with("sh"),
            "{}",
            shell.display()
        );
        assert!(matches!(
            search("".as_ref()),
            Err(LaunchError::NotFound { .. })
        ));
        assert!(matches!(
            search("/".as_ref()),
            Err(LaunchError::Folder { .. })
        ));
        assert!(matches!(
            search("/etc/passwd".as_ref()),
            Err(LaunchError::NotExecutable { .. })
        ));
        assert!(matches!(
            search("./nothing".as_ref()),
            Err(LaunchError::Missing { .. })
        ));
    }
}
