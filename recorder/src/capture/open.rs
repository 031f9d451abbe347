//! Opening a file, and telling what is no capture.

use super::error::CaptureError;
use super::header::{self, Header};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Opens a regular file.
pub(super) fn open_file(path: &Path) -> Result<File, CaptureError> {
    // Looked at before it is opened: opening a pipe would wait for somebody to write to it.
    let wrong = |source: io::Error| match source.kind() {
        ErrorKind::NotFound => CaptureError::Missing { path: path.into() },
        _ => CaptureError::Io {
            action: "open",
            path: path.into(),
            source,
        },
    };
    let metadata = fs::metadata(path).map_err(wrong)?;
    if metadata.is_dir() {
        return Err(CaptureError::Folder { path: path.into() });
    }
    if !metadata.is_file() {
        return Err(CaptureError::NotOurs { path: path.into() });
    }
    File::open(path).map_err(wrong)
}

/// Reads the page at its front.
pub(super) fn read_header(file: &File, path: &Path) -> Result<Header, CaptureError> {
    let mut page = [0; header::PAGE];
    let mut length = 0;
    while length < page.len() {
        match file.read_at(&mut page[length..], length as u64) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(source) => {
                return Err(CaptureError::Io {
                    action: "read",
                    path: path.into(),
                    source,
                });
            }
        }
    }
    if length == 0 {
        return Err(CaptureError::Empty { path: path.into() });
    }
    let Some(header) = header::read(&page) else {
        return Err(CaptureError::NotOurs { path: path.into() });
    };
    if header.major > header::MAJOR {
        return Err(CaptureError::Newer {
            path: path.into(),
            version: header.major,
            supported: header::MAJOR,
        });
    }
    if length < page.len() {
        return Err(CaptureError::CutInHeader {
            path: path.into(),
            bytes: length as u64,
        });
    }
    if header.first_chunk < page.len() as u64 {
        return Err(CaptureError::Damaged {
            path: path.into(),
            offset: 12,
            what: "the first chunk cannot be within the header".to_owned(),
        });
    }
    Ok(header)
}
