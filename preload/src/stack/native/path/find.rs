//! A path that is known, as a stack: each segment joins its frames to what is further out.

use super::{LIMIT, Path, Stop};
use crate::stack::native::enter;
use crate::stack::native::made::Parts;
use crate::stack::native::segment::{End, Key, Segment};
use crate::thread::Thread;
use memprof_wire::units::StackId;

/// The stack of the calling thread, which runs no interpreter, if the path from this frame outwards is
/// known.
///
/// # Safety
///
/// `key` must be the frame that called the hook.
#[inline(always)]
pub unsafe fn find(thread: &mut Thread, key: Key) -> Option<StackId> {
    let path = &mut thread.stacks.native.path;
    // SAFETY: the caller's promise.
    let (count, mut stack) = unsafe { path.follow(key)? };
    let mut has_room = true;
    for number in (0..count).rev() {
        let stop = thread.stacks.native.path.stops[number];
        // SAFETY: a segment that was found above, and holds.
        unsafe {
            let segment = &*stop.segment;
            stack = join(thread, segment, stack);
            let recent = &mut thread.stacks.native.path.recent;
            has_room = has_room && recent.push(segment, stop.key, stack);
        }
    }
    Some(stack)
}

/// What a segment makes of the stack of what is further out, `base`.
#[inline(always)]
fn join(thread: &mut Thread, segment: &Segment, base: StackId) -> StackId {
    let parts = Parts {
        serial: segment.serial,
        stack: base,
    };
    if let Some(stack) = thread.stacks.native.path.made.find(parts) {
        return stack;
    }
    let stack = join_anew(thread, segment, base);
    thread.stacks.native.path.made.keep(parts, stack);
    stack
}

/// Looks up what a segment makes of what is further out.
#[inline(never)]
fn join_anew(thread: &mut Thread, segment: &Segment, base: StackId) -> StackId {
    segment
        .shown()
        .fold(base, |stack, ip| enter::native_frame(thread, stack, ip))
}

impl Path {
    /// Finds the segments from a frame outwards, where no interpreter is, up to one that the last
    /// path has too: how many they are, and the stack of what is further out.
    ///
    /// # Safety
    ///
    /// `key` must be the frame that called the hook.
    #[inline(always)]
    unsafe fn follow(&mut self, mut key: Key) -> Option<(usize, StackId)> {
        if !self.is_valid() {
            return None;
        }
        for count in 0..LIMIT {
            // SAFETY: the frame is live: the first one by the caller's promise, the others because
            // the words of the segment before led there.
            if let Some(stack) = unsafe { self.recent.find(key) } {
                return Some((count, stack));
            }
            let found = match count.checked_sub(1) {
                None => self.at(key)?,
                Some(last) => {
                    let last = self.stops[last].segment;
                    // SAFETY: a place of the table.
                    self.after(unsafe { &mut *last }, key)?
                }
            };
            self.stops[count] = Stop {
                segment: found,
                key,
            };
            // SAFETY: as above; and the caller is read from a segment that holds.
            unsafe {
                match ((*found).holds(), (*found).end) {
                    (true, End::Outermost) => return Some((count + 1, StackId::NONE)),
                    (true, End::Frames) => key = (*found).caller(key.bp),
                    _ => return None,
                }
            }
        }
        None
    }

    /// The instructions of the frames from this one outwards, if they are known. `lists` has those
    /// of each stack, by its number.
    ///
    /// # Safety
    ///
    /// As for [`Path::follow`].
    #[cfg(test)]
    pub unsafe fn instructions(
        &mut self,
        key: Key,
        lists: &mut Vec<Vec<usize>>,
    ) -> Option<Vec<usize>> {
        if lists.is_empty() {
            lists.push(Vec::new());
        }
        // SAFETY: the caller's promise; the segments were found to hold, from the innermost on.
        unsafe {
            let (count, base) = self.follow(key)?;
            let mut all = lists[base.0 as usize].clone();
            for stop in self.stops[..count].iter().rev() {
                let mut shown: Vec<usize> = (*stop.segment).shown().collect();
                shown.reverse();
                all = [shown, all].concat();
                lists.push(all.clone());
                let number = StackId(lists.len() as u32 - 1);
                if !self.recent.push(&*stop.segment, stop.key, number) {
                    break;
                }
            }
            Some(all)
        }
    }
}
