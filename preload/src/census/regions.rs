//! Where blocks of the object domain may be: the arenas of the interpreter's allocator, page by
//! page, and the blocks that were too large for it, one by one.
//!
//! Both are bits of a map of the address space that is only there where something was seen. Setting
//! and clearing a bit is one atomic operation, so it does not matter who else is at it.

use crate::raw::{self, PAGE};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// Bytes of address space that one entry describes.
pub const REGION: usize = 1 << 21;
/// Entries: enough for 64 GiB of heap.
const ENTRIES: usize = 1 << 15;
/// Blocks begin at multiples of this.
const GRAIN: usize = 16;
/// Words of bits for the large blocks of a region.
const LARGE_WORDS: usize = REGION / GRAIN / 64;

#[derive(Debug)]
#[repr(C)]
struct Region {
    /// The number of the region plus one; zero while the entry is free.
    key: AtomicUsize,
    /// A bit for each [`GRAIN`] where a large block begins; null while there was none.
    large: AtomicPtr<AtomicU64>,
    /// A bit for each page of an arena.
    pages: [AtomicU64; REGION / PAGE / 64],
}

static TABLE: AtomicPtr<Region> = AtomicPtr::new(core::ptr::null_mut());
static INCOMPLETE: AtomicBool = AtomicBool::new(false);

/// Makes room for the map; false when memory is short.
pub fn prepare() -> bool {
    if TABLE.load(Ordering::Acquire).is_null() {
        let Some(table) = raw::map(ENTRIES * size_of::<Region>()) else {
            return false;
        };
        TABLE.store(table.cast(), Ordering::Release);
    }
    true
}

/// Whether something had no place in the map, so that a census would not find it.
pub fn are_incomplete() -> bool {
    INCOMPLETE.load(Ordering::Relaxed)
}

fn entries() -> &'static [Region] {
    let table = TABLE.load(Ordering::Acquire);
    if table.is_null() {
        return &[];
    }
    // SAFETY: the mapping has room for so many entries, all zeros are valid ones, and it stays.
    unsafe { core::slice::from_raw_parts(table, ENTRIES) }
}

#[inline]
fn find(address: usize) -> Option<&'static Region> {
    let key = address / REGION + 1;
    let entries = entries();
    if entries.is_empty() {
        return None;
    }
    let mut place = hash(key);
    loop {
        let entry = &entries[place % ENTRIES];
        match entry.key.load(Ordering::Acquire) {
            found if found == key => return Some(entry),
            0 => return None,
            _ => place += 1,
        }
    }
}

fn find_or_add(address: usize) -> Option<&'static Region> {
    let key = address / REGION + 1;
    let entries = entries();
    let mut place = hash(key);
    // the last entry is never taken, so that a search comes to an end
    for _ in 1..entries.len() {
        let entry = &entries[place % ENTRIES];
        match entry
            .key
            .compare_exchange(0, key, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => return Some(entry),
            Err(found) if found == key => return Some(entry),
            Err(_) => place += 1,
        }
    }
    INCOMPLETE.store(true, Ordering::Relaxed);
    None
}

#[inline]
fn hash(key: usize) -> usize {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}

/// An arena begins or ends to be one.
pub fn set_arena(start: usize, bytes: usize, present: bool) {
    for page in (start..start + bytes).step_by(PAGE) {
        let Some(region) = find_or_add(page) else {
            return;
        };
        let number = page % REGION / PAGE;
        set(&region.pages[number / 64], number % 64, present);
    }
}

/// A large block was handed out.
pub fn add_large(block: usize) {
    let Some(region) = find_or_add(block) else {
        return;
    };
    let mut bits = region.large.load(Ordering::Acquire);
    if bits.is_null() {
        let bytes = LARGE_WORDS * 8;
        let Some(fresh) = raw::map(bytes) else {
            INCOMPLETE.store(true, Ordering::Relaxed);
            return;
        };
        let empty = core::ptr::null_mut();
        bits = fresh.cast();
        if let Err(theirs) =
            region
                .large
                .compare_exchange(empty, bits, Ordering::AcqRel, Ordering::Acquire)
        {
            // SAFETY: made above and known to nobody.
            unsafe { raw::unmap(fresh, bytes) };
            bits = theirs;
        }
    }
    let number = block % REGION / GRAIN;
    // SAFETY: the mapping has a bit for each grain of a region.
    set(unsafe { &*bits.add(number / 64) }, number % 64, true);
}

/// A block that may be a large one is given back.
pub fn remove_large(block: usize) {
    if let Some((bits, bit)) = large_bit(block) {
        set(bits, bit, false);
    }
}

