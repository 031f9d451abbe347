//! What can be wrong with a capture file, each as one line that says what to do.

use std::io;
use std::path::PathBuf;

/// Why a capture file could not be made, opened or read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The output is there already.
    #[error("{path} exists already: choose another name, or overwrite it with --force")]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// The output's folder is not there.
    #[error("cannot write {path}: the folder {folder} does not exist")]
    MissingFolder {
        /// The output.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// The path is a folder.
    #[error("{path} is a folder: give the path of a file in it")]
    Folder {
        /// The path.
        path: PathBuf,
    },
    /// The output is a pipe or the like, where one cannot go back to the header.
    #[error("cannot write {path}: it is no regular file; a recording needs one")]
    NotAFile {
        /// The output.
        path: PathBuf,
    },
    /// Another recording writes to the file.
    #[error("{path} is being recorded into: choose another name")]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("there is no file {path}")]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// The file holds nothing.
    #[error("{path} is empty: its recording never began")]
    Empty {
        /// The path.
        path: PathBuf,
    },
    /// The file was written by something else.
    #[error("{path} is no recording of memprof")]
    NotOurs {
        /// The path.
        path: PathBuf,
    },
    /// The file was written by a later version.
    #[error(
        "{path} has format version {version}, this memprof reads up to {supported}: \
         use the version that recorded it, or a later one"
    )]
    Newer {
        /// The path.
        path: PathBuf,
        /// The version of the file.
        version: u16,
        /// The greatest version that can be read.
        supported: u16,
    },
    /// The file ends before its first event.
    #[error("{path} is cut off after {bytes} bytes, before anything was recorded")]
    CutInHeader {
        /// The path.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// The file was changed after it was written.
    #[error("{path} is damaged at byte {offset}: {what}")]
    Damaged {
        /// The path.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// The operating system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}
