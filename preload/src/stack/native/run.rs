//! Which Python frames the innermost run has, and what it is known by: the tables behind this are
//! those of [`super::anchors`].

use super::anchors::{evaluation, is_root, is_shim};
use super::segment::Key;
use super::trunk::Trunk;
use super::word::{Word, load};
use crate::python::layout::{Layout, Runs};
use crate::stack::python::Frame;

/// How many frames away from where it was the beginning of a run is searched.
const REACH: usize = 64;

/// What the native frame is known by that runs Python frames.
#[derive(Clone, Copy, Debug)]
pub enum Boundary {
    /// Something that lies in it.
    Anchor(usize),
    /// Where its code begins, and how long that is.
    Code(usize, usize),
}

impl Boundary {
    /// Whether it is this frame, which `caller` called.
    #[inline(always)]
    pub fn is_at(self, frame: Key, caller: Key) -> bool {
        match self {
            Self::Anchor(address) => frame.sp <= address && address < caller.sp,
            Self::Code(start, length) => frame.ip.wrapping_sub(start) < length,
        }
    }

    /// Whether it can only be further in than this frame.
    #[inline(always)]
    pub fn is_passed(self, sp: usize) -> bool {
        match self {
            Self::Anchor(address) => address < sp,
            Self::Code(..) => false,
        }
    }
}

/// The innermost run.
#[derive(Clone, Copy, Debug)]
pub struct Innermost {
    /// What its native frame is known by.
    pub boundary: Boundary,
    /// The index of its outermost Python frame.
    pub first: usize,
}

/// The interpreter's link to the innermost run, where there are such links.
///
/// # Safety
///
/// `state` must be the state of this thread.
#[inline(always)]
pub unsafe fn entry<L: Layout>(state: usize) -> usize {
    match L::RUNS {
        Runs::CFrames { thread, .. } | Runs::CFrameEach { thread, .. } => {
            // SAFETY: the caller's promise.
            unsafe { load(state + thread) }
        }
        Runs::Shims | Runs::Code => 0,
    }
}

/// The innermost run; `likely` is where the last one began. `None` if it is not easily told.
///
/// # Safety
///
/// `state` must be the state of this thread, whose `depth` frames were just captured, and `entry` its
/// [link](entry).
#[inline(always)]
pub unsafe fn innermost<L: Layout>(
    state: usize,
    entry: usize,
    frames: *const Frame,
    depth: usize,
    likely: usize,
) -> Option<Innermost> {
    // SAFETY: asked for indices below the depth only.
    let address = |index: usize| unsafe { (*frames.add(index)).address };
    let last = depth.checked_sub(1)?;
    match L::RUNS {
        Runs::Shims => {
            // SAFETY: a live frame.
            let is_shim = |&index: &usize| unsafe { is_shim::<L>(address(index)) };
            // the outermost frame of 3.15 is a part of the thread's state
            let first = (1..depth).rev().find(is_shim);
            let first = first.or_else(|| Some(0).filter(is_shim))?;
            Some(Innermost {
                boundary: Boundary::Anchor(address(first)),
                first,
            })
        }
        Runs::CFrames { previous, .. } => {
            if is_root(entry, state) {
                return None;
            }
            // SAFETY: links of the thread's own chain.
            let link = unsafe { load(entry + previous) };
            if link == 0 {
                return None;
            }
            let is_whole = is_root(link, state);
            // SAFETY: as above: each knows the innermost frame of its run, and the one outside.
            let first = unsafe {
                if is_whole {
                    0
                } else {
                    let outside = load(link + L::CFRAME_FRAME?);
                    let is_outside = |&index: &usize| address(index) == outside;
                    let near = last.saturating_sub(REACH);
                    let index = Some(likely.wrapping_sub(1))
                        .filter(|index| *index < last && is_outside(index))
                        .or_else(|| (near..last).rev().find(is_outside));
                    match index {
                        Some(index) => index + 1,
                        // the outermost link of a greenlet knows a frame of another one
                        None if near == 0 && is_root(load(link + previous), state) => 0,
                        None => return None,
                    }
                }
            };
            Some(Innermost {
                boundary: Boundary::Anchor(entry),
                first,
            })
        }
        Runs::CFrameEach { .. } => (!is_root(entry, state)).then_some(Innermost {
            boundary: Boundary::Anchor(entry),
            first: last,
        }),
        Runs::Code => {
            let (start, length) = evaluation();
            Some(Innermost {
                boundary: Boundary::Code(start, length),
                first: last,
            })
        }
    }
}

/// The link of the next run further out than that of `link`, where there are such links; `None` if
/// there is none.
///
/// # Safety
///
/// `link` must be one of the chain of the thread whose state is `state`.
#[inline(always)]
pub unsafe fn next<L: Layout>(link: usize, state: usize) -> Option<usize> {
    match L::RUNS {
        Runs::CFrames { previous, .. } | Runs::CFrameEach { previous, .. } => {
            // SAFETY: the caller's promise.
            (!is_root(link, state)).then(|| unsafe { load(link + previous) })
        }
        Runs::Shims | Runs::Code => Some(0),
    }
}

/// Adds to a trunk what tells that a run begins at the Python frame at `index`. `link` is the link
/// of that run, and becomes the next one. `None` without room.
///
/// # Safety
///
/// Frames up to `index` must be in use, and `link` be one of the thread's own chain, whose state is
/// `state`.
pub unsafe fn pin<L: Layout>(
    trunk: &mut Trunk,
    state: usize,
    frames: *const Frame,
    index: usize,
    link: &mut usize,
) -> Option<()> {
    // SAFETY: the caller's promise.
    unsafe {
        match L::RUNS {
            Runs::Shims => trunk.push((*frames.add(index)).address_word())?,
            Runs::CFrames { previous, .. } | Runs::CFrameEach { previous, .. } => {
                if is_root(*link, state) {
                    return None;
                }
                let word = Word::at(*link + previous);
                trunk.push(word)?;
                *link = word.value;
                if let Some(offset) = L::CFRAME_FRAME {
                    if index == 0 {
                        return Some(());
                    }
                    if is_root(*link, state) {
                        return None;
                    }
                    let last = (*frames.add(index - 1)).address_word();
                    trunk.push_pair([*link + offset, last.slot])?;
                }
            }
            Runs::Code => {}
        }
        if index > 0 {
            trunk.push((*frames.add(index - 1)).stack_word())?;
        }
    }
    Some(())
}
