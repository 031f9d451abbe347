//! Which site comes after the last two: a program goes through its sites in an order that mostly
//! repeats.

use super::Site;
use crate::memory::Array;

/// Pairs of sites whose follower is remembered: 8 KiB.
const PLACES: usize = 1024;

/// What followed each pair of sites.
#[derive(Debug)]
pub(super) struct Followers {
    items: Array<*mut Site>,
    /// What came last; null before there was any.
    last: *mut Site,
    /// Where the follower of that and the one before stands; null without room.
    place: *mut *mut Site,
}

impl Followers {
    /// Without memory.
    pub const fn new() -> Self {
        Self {
            items: Array::empty(),
            last: core::ptr::null_mut(),
            place: core::ptr::null_mut(),
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.items.release();
        *self = Self::new();
    }

    /// Makes room. False without memory.
    pub fn begin(&mut self) -> bool {
        let has_room = self.items.reserve(PLACES);
        if has_room && self.place.is_null() {
            self.place = self.items.items();
        }
        has_room
    }

    /// What followed the last two sites the last time; null if nothing did.
    ///
    /// # Safety
    ///
    /// There must be room.
    #[inline(always)]
    pub unsafe fn expected(&self) -> *mut Site {
        // SAFETY: the caller's promise; memory that was never written is zero.
        unsafe { *self.place }
    }

    /// Another site came than was expected.
    ///
    /// # Safety
    ///
    /// There must be room.
    #[inline(always)]
    pub unsafe fn learn(&mut self, site: *mut Site) {
        // SAFETY: the caller's promise.
        unsafe {
            *self.place = site;
            self.go_on(site);
        }
    }

    /// The site came that was expected.
    ///
    /// # Safety
    ///
    /// There must be room.
    #[inline(always)]
    pub unsafe fn go_on(&mut self, site: *mut Site) {
        let before = core::mem::replace(&mut self.last, site);
        let [last, before] = [site, before].map(|site| site.addr() / align_of::<Site>());
        let hash = last ^ before.wrapping_mul(37);
        // SAFETY: the caller's promise; the place is below the number of them.
        self.place = unsafe { self.items.items().add(hash % PLACES) };
    }
}
