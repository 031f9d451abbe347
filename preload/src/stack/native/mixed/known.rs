//! What a thread that runs an interpreter knows of its stacks: sites, and what is behind them.

use super::Run;
use super::outer::{Outer, extend};
use super::whole::{Cuts, Whole};
use crate::python::layout::Layout;
use crate::stack::Stacks;
use crate::stack::intern::Tree;
use crate::stack::marks::Marks;
use crate::stack::native::frame::Frame;
use crate::stack::native::inner::Inner;
use crate::stack::native::made::{Made, Parts};
use crate::stack::native::run::{self, Innermost};
use crate::stack::native::savings::Savings;
use crate::stack::native::segment::Key;
use crate::stack::native::site::Sites;
use crate::stack::native::trunk::{Python, Trunk, Trunks};
use crate::stack::native::{At, enter, keeps, rule};
use crate::stack::python::Frame as PythonFrame;
use crate::thread::Thread;
use memprof_wire::units::StackId;

/// Keeping a trunk costs as much as so many events.
const TRUNK_PRICE: u64 = 8;
/// Native frames that are gone through in the time of an event, about.
const FRAMES_OF_AN_EVENT: usize = 32;
/// Native frames of a stack that is kept.
const MOST_FRAMES: usize = 4096;
/// No generation of the rules.
const NONE: usize = usize::MAX;

/// What a thread knows of its stacks.
#[derive(Debug)]
pub struct Known {
    sites: Sites,
    pub(super) trunks: Trunks,
    cuts: Cuts,
    pub(super) outer: Outer,
    /// What trunks made with the Python frames of the run behind them.
    made: Made,
    inner: Inner,
    /// What the stacks of the inner frames stand on.
    base: StackId,
    /// Where the innermost run began the last time.
    first: usize,
    savings: Savings,
    /// Of the rules by which all this was found; [`NONE`] where there is nothing.
    generation: usize,
}

impl Known {
    /// Nothing, without memory.
    pub const fn new() -> Self {
        Self {
            sites: Sites::new(),
            trunks: Trunks::new(),
            cuts: Cuts::new(),
            outer: Outer::new(),
            made: Made::new(),
            inner: Inner::new(),
            base: StackId::NONE,
            first: 0,
            savings: Savings::new(),
            generation: NONE,
        }
    }

    /// Gives the memory back.
    pub fn clear(&mut self) {
        self.sites.clear();
        self.trunks.clear();
        self.cuts.release();
        self.outer.clear();
        self.made.clear();
        self.inner.clear();
        self.base = StackId::NONE;
        self.generation = NONE;
    }

    /// Forgets what may have changed its meaning. False without memory.
    fn begin(&mut self) -> bool {
        if self.is_valid() {
            return true;
        }
        self.clear();
        if !(keeps() && self.sites.begin() && self.trunks.begin() && self.made.begin()) {
            self.clear();
            return false;
        }
        self.generation = rule::generation();
        true
    }

    /// Whether anything is known here that still means what it did.
    #[inline(always)]
    fn is_valid(&self) -> bool {
        self.generation == rule::generation()
    }

    /// The stack of what begins at a frame, if it is a site that is known.
    ///
    /// # Safety
    ///
    /// `key` must be the frame that called the hook, and `python` all that there is.
    #[inline(always)]
    pub unsafe fn at_site<L: Layout>(
        &mut self,
        key: Key,
        python: Python,
        marks: &Marks,
    ) -> Option<StackId> {
        if !self.is_valid() {
            return None;
        }
        // SAFETY: the caller's promise; there is room where anything is known, and sites and trunks
        // are given back together.
        unsafe { self.sites.find::<L>(key, python, marks) }
    }

    /// Walks to the frame that called that of the innermost run. Tells its trunk, if it is known, the
    /// first Python frame of the run, and how many of the inner frames are what they were. The outermost of the
    /// others will be looked up in `tree`.
    ///
    /// # Safety
    ///
    /// As for [`find`].
    #[inline(always)]
    unsafe fn reach<L: Layout>(
        &mut self,
        tree: &Tree,
        marks: &Marks,
        at: At,
        python: Python,
    ) -> Option<(Option<*const Trunk>, usize, usize)> {
        let Python {
            depth,
            frames,
            state,
            entry,
            ..
        } = python;
        // SAFETY: the caller's promise. The frames from the first one to the one outside were
        // walked, so that one is live, and what is outside of the run ran it.
        unsafe {
            let Innermost { boundary, first } =
                run::innermost::<L>(state, entry, frames, depth, self.first)?;
            self.first = first;
            let unchanged = self.inner.walk(at, boundary)?;
            if unchanged > 1 {
                tree.foresee(self.inner.frames()[unchanged - 1].stack);
            }
            let outside = python.outside(first);
            let found = self.trunks.find::<L>(self.inner.outer(), outside, marks);
            Some((found, first, unchanged))
        }
    }

