//! Where the library is that is put into the program.

use super::error::LaunchError;
use std::path::{Path, PathBuf};

/// The environment variable that names the library, for an installation with a layout of its own.
pub const PRELOAD_LIBRARY: &str = "MEMPROF_PRELOAD_LIBRARY";

const NAME: &str = "libmemprof_preload.so";

/// The library: where [`PRELOAD_LIBRARY`] says, else beside this executable, else in
/// `../lib/memprof` from there.
///
/// # Errors
///
/// When it is at none of these places.
pub fn find() -> Result<PathBuf, LaunchError> {
    let places = match std::env::var_os(PRELOAD_LIBRARY) {
        Some(path) => vec![PathBuf::from(path)],
        None => beside(&std::env::current_exe().unwrap_or_default()),
    };
    // An absolute path, because the program may change its folder before it executes another.
    let found = places.iter().find_map(|place| place.canonicalize().ok());
    found.ok_or(LaunchError::NoLibrary { places })
}

fn beside(executable: &Path) -> Vec<PathBuf> {
    let folder = executable.parent().unwrap_or(Path::new("."));
    vec![folder.join(NAME), folder.join("../lib/memprof").join(NAME)]
}

#[cfg(test)]
mod tests {
    use super::beside;
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
}
