//! A path that was found, as a stack: each segment joins its frames to what is further out.

use super::{Outcome, SAVINGS};
use crate::stack::native::runs::Runs;
use crate::stack::native::segment::{Key, Made, Segment};
use crate::stack::native::{enter, own};
use crate::thread::Thread;
use core::ops::Range;
use memprof_wire::units::StackId;

/// So few frames are looked up in the tree of stacks as soon as in a table of what they made.
const SHORT: usize = 2;

/// The stack of the calling thread, if the path from this frame outwards is known.
///
/// # Safety
///
/// `key` must be the frame that called the hook.
#[inline(always)]
pub unsafe fn find<R: Runs>(thread: &mut Thread, key: Key, runs: R) -> Option<StackId> {
    let python = runs.python(runs.depth());
    let path = &mut thread.stacks.native.path;
    // SAFETY: the caller's promise.
    if let Some((segment, trunk)) = unsafe { path.on_trunk(key, python, &runs) } {
        let (base, first) = (trunk.stack(), trunk.depth());
        path.savings += u32::from(path.savings < SAVINGS);
        // SAFETY: a place of the table.
        let segment = unsafe { &mut *segment };
        return Some(join(
            thread,
            segment,
            base,
            first..python.depth,
            python.stack,
        ));
    }
    // SAFETY: the caller's promise.
    unsafe { find_slowly(thread, key, runs) }
}

/// What [`find`] does when the innermost segment is not where it was last.
///
/// # Safety
///
/// As for [`find`].
#[inline(never)]
unsafe fn find_slowly<R: Runs>(thread: &mut Thread, key: Key, mut runs: R) -> Option<StackId> {
    // SAFETY: the caller's promise.
    let known = unsafe { thread.stacks.native.path.follow(key, &mut runs)? };
    let path = &mut thread.stacks.native.path;
    path.savings += u32::from(path.savings < SAVINGS);
    let mut stack = known.base;
    let mut trunk = StackId::NONE;
    let mut first = known.outside;
    for number in (0..known.count).rev() {
        let stop = thread.stacks.native.path.stops[number];
        let python = runs.python(stop.python).stack;
        // SAFETY: a segment that was found above.
        let segment = unsafe { &mut *stop.segment };
        stack = join(thread, segment, stack, first..stop.python, python);
        first = stop.python;
        if known.branch.is_some_and(|branch| branch.first == number) {
            trunk = stack;
        }
    }
    if let Some(branch) = known.branch
        && trunk != StackId::NONE
    {
        let path = &mut thread.stacks.native.path;
        path.keep_trunk(branch, known.count, &runs, trunk);
    }
    Some(stack)
}

/// What a segment makes of the stack of what is further out, `base`, given the Python frames that
/// it runs, and what these make with all their callers.
#[inline(always)]
pub(super) fn join(
    thread: &mut Thread,
    segment: &mut Segment,
    base: StackId,
    frames: Range<usize>,
    python: StackId,
) -> StackId {
    let is_this =
        |made: &Made| made.base == base && made.python == python && made.stack != StackId::NONE;
    let last = *segment.made(base, python);
    if is_this(&last) {
        return last.stack;
    }
    if frames.len() + segment.frames() <= SHORT {
        let stack = join_anew(thread, segment, base, frames);
        *segment.made(base, python) = Made {
            base,
            python,
            stack,
        };
        return stack;
    }
    let path = &thread.stacks.native.path;
    let result = path.result(segment.serial, base, python);
    // SAFETY: a place of the table.
    let known = unsafe { *result };
    if known.serial == segment.serial && is_this(&known.made) {
        *segment.made(base, python) = known.made;
        return known.made.stack;
    }
    let stack = join_anew(thread, segment, base, frames);
    let made = Made {
        base,
        python,
        stack,
    };
    *segment.made(base, python) = made;
    // SAFETY: as above.
    unsafe {
        result.write(Outcome {
            serial: segment.serial,
            made,
        });
    }
    stack
}

/// Looks up what a segment makes of what is further out.
#[inline(never)]
fn join_anew(
    thread: &mut Thread,
    segment: &Segment,
    base: StackId,
    frames: Range<usize>,
) -> StackId {
    let mut stack = base;
    for index in frames {
        stack = enter::python_frame(thread, index, stack);
    }
    for ip in segment.shown() {
        if !own::is_own(ip) {
            stack = enter::child(thread, stack, ip);
        }
    }
    stack
}
