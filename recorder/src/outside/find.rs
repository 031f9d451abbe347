//! From the number of a process to the session that it writes to.
//!
//! The program has the session's memory file mapped, its recorder has it open; the number of the
//! file says that it is the same one.

use super::OutsideError;
use crate::session::Session;
use memprof_wire::ring::RingState;
use std::fs;
use std::io;
use std::os::linux::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// What the kernel calls the memory file.
const NAME: &str = "/memfd:memprof";

/// The recorder of a process, and the path of its session.
pub(super) fn session_of(process: u32) -> Result<(u32, PathBuf), OutsideError> {
    let proc = folder(process);
    if !proc.exists() {
        return Err(OutsideError::NoSuchProcess(process));
    }
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::PermissionDenied => OutsideError::NotOurs(process),
        // it has ended meanwhile
        _ => OutsideError::NoSuchProcess(process),
    };
    let maps = fs::read(proc.join("maps")).map_err(refused)?;
    let maps = String::from_utf8_lossy(&maps);
    let Some(inode) = maps.lines().find_map(session_inode) else {
        return Err(OutsideError::NotRecorded(process));
    };
    // the recorder itself has it mapped, too
    let candidates = std::iter::successors(Some(process), |process| parent(*process));
    let anybody = || fs::read_dir("/proc").into_iter().flatten().flatten();
    let all = || anybody().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let found = candidates
        .take(64)
        .find_map(|process| Some((process, open_session(process, inode)?)));
    found
        .or_else(|| all().find_map(|process| Some((process, open_session(process, inode)?))))
        .ok_or(OutsideError::Ended(process))
}

/// The program that a process runs now: that of the newest ring that one of its threads writes to.
pub(super) fn image_of(
    session: &Session,
    process: u32,
    recorder: u32,
) -> Result<u32, OutsideError> {
    let root = session.page().root.load(Ordering::Relaxed);
    let wanted = if process == recorder {
        vec![root]
    } else {
        numbers(process)
    };
    let rings = session.rings().iter();
    let live = rings.filter(|ring| ring.state() == RingState::Live);
    live.filter(|ring| wanted.contains(&ring.process.load(Ordering::Relaxed)))
        .map(|ring| ring.image.load(Ordering::Relaxed))
        .max()
        .ok_or(if wanted.contains(&root) {
            OutsideError::NotNow(process)
        } else {
            OutsideError::NotFollowed(process)
        })
}

fn folder(process: u32) -> PathBuf {
    Path::new("/proc").join(process.to_string())
}

/// The number of the memory file in a line such as
/// `7f…-7f… rw-s 00000000 00:01 1234    /memfd:memprof (deleted)`.
fn session_inode(line: &str) -> Option<u64> {
    let is_session = line.contains(NAME);
    line.split(' ').nth(4).filter(|_| is_session)?.parse().ok()
}

fn descriptors(process: u32) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder(process).join("fd"));
    let entries = entries.into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// Where a process has the session open.
fn open_session(process: u32, inode: u64) -> Option<PathBuf> {
    descriptors(process).find(|descriptor| {
        let link = fs::read_link(descriptor);
        link.is_ok_and(|path| {
            path.as_os_str()
                .as_encoded_bytes()
                .starts_with(NAME.as_bytes())
        }) && fs::metadata(descriptor).is_ok_and(|metadata| metadata.st_ino() == inode)
    })
}

/// A number in `/proc/PROCESS/status`: the last one of a line.
fn status(process: u32, field: &str) -> Option<u32> {
    let status = fs::read_to_string(folder(process).join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().last()?.parse().ok()
}

fn parent(process: u32) -> Option<u32> {
    status(process, "PPid:").filter(|&parent| parent > 1)
}

/// What the process is called here, and in a container of its own.
fn numbers(process: u32) -> Vec<u32> {
    let within = status(process, "NSpid:");
    within.into_iter().chain([process]).collect()
}

#[cfg(test)]
mod tests {
    use super::session_inode;

    #[test]
    fn the_session_is_known_among_the_mappings() {
        let line = "7f10-7f20 rw-s 00000000 00:01 1234      /memfd:memprof (deleted)";
        assert_eq!(session_inode(line), Some(1234));
        let other = "7f10-7f20 rw-s 00000000 00:01 1234      /memfd:other (deleted)";
        assert_eq!(session_inode(other), None);
    }
}
