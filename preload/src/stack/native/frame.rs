//! A native frame, and what led from it to its caller.

use super::registers::Registers;
use super::segment::Key;
use crate::caller::Caller;
use memprof_wire::units::StackId;

/// The slot of a step that depends on nothing but the instruction.
pub const CERTAIN: usize = 1;
/// The slot of a step that depends on more than two words: it has to be made again.
pub const UNCERTAIN: usize = 0;

/// A frame as it was when it was last seen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Frame {
    /// The instruction, or the return address; 0 for what is outside of the outermost frame.
    pub ip: usize,
    /// The stack pointer, as it is once the callee has returned.
    pub sp: usize,
    /// `rbp`, likewise.
    pub bp: usize,
    /// Where the caller's return address stands.
    pub return_slot: usize,
    /// Where the caller's `rbp` stands; 0 when it is the same.
    pub base_slot: usize,
    /// Whether this frame was interrupted, and not called from.
    pub exact: bool,
    /// Whether the slots were found by way of `rbp`.
    pub by_base: bool,
    /// The stack up to this frame.
    pub stack: StackId,
}

impl Frame {
    /// What a segment that begins here is found by.
    pub fn key(&self) -> Key {
        At::kept(self).key()
    }
}

/// What is known of a frame before its caller is: the first words of a [`Frame`].
#[derive(Clone, Copy, Debug)]
pub struct At {
    /// See [`Frame::ip`].
    pub ip: usize,
    /// See [`Frame::sp`].
    pub sp: usize,
    /// See [`Frame::bp`].
    pub bp: usize,
    /// See [`Frame::exact`].
    pub exact: bool,
}

impl From<Caller> for At {
    #[inline(always)]
    fn from(caller: Caller) -> Self {
        Self::called(caller.key())
    }
}

impl Caller {
    /// What a segment that begins there is found by.
    #[inline(always)]
    pub fn key(self) -> Key {
        Key {
            ip: self.ip(),
            sp: self.sp(),
            bp: self.bp(),
        }
    }
}

impl At {
    /// What these registers tell.
    #[inline(always)]
    pub fn of(registers: &Registers, exact: bool) -> Self {
        Self {
            ip: registers.ip,
            sp: registers.sp,
            bp: registers.bp,
            exact,
        }
    }

    /// A frame that was called from.
    #[inline(always)]
    pub fn called(key: Key) -> Self {
        Self {
            ip: key.ip,
            sp: key.sp,
            bp: key.bp,
            exact: false,
        }
    }

    /// What a segment that begins here is found by.
    #[inline(always)]
    pub fn key(self) -> Key {
        Key {
            ip: self.ip,
            sp: self.sp,
            bp: self.bp,
        }
    }

    /// What is known of a frame that was kept.
    #[inline(always)]
    pub fn kept(frame: &Frame) -> Self {
        Self {
            ip: frame.ip,
            sp: frame.sp,
            bp: frame.bp,
            exact: frame.exact,
        }
    }

    /// Whether a frame that was kept is this one.
    #[inline(always)]
    pub fn is_at(self, frame: &Frame) -> bool {
        self.sp == frame.sp
            && self.ip == frame.ip
            && self.bp == frame.bp
            && self.exact == frame.exact
    }
}

/// Copies a frame word by word. A wider load of what was just written in words has to wait until
/// the writes are through, and that was a quarter of the time of a walk.
///
/// # Safety
///
/// `from` must be a frame, and `to` have room for one.
#[inline(always)]
pub unsafe fn copy(from: *const Frame, to: *mut Frame) {
    // SAFETY: the caller's promise; a plain value without padding that is read.
    unsafe {
        (&raw mut (*to).ip).write_volatile((*from).ip);
        (&raw mut (*to).sp).write_volatile((*from).sp);
        (&raw mut (*to).bp).write_volatile((*from).bp);
        (&raw mut (*to).return_slot).write_volatile((*from).return_slot);
        (&raw mut (*to).base_slot).write_volatile((*from).base_slot);
        (&raw mut (*to).exact).write_volatile((*from).exact);
        (&raw mut (*to).by_base).write_volatile((*from).by_base);
        (&raw mut (*to).stack).write_volatile((*from).stack);
    }
}
