//! What many stacks have in common: all that is further out than the innermost run of Python frames, as
//! one list of words.
//!
//! A program allocates in a hundred places below the same callers. Each place is a
//! [site](super::site) of its own, but what is further out is compared in one go. The words are
//! those of the stack that led from one native frame to the next, and beside them whatever else
//! told where the runs begin: the interpreter's own links, and what this library keeps of the
//! Python frames. If all of them hold what they held, the stack is the same.

use super::segment::Key;
use super::word::{Word, load};
use crate::memory::Array;
use crate::stack::python::Frame;
use memprof_wire::units::StackId;

/// Words that a trunk may have: importing modules that import others makes long ones.
const WORDS: usize = 236;
/// Pairs of words that a trunk may have.
const PAIRS: usize = 24;
/// Trunks that a thread keeps: pairs of places, 1 MiB in all, touched as far as they are needed.
const TRUNKS: usize = 256;
/// Words that are compared in one go.
const STRIDE: usize = 4;

/// What there is of an interpreter, up to some frame.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Python {
    /// How many frames there are.
    pub depth: usize,
    /// Where this library keeps them.
    pub frames: *const Frame,
    /// The interpreter's state of the thread.
    pub state: usize,
    /// The interpreter's link to its innermost run, where it has such links.
    pub entry: usize,
    /// The stack that the frames make alone.
    pub stack: StackId,
}

impl Python {
    /// No interpreter, or no frames of it.
    pub const NONE: Self = Self {
        depth: 0,
        frames: core::ptr::null(),
        state: 0,
        entry: 0,
        stack: StackId::NONE,
    };

    /// What there is of it outside of the frame at `index`.
    ///
    /// # Safety
    ///
    /// So many frames must be in use.
    #[inline(always)]
    pub unsafe fn outside(self, index: usize) -> Self {
        let stack = match index {
            0 => StackId::NONE,
            // SAFETY: the caller's promise.
            index => unsafe { (*self.frames.add(index - 1)).stack },
        };
        Self {
            depth: index,
            stack,
            ..self
        }
    }
}

/// A list of words that tell all callers of a frame. What is looked at each time is in its first cache
/// line, and in the words.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Trunk {
    /// The instruction of the frame where it begins; 0 in an entry without any.
    ip: usize,
    python: Python,
    /// The stack of all frames.
    stack: StackId,
    serial: u32,
    count: u8,
    pairs_count: u8,
    needs_base: bool,
    words: [Word; WORDS],
    /// Where words stand that are equal, whatever they hold.
    pairs: [[usize; 2]; PAIRS],
    sp: usize,
    /// `rbp`, if it decides where anything stands.
    bp: usize,
}

impl Trunk {
    /// Tells this trunk from all that were or will be in its place.
    #[inline(always)]
    pub fn serial(&self) -> u32 {
        self.serial
    }

    /// The stack of all its frames.
    #[inline(always)]
    pub fn stack(&self) -> StackId {
        self.stack
    }

    /// The `rbp` of its innermost frame, if that decides where anything stands.
    pub fn base(&self) -> Option<usize> {
        self.needs_base.then_some(self.bp)
    }

    /// Adds a word. They are looked at in this order: each has to be part of something that is
    /// live if those before it hold what they held. `None` without room.
    pub fn push(&mut self, word: Word) -> Option<()> {
        *self.words.get_mut(usize::from(self.count))? = word;
        self.count += 1;
        Some(())
    }

    /// Adds two words that have to be equal, whatever they hold: looked at after all others. `None`
    /// without room.
    pub fn push_pair(&mut self, slots: [usize; 2]) -> Option<()> {
        *self.pairs.get_mut(usize::from(self.pairs_count))? = slots;
        self.pairs_count += 1;
        Some(())
    }

    /// `rbp` decides where something stands.
    pub fn rely_on_base(&mut self, bp: usize) {
        (self.needs_base, self.bp) = (true, bp);
    }

