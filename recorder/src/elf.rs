//! As much of the ELF format as has to be known of programs and libraries: where their segments and sections are.
//!
//! The format is that of the System V ABI ("ELF-64 Object File Format"), little-endian alone. Nothing that a file says is
//! believed before it is known to lie within the file.

mod names;

pub use names::any_ends_like;

use std::fs::File;
use std::os::unix::fs::FileExt;

/// How long the header is, in bytes.
pub const HEADER_BYTES: usize = 64;
/// The kinds of sections that hold symbols: all of them, and those that the loader needs.
pub const SYMBOLS: u32 = 2;
pub const DYNAMIC_SYMBOLS: u32 = 11;
const SEGMENT_HEADER_BYTES: usize = 56;
const SECTION_HEADER_BYTES: usize = 64;
/// No table that is worth reading is longer, in bytes.
const MOST: u64 = 256 << 20;

/// Something that can be read anywhere: a file, or the front of one.
pub trait Bytes {
    /// Fills the buffer from an offset on; `None` where there is not so much.
    fn fill(&self, buffer: &mut [u8], offset: u64) -> Option<()>;
    /// How much there is, in bytes.
    fn length(&self) -> Option<u64>;
}

impl Bytes for File {
    fn fill(&self, buffer: &mut [u8], offset: u64) -> Option<()> {
        self.read_exact_at(buffer, offset).ok()
    }

    fn length(&self) -> Option<u64> {
        Some(self.metadata().ok()?.len())
    }
}

impl Bytes for [u8] {
    fn fill(&self, buffer: &mut [u8], offset: u64) -> Option<()> {
        let rest = self.get(usize::try_from(offset).ok()?..)?;
        buffer.copy_from_slice(rest.get(..buffer.len())?);
        Some(())
    }

    fn length(&self) -> Option<u64> {
        Some(self.len() as u64)
    }
}

/// A 64-bit little-endian file of this format.
#[derive(Debug)]
pub struct Elf<'a, B: ?Sized> {
    bytes: &'a B,
    header: [u8; HEADER_BYTES],
}

/// A part of a file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Where it begins.
    pub offset: u64,
    /// How long it is.
    pub length: u64,
}

/// What the loader is told of a part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it is for (`p_type`).
    pub kind: u32,
    /// Where it is.
    pub extent: Extent,
}

/// What the linker tells of a part of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it holds (`sh_type`).
    pub kind: u32,
    /// The number of the section that it belongs with (`sh_link`): of symbols, that with their names.
    pub link: u32,
    /// Where it is.
    pub extent: Extent,
}

impl<'a, B: Bytes + ?Sized> Elf<'a, B> {
    /// Looks at the header; `None` where it is of another format.
    pub fn new(bytes: &'a B) -> Option<Self> {
        let mut header = [0; HEADER_BYTES];
        bytes.fill(&mut header, 0)?;
        // 64 bits, little-endian
        let known = header.starts_with(b"\x7fELF\x02\x01");
        known.then_some(Self { bytes, header })
    }

    /// The segments; `None` where the file does not hold their table.
    pub fn segments(&self) -> Option<Vec<Segment>> {
        let table = self.table(32, 56, SEGMENT_HEADER_BYTES)?;
        let headers = table.chunks_exact(SEGMENT_HEADER_BYTES).map(|header| {
            let (offset, length) = (eight(header, 8)?, eight(header, 32)?);
            Some(Segment {
                kind: four(header, 0)?,
                extent: Extent { offset, length },
            })
        });
        headers.collect()
    }

    /// The sections; `None` where the file does not hold their table.
    pub fn sections(&self) -> Option<Vec<Section>> {
        let table = self.table(40, 60, SECTION_HEADER_BYTES)?;
        let headers = table.chunks_exact(SECTION_HEADER_BYTES).map(|header| {
            let (offset, length) = (eight(header, 24)?, eight(header, 32)?);
            Some(Section {
                kind: four(header, 4)?,
                link: four(header, 40)?,
                extent: Extent { offset, length },
            })
        });
        headers.collect()
    }

