//! What ties a run of Python frames to the native frame that runs it.
//!
//! From 3.12 on each run begins with a frame that the evaluation function keeps on the native
//! stack. Before, it kept a `_PyCFrame` there, which knows the innermost frame of its run; to 3.10
//! a run is one frame. 3.9 keeps nothing: there the evaluation function is known by its code.

use super::frame::Frame as NativeFrame;
use super::word::load;
use super::{module, table};
use crate::elf;
use crate::memory::Array;
use crate::python::layout::{Layout, Runs};
use crate::stack::python::Frame;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Chained `_PyCFrame`s beyond this count are not looked at.
const LIMIT: usize = 1 << 16;

#[derive(Clone, Copy, Debug)]
struct Anchor {
    address: usize,
    /// The innermost frame of the run; 0 where that is not known.
    last: usize,
}

/// The anchors of the present runs, where they are not frames themselves: innermost first.
#[derive(Debug)]
pub struct Anchors {
    items: Array<Anchor>,
    count: usize,
    ambiguous: bool,
}

/// More than any version's `PyThreadState` has, in bytes.
const STATE: usize = 2048;

/// Whether a link of the chain is the last one, which is part of the thread's state. What stands in
/// it is not always set: 3.10 leaves there what was in the memory before.
#[inline(always)]
pub fn is_root(link: usize, state: usize) -> bool {
    link == 0 || link.wrapping_sub(state) < STATE
}

/// The code of the evaluation function, for 3.9.
static EVALUATION_START: AtomicUsize = AtomicUsize::new(0);
static EVALUATION_END: AtomicUsize = AtomicUsize::new(0);