/// Whether a large block begins here.
#[inline]
pub fn is_large(block: usize) -> bool {
    block.is_multiple_of(GRAIN)
        && large_bit(block).is_some_and(|(bits, bit)| bits.load(Ordering::Relaxed) >> bit & 1 == 1)
}

/// Whether an address lies in an arena.
#[inline]
pub fn is_in_arena(address: usize) -> bool {
    find(address).is_some_and(|region| region.has_page(address % REGION / PAGE))
}

/// Whether so many bytes from an address on, at most a page's, lie in arenas.
#[inline]
pub fn is_in_arenas(address: usize, bytes: usize) -> bool {
    bytes <= PAGE
        && is_in_arena(address)
        && address
            .checked_add(bytes)
            .is_some_and(|end| is_in_arena(end.saturating_sub(1)))
}

#[inline]
fn large_bit(block: usize) -> Option<(&'static AtomicU64, usize)> {
    let bits = find(block)?.large.load(Ordering::Acquire);
    if bits.is_null() {
        return None;
    }
    let number = block % REGION / GRAIN;
    // SAFETY: as in `add_large`.
    Some((unsafe { &*bits.add(number / 64) }, number % 64))
}

fn set(word: &AtomicU64, bit: usize, present: bool) {
    if present {
        word.fetch_or(1 << bit, Ordering::Relaxed);
    } else {
        word.fetch_and(!(1 << bit), Ordering::Relaxed);
    }
}

impl Region {
    fn has_page(&self, page: usize) -> bool {
        self.pages[page / 64].load(Ordering::Relaxed) >> (page % 64) & 1 == 1
    }
}

/// Calls `each` with every large block.
pub fn each_large(mut each: impl FnMut(usize)) {
    for region in entries() {
        let bits = region.large.load(Ordering::Acquire);
        let key = region.key.load(Ordering::Acquire);
        if bits.is_null() || key == 0 {
            continue;
        }
        for place in 0..LARGE_WORDS {
            // SAFETY: as in `add_large`.
            let mut word = unsafe { &*bits.add(place) }.load(Ordering::Relaxed);
            while word != 0 {
                let bit = word.trailing_zeros() as usize;
                word &= word - 1;
                each((key - 1) * REGION + (place * 64 + bit) * GRAIN);
            }
        }
    }
}

/// Calls `each` with every aligned piece of `bytes` bytes that lies in arenas.
pub fn each_piece(bytes: usize, mut each: impl FnMut(usize)) {
    for region in entries() {
        let key = region.key.load(Ordering::Acquire);
        if key == 0 {
            continue;
        }
        for start in (0..REGION).step_by(bytes) {
            let pages = start / PAGE..(start + bytes) / PAGE;
            if pages.clone().all(|page| region.has_page(page)) {
                each((key - 1) * REGION + start);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        REGION, add_large, each_large, each_piece, is_in_arena, is_in_arenas, is_large, prepare,
        remove_large, set_arena,
    };

    #[test]
    fn what_was_added_is_found_until_it_is_removed() {
        assert!(prepare());
        let base = 77 * REGION;
        // an arena over the border of two regions, and not aligned to its pools
        let start = base + REGION - 0x5000;
        set_arena(start, 0x10000, true);
        assert!(is_in_arena(start) && is_in_arena(start + 0xffff));
        assert!(!is_in_arena(start - 1) && !is_in_arena(start + 0x10000));
        assert!(is_in_arenas(start, 8) && is_in_arenas(start + 0xfff8, 8));
        assert!(!is_in_arenas(start + 0xfff8, 9) && !is_in_arenas(start - 1, 2));
        assert!(
            !is_in_arenas(start, 0x1001),
            "what is between is not looked at"
        );
        let mut pieces = Vec::new();
        each_piece(0x4000, |piece| pieces.push(piece));
        assert_eq!(pieces.len(), 3, "{pieces:x?}");
        assert!(pieces.contains(&(base + REGION)) && pieces.contains(&(base + REGION - 0x4000)));
        set_arena(start, 0x10000, false);
        assert!(!is_in_arena(start));

        add_large(base + 0x30);
        add_large(base + 0x50);
        remove_large(base + 0x30);
        remove_large(base + 5 * REGION);
        assert!(is_large(base + 0x50) && !is_large(base + 0x30) && !is_large(base + 0x58));
        let mut large = Vec::new();
        each_large(|block| large.push(block));
        assert_eq!(large, [base + 0x50]);
    }
}
