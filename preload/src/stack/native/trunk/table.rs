//! The trunks of a thread: found by the frame where they begin.

use super::{Python, Trunk};
use crate::memory::Array;
use crate::python::layout::Layout;
use crate::stack::marks::Marks;
use crate::stack::native::segment::Key;
use crate::stack::native::tags::{Tags, WAYS};
use core::cell::Cell;

/// Sets of trunks: 2 MiB in all, touched as far as they are needed.
const SETS: usize = 64;
/// Trunks that a thread keeps.
const TRUNKS: usize = SETS * WAYS;

/// The trunks of a thread.
#[derive(Debug)]
pub struct Trunks {
    items: Array<Trunk>,
    tags: Tags<SETS>,
    /// The one that was found last, or any before that; null without room.
    last: Cell<*const Trunk>,
    serial: u32,
}

impl Trunks {
    /// Without memory.
    pub const fn new() -> Self {
        Self {
            items: Array::empty(),
            tags: Tags::new(),
            last: Cell::new(core::ptr::null()),
            serial: 0,
        }
    }

    /// Gives the memory back. Nothing may know of a trunk after that.
    pub fn clear(&mut self) {
        self.items.release();
        self.tags.clear();
        self.last.set(core::ptr::null());
        self.serial = 0;
    }

    /// Makes room. False without memory.
    pub fn begin(&mut self) -> bool {
        let has_room = self.items.reserve(TRUNKS) && self.tags.begin();
        if self.last.get().is_null() {
            self.last.set(self.items.items());
        }
        has_room
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
        // SAFETY: there is room for all trunks; a place that was never written begins nowhere. The words
        // are read if it begins at this frame, which is live.
        unsafe {
            let is_here = |trunk: &*const Trunk| {
                (**trunk).begins_at(key, python) && (**trunk).holds::<L>(marks)
            };
            let last = self.last.get();
            if is_here(&last) {
                return Some(last);
            }
            let places = self.tags.entries(key.hash(python.stack));
            let mut trunks = places.map(|place| self.items.items().add(place).cast_const());
            let found = trunks.find(is_here)?;
            self.last.set(found);
            Some(found)
        }
    }

    /// A place for the trunk of a frame, in place of another one: so far without words, and not to be
    /// found before it is complete. `is_outside` tells whether anything of it will be further out than all
    /// Python frames.
    pub fn make_room(&mut self, key: Key, python: Python, is_outside: bool) -> Option<&mut Trunk> {
        self.serial = self.serial.checked_add(1)?;
        // several may begin at this frame: a program goes to and fro between callers
        let hash = key.hash(python.stack);
        let items = self.items.items();
        // SAFETY: there is room for all trunks and their tags.
        let trunk = unsafe { &mut *items.add(self.tags.make_room(hash, self.serial as usize)) };
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
