//! The page at the front of a capture: magic, version, when it began, and the ending.

use super::facts::Ending;

pub(super) const MAGIC: [u8; 8] = *b"\x89MEMPROF";
/// The greatest major version that is understood.
pub(super) const MAJOR: u16 = 2;
const MINOR: u16 = 0;
/// Bytes of the page, and so the offset of the first chunk.
pub(super) const PAGE: usize = 4096;
/// Where the ending's length, checksum and text begin.
pub(super) const ENDING: usize = 24;
const ENDING_TEXT: usize = 32;

/// The page of a recording that begins.
pub(super) fn page(started_nanoseconds: u64) -> [u8; PAGE] {
    let mut page = [0; PAGE];
    page[0..8].copy_from_slice(&MAGIC);
    page[8..10].copy_from_slice(&MAJOR.to_le_bytes());
    page[10..12].copy_from_slice(&MINOR.to_le_bytes());
    page[12..16].copy_from_slice(&(PAGE as u32).to_le_bytes());
    page[16..24].copy_from_slice(&started_nanoseconds.to_le_bytes());
    page
}

/// The part of the page from [`ENDING`] on, as it is when the recording has ended.
pub(super) fn ending(ending: &Ending) -> Vec<u8> {
    let mut text = serde_json::to_vec(ending).expect("an ending has only keys that are text");
    if text.len() > PAGE - ENDING_TEXT {
        // Only the note can be that long.
        let short = Ending {
            note: None,
            ..ending.clone()
        };
        text = serde_json::to_vec(&short).expect("an ending has only keys that are text");
    }
    let mut bytes = Vec::with_capacity(8 + text.len());
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&text).to_le_bytes());
    bytes.extend_from_slice(&text);
    bytes
}

/// What a header page says.
#[derive(Debug)]
pub(super) struct Header {
    /// The file's major version.
    pub major: u16,
    /// Where the first chunk begins.
    pub first_chunk: u64,
    /// When the recording began, nanoseconds of the Unix clock.
    pub started: u64,
    /// How it ended; `None` while it runs, or when what stands there is damaged.
    pub ending: Option<Ending>,
    /// Whether something stands in the ending's place that cannot be read.
    pub ending_damaged: bool,
}

/// Reads the page; `None` when it is no page of ours.
pub(super) fn read(page: &[u8; PAGE]) -> Option<Header> {
    if page[0..8] != MAGIC {
        return None;
    }
    let four = |at: usize| u32::from_le_bytes([page[at], page[at + 1], page[at + 2], page[at + 3]]);
    let length = four(ENDING) as usize;
    let ending = page[ENDING_TEXT..]
        .get(..length)
        .filter(|text| length > 0 && crc32fast::hash(text) == four(ENDING + 4))
        .and_then(|text| serde_json::from_slice(text).ok());
    Some(Header {
        major: u16::from_le_bytes([page[8], page[9]]),
        first_chunk: u64::from(four(12)),
        started: u64::from(four(16)) | u64::from(four(20)) << 32,
        ending_damaged: length > 0 && ending.is_none(),
        ending,
    })
}
