//! Build ids: what a linker notes in an executable so that its symbols can be found later.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

const PROGRAM_HEADER_BYTES: usize = 56;
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

fn read(file: &File) -> Option<String> {
    let mut header = [0; 64];
    file.read_exact_at(&mut header, 0).ok()?;
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let headers = eight(&header, 32)?;
    let count = usize::from(u16::from_le_bytes([header[56], header[57]]));
    let mut table = vec![0; count * PROGRAM_HEADER_BYTES];
    file.read_exact_at(&mut table, headers).ok()?;
    table
        .chunks_exact(PROGRAM_HEADER_BYTES)
        .find_map(|segment| {
            if four(segment, 0)? != NOTE_SEGMENT {
                return None;
            }
            let (offset, length) = (eight(segment, 8)?, eight(segment, 32)?.min(MOST_NOTES));
            let mut notes = vec![0; length as usize];
            file.read_exact_at(&mut notes, offset).ok()?;
            in_notes(&notes)
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

fn four(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::{BuildIds, in_notes};
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
