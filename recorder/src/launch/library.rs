//! Where the library is that is put into the program.

use super::error::LaunchError;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The environment variable that names the library, for an installation with a layout of its own.
pub const PRELOAD_LIBRARY: &str = "MEMPROF_PRELOAD_LIBRARY";

const NAME: &str = "libmemprof_preload.so";

/// A library that can be named in `LD_PRELOAD`.
#[derive(Debug)]
pub struct Library {
    name: OsString,
    /// Open as long as its name has to lead to it.
    _file: Option<File>,
}

impl Library {
    /// The library: at `path`, else where [`PRELOAD_LIBRARY`] says, else beside this executable,
    /// else in `../lib/memprof` from there.
    ///
    /// # Errors
    ///
    /// When it is at none of these places.
    pub fn find(path: Option<&Path>) -> Result<Self, LaunchError> {
        let places = match (path, std::env::var_os(PRELOAD_LIBRARY)) {
            (Some(path), _) => vec![path.to_owned()],
            (None, Some(path)) => vec![path.into()],
            (None, None) => beside(&std::env::current_exe().unwrap_or_default()),
        };
        // An absolute path, because the program may change its folder before it executes another.
        let found = places.iter().find_map(|place| place.canonicalize().ok());
        let path = found.ok_or(LaunchError::NoLibrary { places })?;
        // The loader would split such a path, or replace a part of it.
        if path
            .as_os_str()
            .as_bytes()
            .iter()
            .any(|byte| b" :$".contains(byte))
        {
            let file = File::open(&path).map_err(|source| LaunchError::Unreadable {
                path: path.clone(),
                source,
            })?;
            let name = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
            return Ok(Self {
                name: name.into(),
                _file: Some(file),
            });
        }
        Ok(Self {
            name: path.into(),
            _file: None,
        })
    }

    /// What to put into `LD_PRELOAD`.
    pub(super) fn name(&self) -> &OsStr {
        &self.name
    }
}

fn beside(executable: &Path) -> Vec<PathBuf> {
    let folder = executable.parent().unwrap_or(Path::new("."));
    vec![folder.join(NAME), folder.join("../lib/memprof").join(NAME)]
}

#[cfg(test)]
mod tests {
    use super::{Library, beside};
    use std::path::Path;

    #[test]
    fn it_is_looked_for_where_it_is_installed() {
        let places = beside(Path::new("/opt/memprof/bin/memprof"));
        assert_eq!(
            places[0],
            Path::new("/opt/memprof/bin/libmemprof_preload.so")
        );
        assert_eq!(
            places[1],
            Path::new("/opt/memprof/bin/../lib/memprof/libmemprof_preload.so")
        );
    }

    #[test]
    fn a_path_that_the_loader_would_split_is_reached_another_way() {
        let folder = std::env::temp_dir().join(format!("memprof a:b {}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("it is writable");
        let path = folder.join("library.so");
        std::fs::write(&path, "content").expect("it is writable");
        let library = Library::find(Some(&path)).expect("it is there");
        let name = library.name().to_string_lossy().into_owned();
        assert!(!name.contains([' ', ':']), "{name}");
        assert_eq!(std::fs::read(&name).expect("it leads there"), b"content");
        std::fs::remove_dir_all(&folder).expect("it is ours");
        let error = Library::find(Some(&path))
            .expect_err("it is gone")
            .to_string();
        assert!(error.contains("cargo build --release"), "{error}");
    }
}
