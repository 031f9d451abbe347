//! Which recording to watch.

use memprof_recorder::capture::{CaptureReader, Completeness};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Why there is nothing to watch.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// Nothing is being recorded here.
    #[error(
        "no recording is running in this folder: start one with `memprof run`, or name a file or a process"
    )]
    Nothing,
    /// This process is not being recorded.
    #[error(
        "process {0} is not being recorded, or not into this folder: name the file of its recording"
    )]
    Process(u32),
}

/// What was named on the command line: nothing, a file, or the number of a process.
///
/// # Errors
///
/// When nothing fits. A file is taken as it is; opening it says what is wrong with it.
pub fn find(wanted: Option<&str>, folder: &Path) -> Result<PathBuf, NotFound> {
    let Some(wanted) = wanted else {
        return newest(running_in(folder)).ok_or(NotFound::Nothing);
    };
    let path = folder.join(wanted);
    match wanted.parse::<u32>() {
        Ok(process) if !path.exists() => of_process(process, folder),
        _ => Ok(PathBuf::from(wanted)),
    }
}

/// The recording of a process: in this folder, or open in the process itself, which may be the
/// recorder, or in its parent.
fn of_process(process: u32, folder: &Path) -> Result<PathBuf, NotFound> {
    let here = running_in(folder)
        .into_iter()
        .filter(|path| is_about(path, process));
    newest(here.collect())
        .or_else(|| newest(open_in(process)))
        .or_else(|| newest(open_in(parent(process)?)))
        .ok_or(NotFound::Process(process))
}

fn is_about(path: &Path, process: u32) -> bool {
    CaptureReader::open(path).is_ok_and(|reader| {
        reader.facts().root == process
            || reader.images().iter().any(|image| image.process == process)
    })
}

/// The recordings of a folder that somebody writes to.
fn running_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "bin"))
        .filter(|path| is_running(path))
        .collect()
}

/// The recordings that a process has open and that somebody writes to.
pub fn open_in(process: u32) -> Vec<PathBuf> {
    let entries = fs::read_dir(format!("/proc/{process}/fd"));
    entries
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter(|path| path.is_file() && is_running(path))
        .collect()
}

fn is_running(path: &Path) -> bool {
    CaptureReader::open(path).is_ok_and(|reader| reader.completeness() == Completeness::Growing)
}

/// The one that began last.
fn newest(paths: Vec<PathBuf>) -> Option<PathBuf> {
    let began =
        |path: &PathBuf| CaptureReader::open(path).map_or(0, |reader| reader.started_nanoseconds());
    let changed = |path: &PathBuf| {
        let metadata = fs::metadata(path).and_then(|metadata| metadata.modified());
        metadata.unwrap_or(SystemTime::UNIX_EPOCH)
    };
    paths
        .into_iter()
        .max_by_key(|path| (began(path), changed(path)))
}

fn parent(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{NotFound, find, parent};
    use std::path::Path;

    #[test]
    fn a_folder_without_recordings_says_what_to_do() {
        let folder = std::env::temp_dir().join(format!("memprof-find-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("it is writable");
        std::fs::write(folder.join("other.bin"), "no capture").expect("it is writable");
        assert!(matches!(find(None, &folder), Err(NotFound::Nothing)));
        let file = find(Some("other.bin"), &folder).expect("it is named");
        assert_eq!(file, Path::new("other.bin"));
        let nobody = find(Some("4194305"), &folder);
        assert!(matches!(nobody, Err(NotFound::Process(4_194_305))));
        std::fs::remove_dir_all(&folder).expect("it is ours");
    }

    #[test]
    fn this_process_has_a_parent() {
        assert!(parent(std::process::id()).is_some_and(|parent| parent > 0));
    }
}