    /// All words are there, and make this stack with their frames.
    pub fn complete(&mut self, key: Key, stack: StackId) -> Option<()> {
        while !(usize::from(self.count)).is_multiple_of(STRIDE) {
            self.push(self.words[usize::from(self.count) - 1])?;
        }
        (self.ip, self.stack) = (key.ip, stack);
        Some(())
    }

    #[inline(always)]
    fn begins_at(&self, key: Key, python: Python) -> bool {
        let different = self.ip ^ key.ip
            | self.sp ^ key.sp
            | self.python.depth ^ python.depth
            | (self.python.stack.0 ^ python.stack.0) as usize
            | self.python.frames.addr() ^ python.frames.addr()
            | self.python.state ^ python.state
            | self.python.entry ^ python.entry;
        different == 0 && (!self.needs_base || self.bp == key.bp)
    }

    /// # Safety
    ///
    /// It must begin at a live frame.
    #[inline(always)]
    unsafe fn holds(&self) -> bool {
        let mut word = self.words.as_ptr();
        // SAFETY: so many are in use, and each is part of something live, see `push`.
        unsafe {
            let end = word.add(usize::from(self.count));
            while word != end {
                for index in 0..STRIDE {
                    if !(*word.add(index)).holds() {
                        return false;
                    }
                }
                word = word.add(STRIDE);
            }
            let mut pair = self.pairs.as_ptr();
            let end = pair.add(usize::from(self.pairs_count));
            while pair != end {
                let [one, other] = *pair;
                if load(one) != load(other) {
                    return false;
                }
                pair = pair.add(1);
            }
        }
        true
    }

    /// Whether it is still what was found behind a site; `python` is what there is at the innermost
    /// frame of all.
    ///
    /// # Safety
    ///
    /// The site's own words must hold, `python` be true, and its frames as many as they were, making the
    /// same stack.
    #[inline(always)]
    pub unsafe fn is_behind(&self, serial: u32, python: Python) -> bool {
        let different = (self.serial ^ serial) as usize
            | self.python.frames.addr() ^ python.frames.addr()
            | self.python.state ^ python.state
            | self.python.entry ^ python.entry;
        // SAFETY: the caller's promise; the words are those of the frame behind the segment, and
        // of Python frames that are in use.
        different == 0 && unsafe { self.holds() }
    }
}

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

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.items.release();
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
    pub unsafe fn find(&self, key: Key, python: Python) -> Option<&Trunk> {
        let place = place(key, python.stack);
        for place in [place, place ^ 1] {
            // SAFETY: there is room for all trunks; a place that was never written begins nowhere.
            // The words are read if it begins at this frame, which is live.
            unsafe {
                let trunk = &*self.items.items().add(place);
                if trunk.begins_at(key, python) && trunk.holds() {
                    return Some(trunk);
                }
            }
        }
        None
    }

    /// A place for the trunk of a frame, in place of another one: so far without words, and not to be
    /// found before it is complete.
    pub fn make_room(&mut self, key: Key, python: Python) -> Option<&mut Trunk> {
        self.serial = self.serial.checked_add(1)?;
        let place = place(key, python.stack);
        // SAFETY: there is room for all trunks.
        let trunk = unsafe {
            let one = self.items.items().add(place);
            let other = self.items.items().add(place ^ 1);
            // both may begin at this frame: a program goes to and fro between two callers
            &mut *if (*one).serial < (*other).serial {
                one
            } else {
                other
            }
        };
        (trunk.ip, trunk.serial) = (0, self.serial);
        (trunk.sp, trunk.python) = (key.sp, python);
        (trunk.count, trunk.pairs_count) = (0, 0);
        trunk.needs_base = false;
        Some(trunk)
    }
}

#[inline(always)]
fn place(key: Key, python: StackId) -> usize {
    key.place(python) % TRUNKS
}
