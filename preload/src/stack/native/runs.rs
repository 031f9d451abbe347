//! Where Python ran, told by what is known of the last time: a hint for each run, and a check.
//!
//! The native frames are known to be what they were, so each run has its place, and what has to be
//! found is only which Python frames it has. The tables behind this are those of [`super::anchors`].

use super::anchors::is_root;
use super::segment::Segment;
use super::trunk::{Python, Trunk};
use super::word::Word;
use crate::python::layout::{self, Layout};
use crate::stack::python::Frame;
use core::marker::PhantomData;
use memprof_wire::units::StackId;

/// How many frames away from where it was a run is searched.
const REACH: usize = 64;

/// Goes from the innermost run outwards.
pub trait Runs {
    /// How many Python frames there are.
    fn depth(&self) -> usize;

    /// The index at which the run at the end of a segment begins, given that of the run before, or
    /// the number of all frames. `None` when it is not what it was.
    fn begin(&mut self, segment: &mut Segment, end: usize) -> Option<usize>;

    /// Whether no run is left over behind the last segment; `end` Python frames are.
    fn end(&self, segment: &Segment, end: usize) -> bool;

    /// What there is of the interpreter where so many frames are left.
    fn python(&self, depth: usize) -> Python;

    /// Whether so many frames may be left behind the innermost run.
    fn may_leave(&self, depth: usize) -> bool;

    /// Adds to a trunk what [`begin`](Self::begin) found the beginning of a run by, which is at
    /// `index`. `link` is the link that it had, and becomes the next one.
    fn pin(&self, trunk: &mut Trunk, index: usize, link: &mut usize) -> Option<()>;
}

/// The frames of an interpreter.
#[derive(Clone, Copy, Debug)]
pub struct Present<L> {
    frames: *const Frame,
    depth: usize,
    /// The innermost link of the chain of `_PyCFrame`s, where there is one.
    entry: usize,
    /// The present link.
    link: usize,
    state: usize,
    layout: PhantomData<L>,
}

impl<L: Layout> Present<L> {
    /// # Safety
    ///
    /// `state` must be zero or the state of this thread, and `frames` its `depth` frames, which
    /// were just captured.
    #[inline(always)]
    pub unsafe fn new(state: usize, frames: *const Frame, depth: usize) -> Self {
        let entry = match L::RUNS {
            layout::Runs::CFrames { thread, .. } | layout::Runs::CFrameEach { thread, .. }
                if state != 0 =>
            {
                // SAFETY: the caller's promise.
                unsafe { load(state + thread) }
            }
            _ => 0,
        };
        Self {
            frames,
            depth,
            entry,
            link: entry,
            state,
            layout: PhantomData,
        }
    }

    #[inline(always)]
    fn address(&self, index: usize) -> usize {
        self.frame(index).address
    }

    #[inline(always)]
    fn frame(&self, index: usize) -> &Frame {
        // SAFETY: asked only for indices below the depth.
        unsafe { &*self.frames.add(index) }
    }

    /// The index of the frame at an address, below `end`, which probably is `likely`.
    #[inline(always)]
    fn index(&self, address: usize, likely: usize, end: usize) -> Option<usize> {
        if likely < end && self.address(likely) == address {
            return Some(likely);
        }
        (end.saturating_sub(REACH)..end)
            .rev()
            .find(|&index| self.address(index) == address)
    }

    /// Goes to the next link outwards; false when the present one is not the segment's.
    #[inline(always)]
    fn next_link(&mut self, segment: &Segment, previous: usize) -> bool {
        if is_root(self.link, self.state) || self.link != segment.anchor {
            return false;
        }
        // SAFETY: a link of the thread's own chain.
        self.link = unsafe { load(self.link + previous) };
        self.link != 0
    }

    /// Whether the present link is the outermost one, which belongs to no run.
    #[inline(always)]
    fn is_last(&self) -> bool {
        is_root(self.link, self.state)
    }
}

impl<L: Layout> Runs for Present<L> {
    #[inline(always)]
    fn depth(&self) -> usize {
        self.depth
    }

    #[inline(always)]
    fn begin(&mut self, segment: &mut Segment, end: usize) -> Option<usize> {
        match L::RUNS {
            layout::Runs::Shims => {
                let index = self.index(segment.anchor, segment.first as usize, end)?;
                segment.first = index as u32;
                Some(index)
            }
            layout::Runs::CFrames { previous, .. } => {
                if !self.next_link(segment, previous) {
                    return None;
                }
                if self.is_last() {
                    return (end > 0).then_some(0);
                }
                // SAFETY: as above: it knows the innermost frame of its run.
                let last = unsafe { load(self.link + L::CFRAME_FRAME?) };
                let likely = (segment.first as usize).wrapping_sub(1);
                let index = self.index(last, likely, end.checked_sub(1)?)? + 1;
                segment.first = index as u32;
                Some(index)
            }
            layout::Runs::CFrameEach { previous, .. } => {
                if !self.next_link(segment, previous) {
                    return None;
                }
                end.checked_sub(1)
            }
            layout::Runs::Code => end.checked_sub(1),
        }
    }

    #[inline(always)]
    fn end(&self, segment: &Segment, end: usize) -> bool {
        let done = match L::RUNS {
            layout::Runs::CFrames { .. } | layout::Runs::CFrameEach { .. } => self.is_last(),
            layout::Runs::Shims | layout::Runs::Code => true,
        };
        done && end == segment.first as usize
    }

    #[inline(always)]
    fn python(&self, depth: usize) -> Python {
        let stack = match depth {
            0 => StackId::NONE,
            // SAFETY: so many frames are in use.
            depth => unsafe { (*self.frames.add(depth - 1)).stack },
        };
        Python {
            depth,
            stack,
            frames: self.frames,
            state: self.state,
            entry: self.entry,
        }
    }

    #[inline(always)]
    fn may_leave(&self, depth: usize) -> bool {
        match L::RUNS {
            layout::Runs::Shims | layout::Runs::CFrames { .. } => depth < self.depth,
            layout::Runs::CFrameEach { .. } | layout::Runs::Code => depth + 1 == self.depth,
        }
    }

    fn pin(&self, trunk: &mut Trunk, index: usize, link: &mut usize) -> Option<()> {
        // SAFETY: frames up to the depth are in use, and the links are the thread's own chain.
        unsafe {
            match L::RUNS {
                layout::Runs::Shims => trunk.push(self.frame(index).address_word())?,
                layout::Runs::CFrames { previous, .. }
                | layout::Runs::CFrameEach { previous, .. } => {
                    let word = Word::at(*link + previous);
                    trunk.push(word)?;
                    *link = word.value;
                    if let Some(offset) = L::CFRAME_FRAME
                        && !is_root(*link, self.state)
                    {
                        trunk.push(Word::at(*link + offset))?;
                        trunk.push(self.frame(index.checked_sub(1)?).address_word())?;
                    }
                }
                layout::Runs::Code => {}
            }
            if index > 0 {
                trunk.push(self.frame(index - 1).stack_word())?;
            }
        }
        Some(())
    }
}

/// Reads a word of an interpreter structure.
///
/// # Safety
///
/// It must be there.
#[inline(always)]
unsafe fn load(address: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { (address as *const usize).read_volatile() }
}
