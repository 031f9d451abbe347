//! Looking for a name among all that a program knows, without a look at whose they are.
//!
//! A program waits for this before it starts, and there are some with a hundred thousand names.

use super::{Bytes, Extent};

/// So many bytes are read at once.
const BLOCK: u64 = 256 << 10;
/// So many bytes are looked at in one go.
const PIECE: usize = 256;

/// Whether any of the names in a part of the file, each followed by a zero byte, ends like one of these, which must all
/// have the same last letter. (Linkers keep the end of a long name for a short one.) `None` where the file does not
/// hold that part.
pub fn any_ends_like(
    bytes: &(impl Bytes + ?Sized),
    names: Extent,
    wanted: &[&str],
) -> Option<bool> {
    let end = names.offset.checked_add(names.length)?;
    if end > bytes.length()? {
        return None;
    }
    let longest = wanted.iter().map(|name| name.len()).max()?;
    let mut block = Vec::new();
    let mut next = names.offset;
    while next < end {
        // what may be the beginning of a name is there again
        let kept = block.len().min(longest + 1);
        block.drain(..block.len() - kept);
        let length = BLOCK.min(end - next);
        block.resize(kept + length as usize, 0);
        bytes.fill(&mut block[kept..], next)?;
        if is_in(&block, wanted) {
            return Some(true);
        }
        next += length;
    }
    Some(false)
}

fn is_in(names: &[u8], wanted: &[&str]) -> bool {
    let Some(last) = wanted.first().and_then(|name| name.bytes().last()) else {
        return false;
    };
    let ends = |(letter, next): (&u8, &u8)| *letter == last && *next == 0;
    (0..names.len()).step_by(PIECE).any(|start| {
        // one byte more: a name may end where a piece does
        let piece = &names[start..names.len().min(start + PIECE + 1)];
        let pairs = || piece.iter().zip(&piece[1..]);
        // without leaving early, so that many bytes are compared at once
        let some = pairs().fold(false, |some, pair| some | ends(pair));
        some && pairs().enumerate().any(|(place, pair)| {
            let name = &names[..=start + place];
            ends(pair)
                && wanted
                    .iter()
                    .any(|wanted| name.ends_with(wanted.as_bytes()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Extent, PIECE, any_ends_like, is_in};

    #[test]
    fn a_name_is_found_wherever_it_is() {
        let wanted = ["je_malloc", "rpmalloc"];
        for name in wanted {
            for before in 0..2 * PIECE {
                let mut names = vec![b'x'; before];
                names.extend_from_slice(name.as_bytes());
                assert!(!is_in(&names, &wanted));
                names.push(0);
                assert!(is_in(&names, &wanted), "{name} behind {before}");
            }
        }
        assert!(!is_in(b"\0malloc\0je_mallocs\0calloc\0c\0", &wanted));
    }

    #[test]
    fn a_name_is_found_that_is_read_in_two_halves() {
        for before in BLOCK - 12..BLOCK + 2 {
            let mut bytes = vec![0; before as usize];
            bytes.extend_from_slice(b"je_malloc\0more\0");
            let in_part =
                |offset, length| any_ends_like(&*bytes, Extent { offset, length }, &["je_malloc"]);
            assert_eq!(in_part(3, bytes.len() as u64 - 3), Some(true));
            assert_eq!(in_part(0, before + 9), Some(false));
            assert_eq!(in_part(before + 5, 6), Some(false));
            assert_eq!(in_part(before, 1000), None);
        }
    }
}
