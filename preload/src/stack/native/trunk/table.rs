//! The trunks of a thread: found by the frame where they begin.

use super::{Python, Trunk};
use crate::memory::Array;
use crate::python::layout::Layout;
use crate::stack::marks::Marks;
use crate::stack::native::segment::Key;

/// Trunks that a thread keeps: 2 MiB in all, touched as far as they are needed.
const TRUNKS: usize = 1024;
/// Places where one may be.
pub(super) const WAYS: usize = 4;

/// The trunks of a thread.
#[derive(Debug)]
pub struct Trunks {
    items: Array<Trunk>,
    serial: u32,
}

impl Trunks {
    /// Without memory.
    pub const fn new() -> Self {
        Self {
            items: Array::empty(),
            serial: 0,
        }
    }

    /// Gives the memory back. Nothing may know of a trunk after that.
    pub fn clear(&mut self) {
        self.items.release();
        self.serial = 0;
    }

    /// Makes room. False without memory.
    pub fn begin(&mut self) -> bool {
        self.items.capacity() >= TRUNKS || self.items.grow_to(TRUNKS)
    }

    /// The trunk of a frame and its callers, if they are known.
    ///
    /// # Safety
    ///
    /// The frame must be live, and `python` be true.
    #[inline(always)]
    pub unsafe fn find<L: Layout>(
        &self,
        key: Key,
        python: Python,
        marks: &Marks,
    ) -> Option<*const Trunk> {
        for trunk in self.places(key, python) {
            // SAFETY: there is room for all trunks; a place that was never written begins nowhere.
            // The words are read if it begins at this frame, which is live.
            unsafe {
                if (*trunk).begins_at(key, python) && (*trunk).holds::<L>(marks) {
                    return Some(trunk);
                }
            }
        }
        None
    }

    /// Where a trunk may be.
    #[inline(always)]
    fn places(&self, key: Key, python: Python) -> impl Iterator<Item = *mut Trunk> + use<> {
        let items = self.items.items();
        let place = key.place(python.stack) % TRUNKS;
        // SAFETY: there is room for all trunks.
        (0..WAYS).map(move |way| unsafe { items.add(place ^ way) })
    }

    /// A place for the trunk of a frame, in place of another one: so far without words, and not to be
    /// found before it is complete. `is_outside` tells whether anything of it will be further out than all
    /// Python frames.
    pub fn make_room(&mut self, key: Key, python: Python, is_outside: bool) -> Option<&mut Trunk> {
        self.serial = self.serial.checked_add(1)?;
        // several may begin at this frame: a program goes to and fro between callers
        // SAFETY: there is room for all trunks.
        let serial = |&trunk: &*mut Trunk| unsafe { (*trunk).serial };
        let oldest = self.places(key, python).min_by_key(serial)?;
        // SAFETY: as above.
        let trunk = unsafe { &mut *oldest };
        (trunk.ip, trunk.serial) = (0, self.serial);
        (trunk.sp, trunk.python) = (key.sp, python);
        (trunk.count, trunk.pairs_count) = (0, 0);
        (trunk.needs_base, trunk.goes_on) = (false, false);
        trunk.is_outside = is_outside;
        trunk.settled.frame = 0;
        Some(trunk)
    }

    /// Whether there are no serials any more.
    pub fn are_used_up(&self) -> bool {
        self.serial == u32::MAX
    }
}
