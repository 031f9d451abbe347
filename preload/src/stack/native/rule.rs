//! Rows made small, and kept: nearly all frames are found by one of a few simple rules, and the
//! rule of an instruction never changes while its object is loaded.

mod entry;
mod lessons;

use super::bytes::Bytes;
use super::greenlets;
use super::registers::number;
use super::row::{Cfa, Row, Saved};
use super::segment::Key;
use super::table;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use entry::Entry;

/// How a caller is found, in one word.
///
/// Bits 0 to 3 are the [`Kind`], 4 and 5 where `rbp` is, 8 to 31 the offset of the frame and 32 to
/// 55 that of `rbp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule(u64);

/// Where the caller's frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Kind {
    /// At `rsp` plus the offset.
    Stack = 1,
    /// At `rbp` plus the offset.
    Base = 2,
    /// At the address that stands at `rbp` plus the offset: a frame that was realigned.
    Realigned = 3,
    /// In the context that the kernel put on the stack for a signal handler.
    Signal = 4,
    /// Nowhere: this is the outermost frame of a thread, or of a greenlet.
    End = 5,
    /// It takes the whole row.
    Complex = 6,
    /// Nobody knows.
    Unknown = 7,
}

/// Where the caller's `rbp` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Base {
    /// In `rbp`.
    Same = 0,
    /// At an offset from the caller's frame.
    AtCfa = 1,
    /// At an offset from `rbp`.
    AtItself = 2,
}

impl Rule {
    /// A rule without offsets.
    const fn plain(kind: Kind) -> Self {
        Self(kind as u64)
    }

    fn new(kind: Kind, offset: i64, base: Base, base_offset: i64) -> Self {
        if field(offset) != offset || field(base_offset) != base_offset {
            return Self::plain(Kind::Complex);
        }
        let offset = (offset as u64 & 0xff_ffff) << 8;
        let base_offset = (base_offset as u64 & 0xff_ffff) << 32;
        Self(kind as u64 | (base as u64) << 4 | offset | base_offset)
    }

    /// What kind of rule this is.
    #[inline(always)]
    pub fn kind(self) -> Kind {
        match self.0 & 15 {
            1 => Kind::Stack,
            2 => Kind::Base,
            3 => Kind::Realigned,
            4 => Kind::Signal,
            5 => Kind::End,
            6 => Kind::Complex,
            _ => Kind::Unknown,
        }
    }

    /// Whether the caller begins at a register's value plus the offset.
    #[inline(always)]
    fn is_simple(self) -> bool {
        self.0 & 15 <= Kind::Base as u64
    }

    /// Where the caller of this frame begins, if that is at a register's value plus the offset.
    #[inline(always)]
    pub fn callers_frame(self, key: Key) -> Option<usize> {
        let from = if self.is_from_base() { key.bp } else { key.sp };
        self.is_simple()
            .then(|| from.wrapping_add_signed(self.offset()))
    }

    /// Whether that register is `rbp`, and not `rsp`.
    #[inline(always)]
    fn is_from_base(self) -> bool {
        self.0 & 15 == Kind::Base as u64
    }

    /// Whether `rbp` decides where something stands.
    #[inline(always)]
    pub fn is_by_base(self) -> bool {
        self.is_from_base() || self.base() == Base::AtItself
    }

    /// Where `rbp` is.
    #[inline(always)]
    pub fn base(self) -> Base {
        match self.0 >> 4 & 3 {
            0 => Base::Same,
            1 => Base::AtCfa,
            _ => Base::AtItself,
        }
    }

    /// The offset of the frame, in bytes.
    #[inline(always)]
    pub fn offset(self) -> isize {
        ((self.0 << 32) as i64 >> 40) as isize
    }

    /// The offset of `rbp`, in bytes.
    #[inline(always)]
    pub fn base_offset(self) -> isize {
        ((self.0 << 8) as i64 >> 40) as isize
    }

    /// That of a frame whose caller's begins so many bytes above the stack pointer, and where `rbp`
    /// stands, from there on; `None` if that is what it was.
    pub fn by_offset(offset: i64, base_offset: Option<i64>) -> Option<Self> {
        let base = base_offset.map_or(Base::Same, |_| Base::AtCfa);
        let rule = Self::new(Kind::Stack, offset, base, base_offset.unwrap_or(0));
        rule.is_simple().then_some(rule)
    }

    /// Where a frame keeps its caller's `rbp`, from the caller's frame on, if it does.
    pub fn base_from_cfa(self) -> Option<i64> {
        let is_kept = self.is_simple() && self.base() == Base::AtCfa;
        is_kept.then_some(self.base_offset() as i64)
    }

    /// Keeps it as that of an instruction, which was learned where no table tells of it.
    pub fn keep(self, place: Place, generation: usize) {
        let key = key(place, generation);
        lessons::keep(key, self.0);
        entry(place.ip).put(key, self.0);
    }

