//! Where the debug information of a file is, when it is not in the file itself.

use super::server::{self, Artifact};
use super::settings::Settings;
use object::{Object as _, read::ReadRef};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Where systems keep separate debug files.
const SYSTEM: &str = "/usr/lib/debug";

/// The separate debug file of `file`, which was read from `path`: by its build id, else by the name
/// that it notes, else from a server.
pub fn find<'data, R: ReadRef<'data>>(
    file: &object::File<'data, R>,
    path: &Path,
    settings: &Settings,
) -> Option<PathBuf> {
    let id = file.build_id().ok().flatten().map(hexadecimal);
    let link = file.gnu_debuglink().ok().flatten();
    let link = link.map(|(name, _)| OsStr::from_bytes(name));
    candidates(path, id.as_deref(), link, &folders(settings))
        .into_iter()
        .find(|candidate| candidate != path && candidate.is_file())
        .or_else(|| server::fetch(&id?, Artifact::Debug, &settings.servers))
}

/// The file of a build id, where nothing else is known of it.
pub fn by_build_id(id: &str, settings: &Settings) -> Option<PathBuf> {
    candidates(Path::new("/"), Some(id), None, &folders(settings))
        .into_iter()
        .map(|path| path.with_extension(""))
        .find(|candidate| candidate.is_file())
        .or_else(|| server::fetch(id, Artifact::Executable, &settings.servers))
}

/// The user's folders, and those of the program's machine.
fn folders(settings: &Settings) -> Vec<PathBuf> {
    let system = SYSTEM.trim_start_matches('/');
    let moved = settings.sysroot.iter().map(|root| root.join(system));
    settings.debug_paths.iter().cloned().chain(moved).collect()
}

/// Where it may be, the likeliest place first.
fn candidates(
    path: &Path,
    id: Option<&str>,
    link: Option<&OsStr>,
    folders: &[PathBuf],
) -> Vec<PathBuf> {
    let system = Path::new(SYSTEM);
    let roots = || folders.iter().map(PathBuf::as_path).chain([system]);
    let mut found = Vec::new();
    if let Some((first, rest)) = id.and_then(|id| id.split_at_checked(2)) {
        let name = format!("{rest}.debug");
        found.extend(roots().map(|root| root.join(".build-id").join(first).join(&name)));
    }
    if let Some(link) = link {
        let folder = path.parent().unwrap_or(Path::new("/"));
        found.push(folder.join(link));
        found.push(folder.join(".debug").join(link));
        for root in roots() {
            found.push(
                root.join(folder.strip_prefix("/").unwrap_or(folder))
                    .join(link),
            );
            found.push(root.join(link));
        }
    }
    found
}

/// Bytes as build ids are written.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{candidates, hexadecimal};
    use std::ffi::OsStr;
    use std::path::{Path, PathBuf};

    #[test]
    fn the_places_are_those_that_debuggers_look_at() {
        let own = [PathBuf::from("/own")];
        let places = candidates(
            Path::new("/usr/lib/libm.so"),
            Some("abcdef"),
            Some(OsStr::new("libm.debug")),
            &own,
        );
        let places: Vec<&str> = places.iter().filter_map(|place| place.to_str()).collect();
        assert_eq!(
            places,
            [
                "/own/.build-id/ab/cdef.debug",
                "/usr/lib/debug/.build-id/ab/cdef.debug",
                "/usr/lib/libm.debug",
                "/usr/lib/.debug/libm.debug",
                "/own/usr/lib/libm.debug",
                "/own/libm.debug",
                "/usr/lib/debug/usr/lib/libm.debug",
                "/usr/lib/debug/libm.debug",
            ]
        );
        assert_eq!(hexadecimal(&[0xab, 0x01]), "ab01");
    }
}
