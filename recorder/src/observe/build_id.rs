//! Build ids: what a linker notes in an executable so that its symbols can be found later.

use crate::elf::{Bytes, Elf, Extent, four};
use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const NOTE_SEGMENT: u32 = 4;
const BUILD_ID_NOTE: u32 = 3;
/// Notes beyond this many bytes are not looked at.
const MOST_NOTES: u64 = 64 << 10;

/// The build ids of the files seen so far, each read once.
#[derive(Debug, Default)]
pub struct BuildIds {
    known: HashMap<(u64, u64), Option<String>>,
}

impl BuildIds {
    /// The build id of a file as a process sees it, in hexadecimal digits.
    pub fn of(&mut self, process: u32, path: &Path) -> Option<String> {
        let inner = path.strip_prefix("/").ok()?;
        let path = Path::new("/proc")
            .join(process.to_string())
            .join("root")
            .join(inner);
        let metadata = fs::metadata(&path).ok()?;
        if !metadata.is_file() {
            return None;
        }
        let file = (metadata.dev(), metadata.ino());
        self.known
            .entry(file)
            .or_insert_with(|| read(&File::open(&path).ok()?))
            .clone()
    }
}

fn read(bytes: &(impl Bytes + ?Sized)) -> Option<String> {
    let elf = Elf::new(bytes)?;
    let segments = elf.segments()?;
    let notes = segments.iter().filter(|it| it.kind == NOTE_SEGMENT);
    notes.into_iter().find_map(|segment| {
        let Extent { offset, length } = segment.extent;
        let length = length.min(MOST_NOTES);
        in_notes(&elf.read(Extent { offset, length })?)
    })
}

fn in_notes(mut notes: &[u8]) -> Option<String> {
    loop {
        let (name, content) = (four(notes, 0)? as usize, four(notes, 4)? as usize);
        let kind = four(notes, 8)?;
        let start = 12 + name.next_multiple_of(4);
        let bytes = notes.get(start..start.checked_add(content)?)?;
        if kind == BUILD_ID_NOTE && notes.get(12..12 + name) == Some(b"GNU\0") {
            return Some(hexadecimal(bytes));
        }
        notes = notes.get(start + content.next_multiple_of(4)..)?;
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{BuildIds, NOTE_SEGMENT, in_notes, read};
    use crate::elf::tests::{damaged, file};
    use std::path::Path;

    #[test]
    fn the_note_is_found_behind_others() {
        let mut notes = Vec::new();
        for (kind, content) in [(1u32, &[9u8, 9, 9, 9][..]), (3, &[0xab, 0x01, 0xff])] {
            notes.extend_from_slice(&4u32.to_le_bytes());
            notes.extend_from_slice(&(content.len() as u32).to_le_bytes());
            notes.extend_from_slice(&kind.to_le_bytes());
            notes.extend_from_slice(b"GNU\0");
            notes.extend_from_slice(content);
        }
        assert_eq!(in_notes(&notes).as_deref(), Some("ab01ff"));
        let program = file(&[(1, 0, b"code"), (NOTE_SEGMENT, 0, &notes)]);
        assert_eq!(read(&*program).as_deref(), Some("ab01ff"));
        damaged(&program, |bytes| {
            read(bytes);
        });
        assert_eq!(in_notes(&notes[..20]), None);
        assert_eq!(in_notes(&[0xff; 40]), None);
    }

    #[test]
    fn what_is_no_executable_has_none() {
        let mut build_ids = BuildIds::default();
        let process = std::process::id();
        assert_eq!(build_ids.of(process, Path::new("/etc/passwd")), None);
        assert_eq!(build_ids.of(process, Path::new("/no such file")), None);
        assert_eq!(build_ids.of(process, Path::new("[vdso]")), None);
    }
}
