//! A stretch of native frames, with the words of the stack that led from one to the next.
//!
//! A frame is found by its callee's registers and a few words of the stack. So wherever a callee is
//! at the same instruction with the same stack pointer, and those words hold what they held, its
//! callers are the same: no rule has to be looked up. What a word stands for does not matter, and
//! each is read only after those before it told that it is part of a live frame.
//!
//! Where a frame has been seen with several callers its segment ends, and the return address is
//! part of what the next one is looked up by: a trie of frames, with as few nodes as it takes.

use super::frame::Frame;
use super::trail::{Lead, Trail};
use super::word::{Word, all_hold, load};
use memprof_wire::units::StackId;

/// Words that a segment may have.
const WORDS: usize = 17;
/// Frames that a segment may have.
pub const FRAMES: usize = 8;

/// What lies further out than a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum End {
    /// Nothing.
    Outermost = 0,
    /// More frames.
    Frames = 1,
}

/// A stretch of frames. What is looked at each time is in its first cache line and in the words.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Segment {
    key: Key,
    /// The instruction of the frame further out; 0 when it has to be read.
    caller_ip: usize,
    /// Where the instruction of the frame further out is read: so far above the innermost frame.
    caller_slot: u32,
    /// Tells this segment from all that were in its place before.
    pub serial: u32,
    /// What lies further out.
    pub end: End,
    /// Whether `rbp` decides where anything stands.
    needs_base: bool,
    count: u8,
    frames: u8,
    words: [Word; WORDS],
    /// The segment that was found further out the last time, if it always begins at the same frame.
    pub next: *mut Segment,
    /// Where the `rbp` of the frame further out stands; 0 when it is that of the innermost one.
    caller_base: usize,
    /// How much further up the frame further out begins, in bytes.
    caller_distance: u32,
    /// Which of the words are return addresses: a bit for each.
    returns: u32,
}

/// A frame that a segment may begin at.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Key {
    /// Its instruction.
    pub ip: usize,
    /// Its stack pointer.
    pub sp: usize,
    /// Its `rbp`.
    pub bp: usize,
}

impl Key {
    /// No frame.
    pub const NONE: Self = Self {
        ip: 0,
        sp: 0,
        bp: 0,
    };

    /// Where to keep what begins here below a stack of Python frames: a number of 16 bits.
    #[inline(always)]
    pub fn place(self, python: StackId) -> usize {
        (self.hash(python) >> 48) as usize
    }