    fn of(row: &Row) -> Self {
        let saved = |register: u8| row.saved[usize::from(register)];
        match saved(number::RETURN) {
            Saved::Nowhere => return Self::plain(Kind::End),
            // a table that is there for exceptions to be caught, and says nothing of callers
            Saved::Same => return Self::plain(Kind::Unknown),
            Saved::AtCfa(-8) => {}
            _ => return Self::plain(Kind::Complex),
        }
        if !matches!(saved(number::SP), Saved::Same) {
            return Self::plain(Kind::Complex);
        }
        let (base, base_offset) = match saved(number::BP) {
            Saved::Same | Saved::Nowhere => (Base::Same, 0),
            Saved::AtCfa(offset) => (Base::AtCfa, offset),
            Saved::AtExpression(code) => match from_base(code) {
                Some((offset, false)) => (Base::AtItself, offset),
                _ => return Self::plain(Kind::Complex),
            },
            _ => return Self::plain(Kind::Complex),
        };
        match row.cfa {
            Cfa::At(number::SP, offset) => Self::new(Kind::Stack, offset, base, base_offset),
            Cfa::At(number::BP, offset) => Self::new(Kind::Base, offset, base, base_offset),
            Cfa::Expression(code) => match from_base(code) {
                Some((offset, true)) => Self::new(Kind::Realigned, offset, base, base_offset),
                _ => Self::plain(Kind::Complex),
            },
            Cfa::At(..) => Self::plain(Kind::Complex),
        }
    }
}

fn field(offset: i64) -> i64 {
    offset << 40 >> 40
}

/// The offset of an expression that is `rbp` plus a constant, and whether what stands there is
/// meant.
fn from_base(mut code: Bytes) -> Option<(i64, bool)> {
    let end = code.unsigned() as usize + code.address();
    if code.byte() != 0x70 + number::BP {
        return None;
    }
    let offset = code.signed();
    if code.address() == end {
        return Some((offset, false));
    }
    (code.byte() == 0x06 && code.address() == end).then_some((offset, true))
}

/// An instruction to be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its address, or that of the one behind a call.
    pub ip: usize,
    /// Whether it was interrupted there, rather than called from the instruction before.
    pub exact: bool,
}

impl Place {
    /// The address to look tables up with.
    pub fn address(self) -> usize {
        if self.exact {
            self.ip
        } else {
            self.ip.wrapping_sub(1)
        }
    }
}

/// Rules that are kept.
const ENTRIES: usize = 1 << 14;

/// Where the generation of the rules stands in a key.
const GENERATION_SHIFT: u32 = 48;

static RULES: [Entry; ENTRIES] = [const { Entry::new() }; ENTRIES];

/// Goes up when an object is gone, whose addresses may come to mean something else.
static GENERATION: AtomicUsize = AtomicUsize::new(0);

/// The number of times that objects were unloaded so far.
#[inline(always)]
pub fn generation() -> usize {
    GENERATION.load(Ordering::Acquire)
}

/// Forgets what is known: an object was or is about to be unloaded.
pub fn forget_all() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
}

/// Goes up when an object is gone: from then on an address means something else.
static MEANING: AtomicU32 = AtomicU32::new(0);

/// What is part of an address beside the address itself: how many objects were unloaded.
#[inline(always)]
pub fn meaning() -> u32 {
    MEANING.load(Ordering::Relaxed)
}

/// An object was unloaded: stacks through its addresses are other stacks from now on.
pub fn forget_meanings() {
    MEANING.fetch_add(1, Ordering::AcqRel);
    forget_all();
}

/// The rule of an instruction.
#[inline(always)]
pub fn find(place: Place, generation: usize) -> Rule {
    let key = key(place, generation);
    let (known, rule) = entry(place.ip).get();
    if known == key {
        return Rule(rule);
    }
    find_anew(place, key)
}

#[inline(always)]
fn key(place: Place, generation: usize) -> u64 {
    // addresses of programs have 47 bits
    let generation = (generation as u64 + 1) << GENERATION_SHIFT;
    place.ip as u64 | u64::from(place.exact) << 47 | generation
}

fn generation_of(key: u64) -> u64 {
    key >> GENERATION_SHIFT
}

#[inline(always)]
fn entry(ip: usize) -> &'static Entry {
    &RULES[(ip ^ ip >> 14) % ENTRIES]
}

#[cold]
#[inline(never)]
fn find_anew(place: Place, key: u64) -> Rule {
    let learned = || lessons::find(key).map(Rule);
    let Some(rule) = make(place).or_else(learned) else {
        // code of no table may be anything by the next time
        return Rule::plain(Kind::Unknown);
    };
    entry(place.ip).put(key, rule.0);
    rule
}

/// What the tables say; `None` if none tells of this instruction.
fn make(place: Place) -> Option<Rule> {
    let found = table::find(place.address())?;
    Some(if greenlets::begin_with(found.function) {
        Rule::plain(Kind::End)
    } else if found.signal && returns_from_signal(place.ip) {
        Rule::plain(Kind::Signal)
    } else {
        Rule::of(&found.row)
    })
}

/// Whether the two instructions that end a signal handler stand at `ip`, which is code.
fn returns_from_signal(ip: usize) -> bool {
    const RETURN: [u8; 9] = [0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05];
    if ip & 0xfff > 0x1000 - RETURN.len() {
        return false;
    }
    // SAFETY: the bytes are on one page, which holds code of a loaded object.
    unsafe { (ip as *const [u8; 9]).read() == RETURN }
}

#[cfg(test)]
mod tests {
    use super::{Base, Kind, Rule};

    #[test]
    fn offsets_survive_their_packing() {
        let rule = Rule::new(Kind::Base, 16, Base::AtCfa, -16);
        assert_eq!((rule.kind(), rule.base()), (Kind::Base, Base::AtCfa));
        assert_eq!((rule.offset(), rule.base_offset()), (16, -16));
        let rule = Rule::new(Kind::Stack, 0x7f_ffff, Base::Same, -0x80_0000);
        assert_eq!((rule.offset(), rule.base_offset()), (0x7f_ffff, -0x80_0000));
        let rule = Rule::new(Kind::Stack, 0x80_0000, Base::Same, 0);
        assert_eq!(rule.kind(), Kind::Complex);
    }
}