    /// The content of a part; `None` where the file does not hold all of it, or it is beyond reason.
    pub fn read(&self, extent: Extent) -> Option<Vec<u8>> {
        // a header that lies shall not make us ask for more than there is
        let end = extent.offset.checked_add(extent.length)?;
        if extent.length > MOST || end > self.bytes.length()? {
            return None;
        }
        let mut content = vec![0; extent.length as usize];
        self.bytes.fill(&mut content, extent.offset)?;
        Some(content)
    }

    /// The table whose offset and number of entries stand at these places of the header.
    fn table(&self, offset: usize, number: usize, entry: usize) -> Option<Vec<u8>> {
        let length = u64::from(two(&self.header, number)?) * entry as u64;
        let offset = eight(&self.header, offset)?;
        self.read(Extent { offset, length })
    }
}

/// A number of two bytes, if it is there.
pub fn two(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A number of four bytes, if it is there.
pub fn four(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A number of eight bytes, if it is there.
pub fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Elf, Extent, HEADER_BYTES, Section, Segment};

    /// A file with these sections, and a segment for each that holds the same and is of the same kind. Their content begins
    /// behind the header.
    pub(crate) fn file(parts: &[(u32, u32, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER_BYTES];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        let (mut segments, mut sections) = (Vec::new(), Vec::new());
        for (kind, link, content) in parts {
            let (offset, length) = (bytes.len() as u64, content.len() as u64);
            bytes.extend_from_slice(content);
            let mut segment = [0; 56];
            segment[..4].copy_from_slice(&kind.to_le_bytes());
            segment[8..16].copy_from_slice(&offset.to_le_bytes());
            segment[32..40].copy_from_slice(&length.to_le_bytes());
            segments.extend_from_slice(&segment);
            let mut section = [0; 64];
            section[4..8].copy_from_slice(&kind.to_le_bytes());
            section[24..32].copy_from_slice(&offset.to_le_bytes());
            section[32..40].copy_from_slice(&length.to_le_bytes());
            section[40..44].copy_from_slice(&link.to_le_bytes());
            sections.extend_from_slice(&section);
        }
        let number = (parts.len() as u16).to_le_bytes();
        for (table, offset, count) in [(segments, 32, 56), (sections, 40, 60)] {
            let at = (bytes.len() as u64).to_le_bytes();
            bytes[offset..offset + 8].copy_from_slice(&at);
            bytes[count..count + 2].copy_from_slice(&number);
            bytes.extend_from_slice(&table);
        }
        bytes
    }

    /// Looks at a file with each of its bytes in turn as wrong as it can be, and cut there.
    pub(crate) fn damaged(whole: &[u8], mut look: impl FnMut(&[u8])) {
        for place in 0..whole.len() {
            for value in [0, 0x7f, 0xff] {
                let mut bytes = whole.to_vec();
                bytes[place] = value;
                look(&bytes);
            }
            look(&whole[..place]);
        }
    }

    #[test]
    fn parts_are_where_the_tables_say() {
        let bytes = file(&[(3, 0, b"names"), (2, 1, b"symbols")]);
        let elf = Elf::new(&*bytes).expect("it is one");
        let extent = |offset, length| Extent { offset, length };
        let segment = |kind, extent| Segment { kind, extent };
        let expected = [segment(3, extent(64, 5)), segment(2, extent(69, 7))];
        assert_eq!(elf.segments().expect("there are some"), expected);
        let section = |kind, link, extent| Section { kind, link, extent };
        let expected = [section(3, 0, extent(64, 5)), section(2, 1, extent(69, 7))];
        assert_eq!(elf.sections().expect("there are some"), expected);
        assert_eq!(elf.read(extent(69, 7)).as_deref(), Some(&b"symbols"[..]));
        assert_eq!(elf.read(extent(69, 1 << 40)), None);
        assert_eq!(elf.read(extent(u64::MAX, 2)), None);
    }

    #[test]
    fn what_lies_is_harmless() {
        damaged(&file(&[(3, 0, b"names")]), |bytes| {
            if let Some(elf) = Elf::new(bytes) {
                let (segments, sections) = (elf.segments(), elf.sections());
                let segments = segments.into_iter().flatten().map(|it| it.extent);
                let sections = sections.into_iter().flatten().map(|it| it.extent);
                for extent in segments.chain(sections) {
                    let content = elf.read(extent);
                    assert!(content.is_none_or(|content| content.len() <= bytes.len()));
                }
            }
        });
    }
}
