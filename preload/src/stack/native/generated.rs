//! Machine code that the interpreter makes while it runs, and that has no unwind tables: that of its
//! just-in-time compiler, and the trampolines of `-X perf`.
//!
//! A trampoline ends right behind its call, so what stands there tells where its caller is
//! ([`epilogue`]). Compiled code is many small pieces that jump to each other. Each stands below the
//! evaluation function, which entered it, by a number of bytes that is always the same, and stands for
//! that function in a stack. A run begins with a frame that the function keeps in its own
//! ([`anchors`]): so where a walk ends in such a piece, the distance to that function's
//! caller is measured once, and is the rule of the instruction from then on.

mod epilogue;
mod pages;

use super::anchors;
use super::frame::Frame as NativeFrame;
use super::module;
use super::rule::{self, Kind, Place, Rule};
use super::{At, forget_all, wanted};
use crate::python::{self, layout::Layout, layout::Runs};
use crate::stack::python::Frame;
use core::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

/// Further than this from a run's first frame, nothing is compiled code of that run: bytes.
const NEAR: usize = 4096;

/// How far the evaluation function's caller is from the frame that a run begins with: bytes.
static DISTANCE: AtomicUsize = AtomicUsize::new(0);
/// Not the same each time, in [`DISTANCE`].
const VARIES: usize = usize::MAX;
/// Where the evaluation function puts `rbp`, from its caller on.
static BASE_OFFSET: AtomicI64 = AtomicI64::new(0);

/// A range is about to be unmapped or protected in another way: what was learned of it holds no more.
#[inline(always)]
pub fn before_change(address: usize, length: usize) {
    if pages::are_any() && pages::remove(address, length) {
        forget_all();
    }
}

/// Whether an instruction that was called from is one of that code.
#[inline(always)]
pub fn contains(ip: usize) -> bool {
    pages::are_any() && pages::contain(ip.wrapping_sub(1))
}

/// A range was made executable by what `caller` is a part of.
pub fn made_executable(address: usize, length: usize, caller: At) {
    if !wanted() || python::family().is_none() {
        return;
    }
    let (evaluation, _) = anchors::evaluation();
    let interpreter = module::find(evaluation);
    if interpreter.is_some() && interpreter == module::find(caller.ip) {
        pages::add(address, length);
    }
}

/// Learns where the evaluation function's caller is, from one of its frames, in which the Python frame at
/// `anchor` lies.
pub fn measure<L: Layout>(frame: &NativeFrame, caller: &NativeFrame, anchor: usize) {
    if L::RUNS != Runs::Shims || frame.exact {
        return;
    }
    let Some(base) = rule::find(called(frame.ip), rule::generation()).base_from_cfa() else {
        return;
    };
    let distance = caller.sp.wrapping_sub(anchor);
    let known = DISTANCE.load(Ordering::Relaxed);
    if known == 0 {
        BASE_OFFSET.store(base, Ordering::Relaxed);
        DISTANCE.store(distance, Ordering::Release);
    } else if known != VARIES && (known, BASE_OFFSET.load(Ordering::Relaxed)) != (distance, base) {
        DISTANCE.store(VARIES, Ordering::Release);
        forget_all();
    }
}

/// Learns how a walk goes on that ended at `last`, which `callee` was called from. Whether it did.
///
/// # Safety
///
/// Both must be live, and `frames` hold `depth` live frames of an interpreter.
#[cold]
pub unsafe fn learn<L: Layout>(
    last: &NativeFrame,
    callee: Option<&NativeFrame>,
    frames: *const Frame,
    depth: usize,
) -> bool {
    let place = called(last.ip);
    let generation = rule::generation();
    if L::RUNS != Runs::Shims
        || last.exact
        || !contains(last.ip)
        || rule::find(place, generation).kind() != Kind::Unknown
    {
        return false;
    }
    let next_page = pages::contain(last.ip + epilogue::LONGEST);
    // SAFETY: the interpreter made these pages readable, and the code runs.
    let rule = unsafe { epilogue::at(last.ip, next_page) }.or_else(|| {
        // SAFETY: the caller's promise.
        let anchor = |sp| unsafe { anchors::above::<L>(frames, depth, sp) };
        let run = anchor(last.sp)?;
        // a trampoline calls the evaluation function, what is compiled is called by it
        let is_compiled = callee.is_none_or(|callee| anchor(callee.sp) == Some(run));
        let distance = DISTANCE.load(Ordering::Acquire);
        if !is_compiled || run - last.sp > NEAR || distance == 0 || distance == VARIES {
            return None;
        }
        let offset = (run - last.sp + distance) as i64;
        Rule::by_offset(offset, Some(BASE_OFFSET.load(Ordering::Relaxed)))
    });
    let Some(rule) = rule else { return false };
    pages::mark_learned(place.address());
    rule.keep(place, generation);
    true
}

fn called(ip: usize) -> Place {
    Place { ip, exact: false }
}
