//! The frames of this library itself, which are nobody's business.

use super::frame::At;
use super::module;
use super::registers::Registers;
use super::rule::{self, Base, Place};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Where the code of this library is.
static START: AtomicUsize = AtomicUsize::new(0);
static END: AtomicUsize = AtomicUsize::new(0);

/// Looks where the code of this library is; false if nobody can tell.
pub fn prepare() -> bool {
    let here = prepare as *const () as usize;
    let Some(own) = module::find(here) else {
        return false;
    };
    START.store(own.start, Ordering::Relaxed);
    END.store(own.end, Ordering::Relaxed);
    true
}

/// Whether an instruction is one of this library.
#[inline(always)]
pub fn is_own(ip: usize) -> bool {
    ip.wrapping_sub(START.load(Ordering::Relaxed))
        < END.load(Ordering::Relaxed) - START.load(Ordering::Relaxed)
}

/// How many of this library's frames are remembered: more than there are hooks in use at a time.
const HOPS: usize = 32;

/// A frame of this library: its caller is found by two offsets from the stack pointer.
#[derive(Clone, Copy, Debug)]
struct Hop {
    ip: usize,
    /// Where the caller's frame begins.
    frame: isize,
    /// Where the caller's `rbp` stands, 0 if it is the same.
    base: isize,
}

/// The hops of a thread. They hold for ever: this library is never unloaded.
#[derive(Debug)]
pub struct Hops([Hop; HOPS]);

impl Hops {
    /// None is known.
    pub const fn new() -> Self {
        Self(
            [Hop {
                ip: 0,
                frame: 0,
                base: 0,
            }; HOPS],
        )
    }

    /// The frame that called this library, by the rules of the library's own code.
    #[inline(always)]
    pub fn caller(&mut self, here: &Registers) -> At {
        let mut at = At::of(here, true);
        loop {
            let hop = self.0[place(at.ip)];
            let hop = if hop.ip == at.ip {
                hop
            } else {
                match self.find(at) {
                    Some(hop) => hop,
                    None => return at,
                }
            };
            // SAFETY: frames of this library are live, and described rightly.
            unsafe {
                if hop.base != 0 {
                    at.bp = *(at.sp.wrapping_add_signed(hop.base) as *const usize);
                }
                at.sp = at.sp.wrapping_add_signed(hop.frame);
                at.ip = *((at.sp - 8) as *const usize);
            }
            at.exact = false;
            if !is_own(at.ip) {
                return at;
            }
        }
    }

    /// `None` where it takes more than the stack pointer.
    #[cold]
    #[inline(never)]
    fn find(&mut self, at: At) -> Option<Hop> {
        let place_of = Place {
            ip: at.ip,
            exact: at.exact,
        };
        let rule = rule::find(place_of, rule::generation());
        if !rule.is_simple() || rule.is_by_base() {
            return None;
        }
        let base = match rule.base() {
            Base::AtCfa => rule.offset() + rule.base_offset(),
            Base::Same | Base::AtItself => 0,
        };
        let hop = Hop {
            ip: at.ip,
            frame: rule.offset(),
            base,
        };
        self.0[place(at.ip)] = hop;
        Some(hop)
    }
}

#[inline(always)]
fn place(ip: usize) -> usize {
    (ip ^ ip >> 5) % HOPS
}
