//! One step outwards: from a frame to its caller, by a rule.

use super::bounds::Bounds;
use super::frame::{At, CERTAIN, UNCERTAIN};
use super::rule::{self, Base, Kind, Place, Rule};
use super::segment::Key;

/// Where the caller's return address and `rbp` stand.
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    /// See [`Frame::return_slot`](super::frame::Frame::return_slot).
    pub ret: usize,
    /// See [`Frame::base_slot`](super::frame::Frame::base_slot).
    pub base: usize,
    /// See [`Frame::by_base`](super::frame::Frame::by_base).
    pub by_base: bool,
}

impl Slots {
    /// A single word, or none.
    pub const fn only(ret: usize) -> Self {
        Self {
            ret,
            base: 0,
            by_base: false,
        }
    }
}

/// What leads on from a frame.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// This is its caller.
    Caller(At),
    /// It has none.
    Outermost,
    /// Nobody can tell.
    Lost,
    /// It takes more registers than are followed: see [`super::rows`].
    Complex,
}

/// Finds the caller of a frame, and the slots that lead there.
#[inline(always)]
pub fn step(bounds: &mut Bounds, generation: usize, at: At) -> (Slots, Step) {
    let place = Place {
        ip: at.ip,
        exact: at.exact,
    };
    let rule = rule::find(place, generation);
    match rule.callers_frame(at.key()) {
        Some(frame) => step_to(bounds, at, rule, frame),
        None => step_otherwise(bounds, at, rule),
    }
}

/// The same where the words of the stack alone tell the caller of a frame that was called from;
/// `None` for all others.
#[inline(always)]
pub fn step_by_words(bounds: &mut Bounds, generation: usize, key: Key) -> Option<(Slots, Key)> {
    let place = Place {
        ip: key.ip,
        exact: false,
    };
    let rule = rule::find(place, generation);
    let found = caller(bounds, key, rule, rule.callers_frame(key)?);
    found.filter(|(_, caller)| caller.ip != 0)
}

/// A step by one of the rules that are seldom met.
#[cold]
#[inline(never)]
fn step_otherwise(bounds: &mut Bounds, at: At, rule: Rule) -> (Slots, Step) {
    let step = match rule.kind() {
        Kind::Realigned => {
            let place = at.bp.wrapping_add_signed(rule.offset());
            match bounds.read(place) {
                Some(cfa) => step_to(bounds, at, rule, cfa).1,
                None => Step::Lost,
            }
        }
        Kind::Signal => step_out_of_signal(bounds, at),
        Kind::End => return (Slots::only(CERTAIN), Step::Outermost),
        Kind::Stack | Kind::Base | Kind::Complex => Step::Complex,
        Kind::Unknown => Step::Lost,
    };
    (Slots::only(UNCERTAIN), step)
}

/// Finds the caller whose frame begins at `cfa`.
#[inline(always)]
fn step_to(bounds: &mut Bounds, at: At, rule: Rule, cfa: usize) -> (Slots, Step) {
    match caller(bounds, at.key(), rule, cfa) {
        None => (Slots::only(UNCERTAIN), Step::Lost),
        Some((slots, caller)) if caller.ip == 0 => (slots, Step::Outermost),
        Some((slots, caller)) => (slots, Step::Caller(At::called(caller))),
    }
}

/// What stands where a frame's caller begins at `cfa`: a caller of no instruction where there is none.
/// `None` if it cannot be read.
#[inline(always)]
fn caller(bounds: &mut Bounds, key: Key, rule: Rule, cfa: usize) -> Option<(Slots, Key)> {
    // the stack grows downwards: a caller lies above, and every walk ends
    if cfa <= key.sp {
        return None;
    }
    let ret = cfa.wrapping_sub(8);
    let ip = bounds.read(ret)?;
    let (mut base, mut bp) = (0, key.bp);
    if ip != 0 && rule.base() != Base::Same {
        let from = if rule.base() == Base::AtCfa {
            cfa
        } else {
            key.bp
        };
        base = from.wrapping_add_signed(rule.base_offset());
        bp = bounds.read(base)?;
    }
    let by_base = rule.is_by_base();
    Some((Slots { ret, base, by_base }, Key { ip, sp: cfa, bp }))
}

/// The kernel has put the registers of the interrupted function on the stack (`ucontext`).
#[cold]
fn step_out_of_signal(bounds: &mut Bounds, at: At) -> Step {
    let context = at.sp;
    let (Some(bp), Some(sp), Some(ip)) = (
        bounds.read(context + 120),
        bounds.read(context + 160),
        bounds.read(context + 168),
    ) else {
        return Step::Lost;
    };
    // a handler may have a stack of its own, from which nothing is known of the other
    if sp <= at.sp || ip == 0 {
        return Step::Lost;
    }
    Step::Caller(At {
        ip,
        sp,
        bp,
        exact: true,
    })
}
