//! The type of an object, read from its block when it dies.
//!
//! An object's header begins 0, 16 or 32 bytes into its block, as the flags of its type say. So the
//! word that would be the type is looked at for each, the lowest first, and believed when it is a
//! type whose flags agree. Types are remembered; a candidate that is new is mostly read by a system call,
//! which cannot fault, because the words of a block that holds no object are arbitrary (see
//! [`super::reader`]). Such a call takes longer than everything else here, so blocks that cannot hold an
//! object are ruled out first.

mod living;
mod look;

use super::layout::{Family, Layout};
use super::{attributes, image};
use crate::codes::Numbers;
use crate::elf;
use crate::raw::{self, PAGE};
use crate::thread::Thread;
use core::sync::atomic::{AtomicBool, Ordering};
pub use living::{Living, of_living};
use look::look;
use memprof_wire::units::TypeId;

/// The types whose objects were seen to die.
pub static TYPES: Numbers = Numbers::new();

/// In the detail of a number: how far into the block the object begins.
const OFFSET: u32 = 0xff;
/// In the detail of a number: the objects of this type are types themselves.
const METATYPE: u32 = 0x100;
/// In the detail of a number: the objects of this type are code objects.
const CODE: u32 = 0x200;

/// The interpreter's own allocator cuts its blocks out of pools of so many bytes (3.10 and later).
const POOL: usize = 16 << 10;
/// What is read of a block: up to the last word that may be a type.
const HEAD: usize = 48;

/// Blocks of the object domain lie in pools, or are larger than [`HEAD`].
static IN_POOLS: AtomicBool = AtomicBool::new(false);

/// Who resizes an object holds one reference to it; who frees one, none.
const LAST_REFERENCES: u32 = 1;

/// Entries of the small table of a thread.
const ENTRIES: usize = 128;

/// What a thread has at hand about words that may be types.
#[derive(Debug)]
pub struct Cache {
    entries: [Entry; ENTRIES],
    forgotten: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    word: usize,
    /// Zero for what is no type.
    number: u32,
    detail: u32,
}

const EMPTY: Entry = Entry {
    word: 0,
    number: 0,
    detail: 0,
};

impl Cache {
    /// Nothing at hand.
    pub const fn new() -> Self {
        Self {
            entries: [EMPTY; ENTRIES],
            forgotten: 0,
        }
    }

    /// Forgets which words are no types: a type may have been made there since.
    pub fn doubt(&mut self) {
        for entry in self.entries.iter_mut().filter(|entry| entry.number == 0) {
            *entry = EMPTY;
        }
    }
}

/// Prepares for reading types; false when the interpreter lacks what is needed.
/// `allocator` is what the interpreter calls its allocator.
pub fn prepare(allocator: &[u8]) -> bool {
    let (Some(types), Some(texts)) = (elf::find(c"PyType_Type"), elf::find(c"PyUnicode_Type"))
    else {
        return false;
    };
    let in_pools = allocator == b"pymalloc" && super::family() >= Some(Family::V310);
    IN_POOLS.store(in_pools, Ordering::Relaxed);
    look::TYPE_OF_TYPES.store(types, Ordering::Relaxed);
    image::prepare(types);
    attributes::TYPE_OF_TEXTS.store(texts, Ordering::Relaxed);
    true
}

