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

/// The frame that called this library, by the rules of the library's own code. What a hook is handed
/// by its [entrance](crate::caller) is the same, and cheaper.
pub fn caller(here: &Registers) -> At {
    let mut at = At::of(here, true);
    while is_own(at.ip) {
        let place = Place {
            ip: at.ip,
            exact: at.exact,
        };
        let rule = rule::find(place, rule::generation());
        let frame = match rule.callers_frame(at.key()) {
            Some(frame) if !rule.is_by_base() => frame,
            _ => break,
        };
        // SAFETY: frames of this library are live, and described rightly.
        unsafe {
            if rule.base() == Base::AtCfa {
                at.bp = *(frame.wrapping_add_signed(rule.base_offset()) as *const usize);
            }
            at.ip = *((frame - 8) as *const usize);
        }
        at.sp = frame;
        at.exact = false;
    }
    at
}
