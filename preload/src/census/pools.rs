//! The blocks of the interpreter's allocator. An arena is cut into pools, each of which has blocks
//! of one size behind a header; see `Objects/obmalloc.c`, the same from 3.9 to 3.15.

use super::memory::Memory;
use super::regions;
use crate::python::layout::Layout;

/// `pool_header`, rounded up to where blocks begin.
const HEADER: usize = 48;
/// `pool_header.ref.count` and `.freeblock`, in words.
const COUNT: usize = 0;
const FREE_BLOCK: usize = 1;
/// `pool_header.arenaindex` and `.szidx`, `.nextoffset` and `.maxnextoffset`: half a word each.
const SIZE_INDEX: usize = 4;
const NEXT_OFFSET: usize = 5;

/// Size classes: multiples of 16 up to 512.
const CLASSES: usize = 32;
/// The largest pool of any version.
pub const MOST: usize = 16 << 10;
/// Blocks of 16 bytes in the largest pool.
const MOST_BLOCKS: usize = MOST / 16;

/// Calls `each` with the address and the words of every block that is handed out. `buffer` takes
/// one pool.
pub fn each_block<L: Layout>(
    memory: Memory,
    buffer: &mut [u64],
    mut each: impl FnMut(usize, &[u64]),
) {
    regions::each_piece(L::POOL, |pool| {
        let words = &mut buffer[..L::POOL / 8];
        if memory.read(pool, &mut words[..HEADER / 8]) {
            let size = (words[SIZE_INDEX] >> 32) as usize + 1;
            // one that is not in use, or the end of an arena that is none
            if words[COUNT] as u32 != 0 && size <= CLASSES && memory.read(pool, words) {
                blocks_of_pool(pool, size * 16, words, &mut each);
            }
        }
    });
}

fn blocks_of_pool(pool: usize, size: usize, words: &[u64], each: &mut impl FnMut(usize, &[u64])) {
    let mut is_free = [0u64; MOST_BLOCKS / 64];
    let mut free = words[FREE_BLOCK] as usize;
    for _ in 0..MOST_BLOCKS {
        let offset = free.wrapping_sub(pool);
        if offset < HEADER || offset + size > words.len() * 8 || !offset.is_multiple_of(8) {
            break;
        }
        let number = (offset - HEADER) / size;
        is_free[number / 64] |= 1 << (number % 64);
        free = words[offset / 8] as usize;
    }
    // what lies behind was never handed out
    let end = (words[NEXT_OFFSET] as u32 as usize).min(words.len() * 8);
    for (number, offset) in (HEADER..end).step_by(size).enumerate() {
        if offset + size <= words.len() * 8 && is_free[number / 64] >> (number % 64) & 1 == 0 {
            each(pool + offset, &words[offset / 8..(offset + size) / 8]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADER, blocks_of_pool};

    #[test]
    fn blocks_that_are_free_or_were_never_used_are_left_out() {
        const POOL: usize = 0x70_0000;
        let mut words = [0u64; 512];
        // blocks of 96 bytes; five were handed out, of which the second and the fourth are free
        let block = |number: usize| HEADER + number * 96;
        words[0] = 3;
        words[1] = (POOL + block(3)) as u64;
        words[block(3) / 8] = (POOL + block(1)) as u64;
        words[4] = 5 << 32;
        words[5] = block(5) as u64;
        let mut found = Vec::new();
        blocks_of_pool(POOL, 96, &words, &mut |address, words| {
            assert_eq!(words.len(), 12);
            found.push(address);
        });
        assert_eq!(found, [0, 2, 4].map(|number| POOL + block(number)));
    }
}
