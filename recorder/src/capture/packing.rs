//! The bytes of chunks, compressed and back.
//!
//! What a loop does over and over becomes one long match for LZ4, and each takes a byte for every
//! 255 that it stands for: in a chunk that shrinks very much, what is left are such runs of equal
//! bytes. There a second pass is short, and takes up to half of the rest away.

use super::layout::Coding;
use lz4_flex::block::{
    CompressTable, compress_into_with_table, decompress_into, get_maximum_output_size,
};

/// A chunk that shrank to less than one part in so many is compressed again.
const SHRANK: usize = 6;
/// Bytes of the length before a block that was compressed twice.
const LENGTH: usize = 4;

/// Compresses chunks.
pub(super) struct Packer {
    table: CompressTable,
    once: Vec<u8>,
    twice: Vec<u8>,
}

impl Packer {
    /// One without any memory of what was compressed before: chunks stand for themselves.
    pub(super) fn new() -> Self {
        Self {
            table: CompressTable::small(),
            once: Vec::new(),
            twice: Vec::new(),
        }
    }

    /// Appends `bytes` to `out` in the smallest coding, and tells which.
    pub(super) fn pack(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Coding {
        let once = compress(&mut self.table, bytes, &mut self.once);
        if once >= bytes.len() {
            out.extend_from_slice(bytes);
            return Coding::Plain;
        }
        let once = &self.once[..once];
        if once.len() < bytes.len() / SHRANK {
            let twice = compress(&mut self.table, once, &mut self.twice);
            if twice + LENGTH < once.len() {
                out.extend_from_slice(&(once.len() as u32).to_le_bytes());
                out.extend_from_slice(&self.twice[..twice]);
                return Coding::Lz4Twice;
            }
        }
        out.extend_from_slice(once);
        Coding::Lz4
    }
}

/// Compresses into `out`, whose length is never reduced; returns how many bytes it took.
fn compress(table: &mut CompressTable, bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let room = get_maximum_output_size(bytes.len());
    if out.len() < room {
        out.resize(room, 0);
    }
    // There is room for the worst case, so it cannot fail; and if it did, nothing is gained.
    compress_into_with_table(bytes, out, table).unwrap_or(bytes.len())
}

/// Decompresses [`Coding::Lz4`]; false when it is damaged or does not fill `out`.
pub(super) fn unpack(packed: &[u8], out: &mut [u8]) -> bool {
    matches!(decompress_into(packed, out), Ok(length) if length == out.len())
}

/// The same for [`Coding::Lz4Twice`].
pub(super) fn unpack_twice(packed: &[u8], out: &mut [u8]) -> bool {
    let Some((length, packed)) = packed.split_first_chunk::<LENGTH>() else {
        return false;
    };
    let length = u32::from_le_bytes(*length) as usize;
    // A writer only does this to what had shrunk.
    if length > out.len() {
        return false;
    }
    let mut once = vec![0; length];
    unpack(packed, &mut once) && unpack(&once, out)
}

#[cfg(test)]
mod tests {
    use super::{Packer, unpack, unpack_twice};
    use crate::capture::layout::Coding;

    fn coding_of(bytes: &[u8]) -> Coding {
        let mut stored = b"head".to_vec();
        let coding = Packer::new().pack(bytes, &mut stored);
        let stored = &stored[4..];
        let mut out = vec![0; bytes.len()];
        match coding {
            Coding::Plain => out.copy_from_slice(stored),
            Coding::Lz4 => assert!(unpack(stored, &mut out)),
            Coding::Lz4Twice => {
                assert!(unpack_twice(stored, &mut out));
                assert!(stored.len() < bytes.len() / 6);
                assert!(!unpack_twice(&stored[..stored.len() - 1], &mut out));
                assert!(!unpack_twice(&stored[..3], &mut out));
            }
        }
        assert_eq!(out, bytes);
        coding
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let noise = |count| {
            let mut state = 1u32;
            (0..count).map(move |_| {
                // xorshift of Marsaglia
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                state as u8
            })
        };
        let random: Vec<u8> = noise(1000).collect();
        assert_eq!(coding_of(&random), Coding::Plain);
        let text: Vec<u8> = noise(3000).map(|byte| byte % 4).collect();
        assert_eq!(coding_of(&text), Coding::Lz4);
        assert_eq!(coding_of(&random.repeat(200)), Coding::Lz4Twice);
        assert_eq!(coding_of(&[]), Coding::Plain);
    }
}
