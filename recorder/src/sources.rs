//! What the lines of the program's own source files said, kept as hashes: so that two recordings
//! can be compared though lines were inserted between them.

use crate::capture::{ChunkHead, ChunkKind, SourceHashes};
use crate::origin::Origin;
use crate::writer::Writer;
use memprof_wire::units::Microseconds;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Larger files are generated, and nobody looks for a line of them.
const LARGEST: u64 = 4 << 20;
/// So many bytes of source are read at most: the user waits for it.
const MOST: u64 = 16 << 20;

/// Which source files are looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sources<'a> {
    /// The folder that the program was started in, to which relative names refer.
    pub folder: &'a Path,
    /// When the recording began: files that were changed later are not what ran.
    pub began: SystemTime,
}

impl Sources<'_> {
    /// Writes what the lines of these files say, of each that is the user's own and unchanged.
    pub(crate) fn write(&self, files: &BTreeSet<String>, now: Microseconds, writer: &Writer) {
        let mut left = MOST;
        for file in files {
            if let Some(hashes) = self.hashes(file, &mut left) {
                writer.send_json(ChunkHead::at(ChunkKind::Sources, now), &hashes);
            }
        }
    }

    /// What the lines of a file say. `left` is how many bytes may still be read.
    fn hashes(&self, file: &str, left: &mut u64) -> Option<SourceHashes> {
        if Origin::of(file) != Origin::Own {
            return None;
        }
        let path = self.folder.join(file);
        let facts = fs::metadata(&path).ok()?;
        let is_what_ran = facts.modified().ok()? <= self.began;
        if !facts.is_file() || !is_what_ran || facts.len() > LARGEST.min(*left) {
            return None;
        }
        let text = fs::read(path).ok()?;
        *left = left.saturating_sub(text.len() as u64);
        let lines = text.split(|byte| *byte == b'\n');
        Some(SourceHashes {
            path: file.to_owned(),
            lines: lines
                .map(|line| crc32fast::hash(line.trim_ascii()))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Sources};
    use crate::folder::Folder;
    use std::fs;
    use std::time::{Duration, SystemTime};

    #[test]
    fn own_files_that_were_not_changed_are_told_line_by_line() {
        let folder = Folder::new();
        let packages = folder.file("site-packages");
        fs::create_dir_all(&packages).expect("the temporary folder can be written");
        let text = "held = 1\r\n\n  held = 1\nlast";
        for path in [folder.file("app.py"), packages.join("lib.py")] {
            fs::write(path, text).expect("it can be written");
        }
        let hour = Duration::from_secs(3600);
        let at = |began, file: &str, left: u64| {
            let folder = folder.path();
            let hashes = Sources { folder, began }.hashes(file, &mut { left });
            hashes.map(|hashes| hashes.lines)
        };
        let later = SystemTime::now() + hour;
        let lines = at(later, "app.py", MOST).expect("it is there");
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[0], lines[2]);
        assert_eq!(lines[1], 0);
        assert_ne!(lines[0], lines[3]);
        assert_eq!(at(later - 2 * hour, "app.py", MOST), None);
        assert_eq!(at(later, "app.py", 10), None);
        let package = packages.join("lib.py");
        assert_eq!(at(later, package.to_str().expect("it is text"), MOST), None);
        assert_eq!(at(later, "gone.py", MOST), None);
    }
}
