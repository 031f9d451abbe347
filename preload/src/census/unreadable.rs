//! Pages where nothing is, so that the kernel is asked once a page and not once a word.
//!
//! What is no object often holds numbers that could be addresses: the hashes in the keys of a
//! dictionary, a counter in a buffer. Each would be looked at whether a type is there.

use crate::raw::{self, PAGE};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Pages that are remembered, each in the place that its number leads to.
const PLACES: usize = 512;

static PAGES: [AtomicUsize; PLACES] = [const { AtomicUsize::new(0) }; PLACES];

/// Forgets all: memory comes and goes between two censuses.
pub fn forget_all() {
    for page in &PAGES {
        page.store(0, Ordering::Relaxed);
    }
}

/// Whether there is no memory at an address, while the program stands still.
pub fn has(address: usize) -> bool {
    let page = address / PAGE;
    let place = &PAGES[page % PLACES];
    if place.load(Ordering::Relaxed) == page {
        return true;
    }
    // the first word of a page, as one at its end could lie on two of them
    let readable = raw::read(page * PAGE, &mut [0]);
    if !readable {
        place.store(page, Ordering::Relaxed);
    }
    !readable
}

#[cfg(test)]
mod tests {
    use super::{forget_all, has};
    use crate::raw::{self, PAGE};

    #[test]
    fn a_page_is_known_until_it_may_have_come_back() {
        let page = raw::map(2 * PAGE).expect("there is memory").addr();
        assert!(!has(page + PAGE + 8));
        // SAFETY: mapped above, and nobody else's.
        unsafe { raw::unmap((page + PAGE) as *mut u8, PAGE) };
        assert!(has(page + PAGE + 8) && has(page + PAGE + 4088));
        assert!(!has(page));
        forget_all();
        assert!(has(page + PAGE));
    }
}