    /// Keeps what is further out than the innermost run of a stack that was just put together: all
    /// its native frames, the first standing for what is outside, where Python ran, and the stack
    /// of the run's caller. `None` if it cannot be told by words.
    ///
    /// # Safety
    ///
    /// All of these frames must be live, and `python` be all that there is.
    pub unsafe fn keep<L: Layout>(
        &mut self,
        natives: &[Frame],
        runs: &[Run],
        python: Python,
        marks: &Marks,
        position: u64,
    ) -> Option<()> {
        let price = TRUNK_PRICE.max((natives.len() / FRAMES_OF_AN_EVENT) as u64);
        if self.trunks.are_used_up() {
            self.clear();
        }
        if natives.len() > MOST_FRAMES || !self.begin() || !self.savings.pay(price, position) {
            return None;
        }
        let whole = Whole {
            natives,
            runs,
            python,
            is_part: false,
        };
        // SAFETY: the caller's promise.
        unsafe { whole.keep::<L>(&mut self.cuts, &mut self.trunks, marks) }
    }
}

/// The stack of the calling thread, if what is further out than its innermost run is known.
///
/// # Safety
///
/// `at` must be the frame that called the hook, and `python` all that there is, of which there must be
/// something.
#[inline(never)]
pub unsafe fn find<L: Layout>(thread: &mut Thread, at: At, python: Python) -> Option<StackId> {
    let Stacks {
        tree,
        native,
        marks,
        ..
    } = &mut thread.stacks;
    let known = &mut native.mixed.known;
    if !known.is_valid() {
        return None;
    }
    // SAFETY: the caller's promise.
    let (trunk, first, unchanged) = unsafe { known.reach::<L>(tree, marks, at, python) }?;
    let outer = known.inner.outer();
    // SAFETY: that frame was just walked to, and is live.
    let Some(trunk) =
        trunk.or_else(|| unsafe { extend::<L>(thread, outer, python.outside(first)) })
    else {
        thread.stacks.native.mixed.known.inner.forget();
        return None;
    };
    // SAFETY: it was just found, and stays where it is.
    let (serial, base) = unsafe { ((*trunk).serial(), (*trunk).stack()) };
    let base = run(thread, serial, base, first, python);
    let known = &mut thread.stacks.native.mixed.known;
    let same_base = known.base == base;
    known.base = base;
    let mut stack = base;
    let mut index = 1;
    if same_base && unchanged > 1 {
        index = unchanged;
        stack = known.inner.frames()[index - 1].stack;
    }
    for index in index..known.inner.frames().len() {
        stack = enter_inner(thread, index, stack);
    }
    let known = &mut thread.stacks.native.mixed.known;
    if known.sites.is_missed_again(stack)
        && let Some(way) = known.inner.way()
    {
        // SAFETY: the caller's promise; all were just found.
        unsafe { known.sites.keep(at.key(), way, trunk, python, stack) };
    }
    Some(stack)
}

/// Looks the stack of the inner frame at `index` up, given that of its caller, and keeps it.
#[inline(always)]
fn enter_inner(thread: &mut Thread, index: usize, caller: StackId) -> StackId {
    let ip = thread.stacks.native.mixed.known.inner.frames()[index]
        .key
        .ip;
    let stack = enter::native_frame(thread, caller, ip);
    thread.stacks.native.mixed.known.inner.frames()[index].stack = stack;
    stack
}

/// The stack of a run that begins at the Python frame `first`, behind the trunk of this number, which
/// makes the stack `base`.
#[inline(always)]
pub(super) fn run(
    thread: &mut Thread,
    serial: u32,
    base: StackId,
    first: usize,
    python: Python,
) -> StackId {
    let with = |index: usize| {
        let frames: *const PythonFrame = python.frames;
        // SAFETY: asked for indices below the depth.
        let python = unsafe { (*frames.add(index)).stack };
        Parts {
            serial,
            stack: python,
        }
    };
    let (mut index, mut stack) = (python.depth, base);
    while index > first {
        if let Some(known) = thread.stacks.native.mixed.known.made.find(with(index - 1)) {
            stack = known;
            break;
        }
        index -= 1;
    }
    for index in index..python.depth {
        stack = enter::python_frame(thread, index, stack);
        let made = &mut thread.stacks.native.mixed.known.made;
        made.keep(with(index), stack);
    }
    stack
}