impl Anchors {
    /// None.
    pub const fn new() -> Self {
        Self {
            items: Array::empty(),
            count: 0,
            ambiguous: false,
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.items.release();
        self.count = 0;
    }

    /// Finds the anchors of a thread's present frames.
    ///
    /// # Safety
    ///
    /// `state` must be zero or the state of this thread, and `frames` hold its `python_depth`
    /// frames.
    #[inline(always)]
    pub unsafe fn find<L: Layout>(
        &mut self,
        state: usize,
        natives: &[NativeFrame],
        frames: *const Frame,
        python_depth: usize,
    ) {
        match L::RUNS {
            Runs::Shims => {}
            Runs::CFrames { thread, previous } | Runs::CFrameEach { thread, previous } => {
                let last = L::CFRAME_FRAME;
                // SAFETY: the caller's promise: the chain is the thread's own.
                unsafe { self.follow(state, thread, previous, last) };
                if last.is_some() {
                    self.drop_empty(frames, python_depth);
                }
            }
            Runs::Code => self.by_code(natives, python_depth),
        }
    }

    /// Follows the chain; its last link is part of the thread's state, and no anchor.
    ///
    /// # Safety
    ///
    /// As for [`Anchors::find`].
    #[inline(always)]
    unsafe fn follow(&mut self, state: usize, thread: usize, previous: usize, last: Option<usize>) {
        self.count = 0;
        if state == 0 {
            return;
        }
        // SAFETY: the caller's promise.
        unsafe {
            let mut address = load(state + thread);
            while !is_root(address, state) && self.count < LIMIT {
                let next = load(address + previous);
                let last = last.map_or(0, |offset| load(address + offset));
                self.push(Anchor { address, last });
                address = next;
            }
        }
    }

    /// Drops links at the outer end that run nothing: those of a greenlet end with one which
    /// stands on the greenlet's own stack, and knows a frame of another one.
    #[inline(always)]
    fn drop_empty(&mut self, frames: *const Frame, depth: usize) {
        while let Some(outermost) = self.get(0) {
            // SAFETY: so many Python frames are in use.
            let is_outer = |index: usize| unsafe { (*frames.add(index)).address == outermost.last };
            if (0..depth).any(is_outer) {
                return;
            }
            self.count -= 1;
        }
    }

    /// Whether there are more frames that could run Python than Python frames.
    pub fn are_ambiguous(&self) -> bool {
        self.ambiguous
    }

    fn by_code(&mut self, natives: &[NativeFrame], python_depth: usize) {
        (self.count, self.ambiguous) = (0, false);
        let (start, length) = evaluation();
        for frame in natives.iter().rev() {
            if frame.ip.wrapping_sub(start) < length {
                if self.count == python_depth {
                    self.ambiguous = true;
                    return;
                }
                self.push(Anchor {
                    address: frame.sp,
                    last: 0,
                });
            }
        }
    }

    #[inline(always)]
    fn push(&mut self, anchor: Anchor) {
        if self.count >= self.items.capacity() && !self.items.grow_to((self.count * 2).max(64)) {
            return;
        }
        // SAFETY: there is room for one more.
        unsafe { self.items.items().add(self.count).write(anchor) };
        self.count += 1;
    }

    /// The anchor of a number, outermost first.
    #[inline(always)]
    fn get(&self, number: usize) -> Option<Anchor> {
        let index = self.count.checked_sub(number + 1)?;
        // SAFETY: so many are in use.
        Some(unsafe { *self.items.items().add(index) })
    }

    /// The anchor of run `number`, if it begins at the Python frame at `index`.
    ///
    /// # Safety
    ///
    /// `frames` must hold `depth` live frames, and `index` be below that.
    #[inline(always)]
    pub unsafe fn at<L: Layout>(
        &self,
        frames: *const Frame,
        index: usize,
        depth: usize,
        number: usize,
    ) -> Option<usize> {
        // SAFETY: the caller's promise; indices below `index` are in use as well.
        let address = |index: usize| unsafe { (*frames.add(index)).address };
        match L::RUNS {
            Runs::Shims => {
                // SAFETY: a live frame.
                let is_shim = |index: usize| unsafe { is_shim::<L>(address(index)) };
                // the outermost frame of 3.15 is a part of the thread's state
                let is_base = index == 0 && depth > 1 && is_shim(1);
                (is_shim(index) && !is_base).then(|| address(index))
            }
            Runs::CFrames { .. } => {
                if index > 0 {
                    let before = self.get(number.checked_sub(1)?)?;
                    if address(index - 1) != before.last {
                        return None;
                    }
                }
                self.get(number).map(|anchor| anchor.address)
            }
            Runs::CFrameEach { .. } | Runs::Code => {
                // counted from the innermost one: greenlets have a link more at the outer end
                let number = depth.checked_sub(index + 1)?;
                let is_known = number < self.count;
                // SAFETY: so many are in use.
                is_known.then(|| unsafe { (*self.items.items().add(number)).address })
            }
        }
    }
}

/// Whether a frame is the one that a run begins with, where anchors are frames.
///
/// # Safety
///
/// It must be live.
#[inline(always)]
pub unsafe fn is_shim<L: Layout>(frame: usize) -> bool {
    // SAFETY: the caller's promise: a live frame has an owner.
    unsafe { ((frame + L::FRAME_OWNER) as *const u8).read() >= 3 }
}

/// The innermost anchor above an address of the stack, where anchors are frames.
///
/// # Safety
///
/// `frames` must hold `depth` live frames.
pub unsafe fn above<L: Layout>(frames: *const Frame, depth: usize, sp: usize) -> Option<usize> {
    // SAFETY: so many are in use.
    let all = (0..depth).map(|index| unsafe { (*frames.add(index)).address });
    // SAFETY: the caller's promise.
    let is_anchor = |&address: &usize| address >= sp && unsafe { is_shim::<L>(address) };
    all.filter(is_anchor).min()
}

/// Where the code of the evaluation function begins, and how many bytes it has: none if nobody knows.
#[inline(always)]
pub fn evaluation() -> (usize, usize) {
    if EVALUATION_END.load(Ordering::Relaxed) == 0 {
        look_up_evaluation();
    }
    let start = EVALUATION_START.load(Ordering::Relaxed);
    (start, EVALUATION_END.load(Ordering::Relaxed) - start)
}

#[cold]
fn look_up_evaluation() {
    let extent = elf::find(c"_PyEval_EvalFrameDefault")
        .and_then(|address| table::function(&module::find(address)?, address));
    let (start, end) = extent.unwrap_or((1, 1));
    EVALUATION_START.store(start, Ordering::Relaxed);
    EVALUATION_END.store(end, Ordering::Relaxed);
}