/// The type of the object that is about to die in a block; [`TypeId::UNKNOWN`] for none. If it is a
/// code object, it is forgotten.
///
/// # Safety
///
/// `block` must be a live block of the interpreter's object domain, and the lock be held.
#[inline(always)]
pub unsafe fn of_dying<L: Layout>(thread: &mut Thread, block: usize) -> TypeId {
    if thread.types.forgotten != TYPES.forgotten() {
        thread.types.entries.fill(EMPTY);
        thread.types.forgotten = TYPES.forgotten();
    }
    if block % PAGE <= PAGE - HEAD {
        // Without a branch, as what kind of object dies next is hard to foresee: the links of an
        // object that the collector knows are zero by now but for flags, so where the type would
        // be but a small number is, the type is two words on.
        let mut place = block + 8;
        // SAFETY: a block of this domain has at least 16 bytes; the others are on the same page.
        unsafe {
            let mut word = (place as *const usize).read();
            for _ in 0..2 {
                place = core::hint::select_unpredictable(word < 16, place + 16, place);
                word = (place as *const usize).read();
            }
            let entry = thread.types.entries.get_unchecked(slot(word));
            let offset = (place - block - 8) as u32;
            if entry.word == word && entry.detail == offset && entry.number != 0 {
                return TypeId(entry.number);
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe { of_any::<L>(thread, block) }
}

/// Forgets the code object that dies in a block, if one does: its address is used again at once, so
/// its number has to go with it.
///
/// # Safety
///
/// `block` must be a live block of the interpreter's object domain.
#[inline(always)]
pub unsafe fn forget_code(block: usize) {
    // SAFETY: a block of this domain has at least 16 bytes; a code object begins at its start, and
    // its type is the second word.
    let kind = unsafe { ((block + 8) as *const usize).read() };
    if kind == super::code_type() {
        super::CODES.forget(block);
    }
}

/// The place of a word in a thread's table.
#[inline(always)]
fn slot(word: usize) -> usize {
    (word >> 4 ^ word >> 10) % ENTRIES
}

#[inline(never)]
unsafe fn of_any<L: Layout>(thread: &mut Thread, block: usize) -> TypeId {
    // what is known of their type brings all code objects here
    // SAFETY: the caller's promise.
    unsafe { forget_code(block) };
    let mut words = [0u64; HEAD / 8];
    // Small blocks may end where the mapping ends, but a pool is mapped as a whole.
    let whole = if IN_POOLS.load(Ordering::Relaxed) {
        POOL
    } else {
        PAGE
    };
    let room = if block % whole <= whole - HEAD {
        // SAFETY: the words are in the pool or on the page where the block begins, or the block is
        // larger than them.
        words = unsafe { (block as *const [u64; HEAD / 8]).read() };
        words.len()
    } else if raw::read(block, &mut words) {
        words.len()
    } else {
        // SAFETY: a block of this domain has at least 16 bytes.
        words[1] = unsafe { ((block + 8) as *const u64).read() };
        2
    };
    for (index, offset) in [(1, 0), (3, 16), (5, 32)] {
        // The word before the type counts references, and there are none to an object that dies.
        // What is no object mostly has something else there, and is spared a closer look.
        if index >= room || words[index - 1] as u32 > LAST_REFERENCES {
            continue;
        }
        let word = words[index] as usize;
        let entry = known_or_new::<L>(thread, word);
        if entry.number != 0 && entry.detail & OFFSET == offset {
            if entry.detail & METATYPE != 0 {
                TYPES.forget(block + offset as usize);
            }
            return TypeId(entry.number);
        }
    }
    TypeId::UNKNOWN
}

/// What is known of a word, after having looked if need be.
fn known_or_new<L: Layout>(thread: &mut Thread, word: usize) -> Entry {
    if word < PAGE || !word.is_multiple_of(8) || word >> 47 != 0 {
        return EMPTY;
    }
    let slot = slot(word);
    let entry = thread.types.entries[slot];
    if entry.word == word {
        return entry;
    }
    let entry = match TYPES.find(word) {
        Some(known) => Entry {
            word,
            number: known.number,
            detail: known.detail,
        },
        None => look::<L>(thread, word),
    };
    thread.types.entries[slot] = entry;
    entry
}

/// Forgets what a thread has at hand: types may have come and gone since.
pub fn begin_afresh(thread: &mut Thread) {
    thread.types.entries.fill(EMPTY);
    thread.types.forgotten = TYPES.forgotten();
}

/// Makes a type known of which there may be no object yet. The lock must be held.
pub fn note_type<L: Layout>(thread: &mut Thread, kind: usize) {
    known_or_new::<L>(thread, kind);
}

/// Whether a word is the address of a type that was seen.
pub fn is_known(thread: &Thread, word: usize) -> bool {
    let entry = thread.types.entries[slot(word)];
    word != 0 && (entry.word == word && entry.number != 0 || TYPES.find(word).is_some())
}

/// The number of a type that was seen.
pub fn number(kind: usize) -> Option<TypeId> {
    TYPES.find(kind).map(|known| TypeId(known.number))
}
