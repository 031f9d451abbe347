//! The interpreter's own image: what is static in it is there for as long as the interpreter is.

use crate::raw::{self, PAGE};
use crate::stack::native::module;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Words of the map of pages: of so many times 64 pages, some of which may lie between segments.
const WORDS: usize = 64;

/// Where the image begins, and where it ends or the map of its pages does.
static START: AtomicUsize = AtomicUsize::new(0);
static END: AtomicUsize = AtomicUsize::new(0);
/// Pages that were found to be there.
static PAGES: [AtomicU64; WORDS] = [const { AtomicU64::new(0) }; WORDS];

/// Looks where the image is that `address` is part of.
pub fn prepare(address: usize) {
    END.store(0, Ordering::Relaxed);
    for word in &PAGES {
        word.store(0, Ordering::Relaxed);
    }
    if let Some(image) = module::find(address) {
        let start = image.start & !(PAGE - 1);
        START.store(start, Ordering::Relaxed);
        END.store(image.end.min(start + WORDS * 64 * PAGE), Ordering::Release);
    }
}

/// Whether so many bytes from an address on, at most a page's, lie in the image. The kernel is asked once
/// for each page.
pub fn has(address: usize, bytes: usize) -> bool {
    let (end, start) = (END.load(Ordering::Acquire), START.load(Ordering::Relaxed));
    let behind = address.saturating_add(bytes);
    (1..=PAGE).contains(&bytes)
        && (start..end).contains(&address)
        && behind <= end
        && has_page((address - start) / PAGE, start)
        && has_page((behind.saturating_sub(1) - start) / PAGE, start)
}

fn has_page(number: usize, start: usize) -> bool {
    let word = &PAGES[number / 64];
    if word.load(Ordering::Relaxed) >> (number % 64) & 1 == 1 {
        return true;
    }
    let is_there = raw::is_readable(start + number * PAGE);
    if is_there {
        word.fetch_or(1 << (number % 64), Ordering::Relaxed);
    }
    is_there
}

#[cfg(test)]
mod tests {
    use super::{Ordering, PAGE, START, has, prepare};

    #[test]
    fn what_is_static_is_in_the_image_and_the_stack_is_not() {
        static WORD: u64 = 7;
        let word = (&raw const WORD).addr();
        let local = 0u64;
        prepare(word);
        assert!(has(word, 8) && has(word, 8));
        assert!(!has(word, PAGE + 1), "what is between is not looked at");
        assert!(!has((&raw const local).addr(), 8));
        assert!(!has(usize::MAX, 8) && !has(0, 8));
        assert!(!has(START.load(Ordering::Relaxed), 0));
    }
}