    /// A hash of what begins here below a stack of Python frames, whose upper bits are the better ones.
    #[inline(always)]
    pub fn hash(self, python: StackId) -> u64 {
        let word = (self.ip as u64) ^ (self.sp as u64) << 21 ^ u64::from(python.0) << 9;
        word.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Segment {
    /// The segment of the frames from `first`, the outermost, to the last, the innermost one.
    /// `branches` tells that its caller is not always the same.
    ///
    /// `None` where a frame depends on something else than the words of the stack.
    pub fn of(frames: &[Frame], first: usize, end: End, branches: bool) -> Option<Self> {
        let innermost = frames.last()?;
        let (outermost, caller) = (&frames[first], &frames[first - 1]);
        let mut segment = Self {
            key: Key {
                ip: innermost.ip,
                sp: innermost.sp,
                bp: innermost.bp,
            },
            needs_base: false,
            end,
            frames: (frames.len() - first) as u8,
            count: 0,
            returns: 0,
            serial: 0,
            caller_ip: if branches { 0 } else { caller.ip },
            caller_slot: u32::try_from(outermost.return_slot.saturating_sub(innermost.sp)).ok()?,
            caller_distance: u32::try_from(caller.sp - innermost.sp).ok()?,
            next: core::ptr::null_mut(),
            caller_base: 0,
            words: [Word::default(); WORDS],
        };
        let mut trail = Trail::default();
        for index in (first..frames.len()).rev() {
            trail.step(&frames[index], &frames[index - 1], |lead| {
                match lead {
                    Lead::Base => segment.needs_base = true,
                    Lead::SavedBase(word) => segment.push(word)?,
                    Lead::Return(_) if branches && index == first => {}
                    Lead::Return(word) => {
                        segment.returns |= 1 << segment.count;
                        segment.push(word)?;
                    }
                }
                Some(())
            })?;
        }
        segment.caller_base = trail.base_slot().unwrap_or(0);
        Some(segment)
    }

    fn push(&mut self, word: Word) -> Option<()> {
        *self.words.get_mut(usize::from(self.count))? = word;
        self.count += 1;
        Some(())
    }

    /// The words that its frames are known by, innermost first.
    pub fn words(&self) -> &[Word] {
        &self.words[..usize::from(self.count)]
    }

    /// Whether it begins at this frame.
    #[inline(always)]
    pub fn begins_at(&self, key: Key) -> bool {
        self.key.sp == key.sp
            && self.key.ip == key.ip
            && (!self.needs_base || self.key.bp == key.bp)
    }

    /// Whether `rbp` at its innermost frame decides where anything stands.
    pub fn needs_base(&self) -> bool {
        self.needs_base
    }

    /// Where the `rbp` of the frame further out stands; `None` when it is that of the innermost one.
    pub fn base_slot(&self) -> Option<usize> {
        (self.caller_base != 0).then_some(self.caller_base)
    }

    /// Where the instruction of the frame further out stands, if it is not always the same.
    pub fn branch_slot(&self) -> Option<usize> {
        (self.caller_ip == 0).then_some(self.caller_slot())
    }

    #[inline(always)]
    fn caller_slot(&self) -> usize {
        self.key.sp + self.caller_slot as usize
    }

    /// Whether the frame further out always is the same.
    #[inline(always)]
    pub fn goes_one_way(&self) -> bool {
        self.caller_ip != 0
    }

    /// How it compares with another one that begins at the same frame, and whose caller is taken to
    /// be always the same.
    pub fn compare(&self, other: &Self) -> Likeness {
        let both = self.words().iter().zip(other.words());
        let equal = both.take_while(|(own, other)| own == other).count();
        if equal == usize::from(self.count) {
            let whole = self.frames == other.frames && self.end == other.end;
            let part = self.frames < other.frames && self.end == End::Frames;
            let branches = self.caller_ip == 0;
            if branches && (whole || part) || whole && self.caller_ip == other.caller_ip {
                return Likeness::Same;
            }
        }
        let returns = self.returns & ((1 << equal) - 1);
        let common = 1 + returns.count_ones() as u8;
        Likeness::Common(usize::from(common.min(self.frames).min(other.frames)))
    }

    /// How many frames it has, what runs Python included.
    pub fn frames(&self) -> usize {
        usize::from(self.frames)
    }

    /// The frame at which it begins.
    #[inline(always)]
    pub fn key(&self) -> Key {
        self.key
    }

    /// The frame further out, if it was found that the segment [holds](Self::holds); `base` is the
    /// `rbp` of the innermost frame.
    ///
    /// # Safety
    ///
    /// The segment must hold.
    #[inline(always)]
    pub unsafe fn caller(&self, base: usize) -> Key {
        // SAFETY: the caller's promise: all frames of the segment are live.
        unsafe {
            Key {
                ip: match self.caller_ip {
                    0 => load(self.caller_slot()),
                    ip => ip,
                },
                sp: self.key.sp + self.caller_distance as usize,
                bp: match self.caller_base {
                    0 => base,
                    slot => load(slot),
                },
            }
        }
    }

    /// Whether the words hold what they held.
    ///
    /// # Safety
    ///
    /// The frame at which the segment begins must be live, on the stack of the calling thread.
    #[inline(always)]
    pub unsafe fn holds(&self) -> bool {
        // SAFETY: so many are in use. Each slot belongs to the frame that the words before it, and
        // the caller's promise, say is live.
        unsafe { all_hold(self.words.get_unchecked(..usize::from(self.count))) }
    }

    /// The instructions of its frames that are to be shown, outermost first.
    pub fn shown(&self) -> impl Iterator<Item = usize> {
        let words = self.words();
        let returns = self.returns;
        let leads_out = self.caller_ip != 0 && self.end != End::Outermost;
        (0..usize::from(self.count))
            .rev()
            .filter(move |index| returns >> index & 1 == 1)
            .map(move |index| words[index].value)
            .chain(core::iter::once(self.key.ip))
            .skip(usize::from(leads_out))
            .filter(|&ip| ip != 0)
    }
}

/// How two segments that begin at the same frame compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The other one begins with all that is in this one.
    Same,
    /// So many of their frames, from the innermost on, are the same; then their callers differ.
    Common(usize),
}
