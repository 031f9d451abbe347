//! [`Output`]: a place for a capture, before there is one.

use super::error::CaptureError;
use super::{header, lock};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Path, PathBuf};

/// A place for a capture that is known to be writable. Nothing that was there is lost until
/// [`CaptureWriter::begin`](super::CaptureWriter::begin).
#[derive(Debug)]
pub struct Output {
    pub(super) file: File,
    pub(super) path: PathBuf,
    pub(super) is_new: bool,
}

impl Output {
    /// Opens the output and takes its lock; a new file gets room for its header page.
    ///
    /// # Errors
    ///
    /// When the file is there and `force` is not, when its folder is not there, when it cannot be
    /// written, or when another recording writes to it.
    pub fn reserve(path: &Path, force: bool) -> Result<Self, CaptureError> {
        let wrong = |source: io::Error| CaptureError::Io {
            action: "write",
            path: path.to_owned(),
            source,
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let (file, is_new) = match fs::metadata(path) {
            Ok(there) if there.is_dir() => return Err(CaptureError::Folder { path: path.into() }),
            Ok(there) if there.file_type().is_char_device() => {
                (options.open(path).map_err(wrong)?, false)
            }
            Ok(there) if !there.is_file() => {
                return Err(CaptureError::NotAFile { path: path.into() });
            }
            Ok(_) if !force => return Err(CaptureError::Exists { path: path.into() }),
            Ok(_) => (options.open(path).map_err(wrong)?, false),
            Err(_) => (create_new(&mut options, path)?, true),
        };
        let output = Self {
            file,
            path: path.to_owned(),
            is_new,
        };
        if let Err(source) = lock::take(&output.file) {
            // A file system without locks is no hindrance: readers then only cannot tell whether
            // the file still grows.
            if source.kind() == ErrorKind::WouldBlock {
                return Err(CaptureError::Busy { path: path.into() });
            }
        }
        if is_new && let Err(source) = output.file.write_all_at(&[0; header::PAGE], 0) {
            output.abandon();
            return Err(wrong(source));
        }
        Ok(output)
    }

    /// Gives the place up; a file that was there before is as it was.
    pub fn abandon(self) {
        if self.is_new {
            // Nothing is left to do about a file that cannot be removed.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Where the capture will be.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn create_new(options: &mut OpenOptions, path: &Path) -> Result<File, CaptureError> {
    options.create_new(true).open(path).map_err(|source| {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        match (source.kind(), folder) {
            (ErrorKind::AlreadyExists, _) => CaptureError::Exists { path: path.into() },
            (ErrorKind::NotFound, Some(folder)) => CaptureError::MissingFolder {
                path: path.into(),
                folder: folder.into(),
            },
            _ => CaptureError::Io {
                action: "write",
                path: path.into(),
                source,
            },
        }
    })
}
