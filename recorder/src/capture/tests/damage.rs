//! Any chunks come back, and no damage is read as something else.

use super::{contents, sample, write};
use crate::capture::{CaptureReader, ChunkHead, ChunkKind, Completeness};
use crate::folder::Folder;
use memprof_wire::units::{Microseconds, Turn};
use proptest::prelude::*;
use std::fs;

#[test]
fn a_file_cut_anywhere_is_a_prefix_of_the_whole() {
    let folder = Folder::new();
    let path = folder.file("a.bin");
    write(&path, &sample());
    let file = fs::File::options()
        .write(true)
        .open(&path)
        .expect("it was written");
    let whole = file.metadata().expect("it is open").len();
    let mut known = sample().len();
    for length in (0..whole).rev() {
        file.set_len(length).expect("it is ours");
        let Ok(reader) = CaptureReader::open(&path) else {
            assert_eq!(known, 0, "{length} bytes hold chunks and are unreadable");
            continue;
        };
        let contents = contents(&reader);
        assert_eq!(contents, sample()[..contents.len()]);
        assert!(known - contents.len() <= 1, "{length} bytes");
        known = contents.len();
        let complete = reader.completeness() == Completeness::Complete;
        assert_eq!(complete, known == sample().len(), "{length} bytes");
    }
    assert_eq!(known, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_chunks_come_back(
        chunks in prop::collection::vec(
            (any::<u8>(), any::<[u32; 2]>(), any::<bool>(), any::<[u64; 3]>(),
             prop::collection::vec(0u8..4, 0..2000)),
            0..12,
        )
    ) {
        let folder = Folder::new();
        let path = folder.file("a.bin");
        let chunks: Vec<_> = chunks
            .into_iter()
            .map(|(kind, [stream, image], starts_with_restart, [turn, first, last], bytes)| {
                // Kinds that a reader looks into need their own contents.
                let kind = match ChunkKind::from_number(kind) {
                    kind @ ChunkKind::Other(_) => kind,
                    _ => ChunkKind::Events,
                };
                let (first, last) = (Microseconds(first), Microseconds(last));
                let turn = Turn(turn);
                let head = ChunkHead {
                    starts_with_restart,
                    turn,
                    last,
                    ..ChunkHead::at(kind, first).of_stream(stream, image)
                };
                (head, bytes)
            })
            .collect();
        write(&path, &chunks);
        let reader = CaptureReader::open(&path).expect("the file is whole");
        prop_assert_eq!(contents(&reader), chunks);
        prop_assert_eq!(reader.completeness(), Completeness::Complete);
    }

    #[test]
    fn a_flipped_bit_is_never_read_as_something_else(position: prop::sample::Index, bit in 0..8u8) {
        let folder = Folder::new();
        let path = folder.file("a.bin");
        write(&path, &sample());
        let mut bytes = fs::read(&path).expect("it was written");
        let position = position.index(bytes.len());
        bytes[position] ^= 1 << bit;
        fs::write(&path, &bytes).expect("the folder is there");
        if let Ok(reader) = CaptureReader::open(&path) {
            let contents = contents(&reader);
            prop_assert_eq!(&contents[..], &sample()[..contents.len()]);
            let complete = reader.completeness() == Completeness::Complete;
            prop_assert!(!complete || contents.len() == sample().len());
        }
    }

    #[test]
    fn noise_behind_a_good_header_is_refused(noise: Vec<u8>) {
        let folder = Folder::new();
        let path = folder.file("a.bin");
        write(&path, &[]);
        let mut bytes = fs::read(&path).expect("it was written");
        bytes.truncate(4096);
        bytes.extend_from_slice(&noise);
        fs::write(&path, &bytes).expect("the folder is there");
        prop_assert!(CaptureReader::open(&path).is_err());
    }

    #[test]
    fn a_header_that_lies_with_a_good_checksum_is_harmless(
        fields in prop::collection::vec(any::<u8>(), 48),
        content in prop::collection::vec(any::<u8>(), 0..200),
        small_lengths: bool,
    ) {
        let folder = Folder::new();
        let path = folder.file("a.bin");
        write(&path, &sample()[..2]);
        let mut bytes = fs::read(&path).expect("it was written");
        bytes.truncate(bytes.len() - 16);
        let mut header = b"CHNK".to_vec();
        header.extend_from_slice(&fields[..44]);
        if small_lengths {
            header[5] %= 2;
            header[16..20].copy_from_slice(&(content.len() as u32).to_le_bytes());
            header[21..24].copy_from_slice(&[0, 1, 0]);
        }
        header.extend_from_slice(&crc32fast::hash(&content).to_le_bytes());
        header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
        // In the place of the index.
        let place = bytes.windows(4).rposition(|word| word == b"CHNK").expect("there is one");
        bytes.truncate(place);
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(&content);
        fs::write(&path, &bytes).expect("the folder is there");
        let reader = CaptureReader::open(&path).expect("its facts are whole");
        let contents = contents(&reader);
        prop_assert_eq!(&contents[..2], &sample()[..2]);
        prop_assert!(contents.len() <= 3);
    }
}
