//! What a thread that runs an interpreter knows of its stacks: sites, and what is behind them.

use super::Run;
use crate::python::layout::Layout;
use crate::stack::Stacks;
use crate::stack::intern::Tree;
use crate::stack::native::frame::Frame;
use crate::stack::native::inner::Inner;
use crate::stack::native::made::{Made, Parts};
use crate::stack::native::run::{self, Innermost};
use crate::stack::native::savings::Savings;
use crate::stack::native::segment::Key;
use crate::stack::native::site::Sites;
use crate::stack::native::trail::{Lead, Trail};
use crate::stack::native::trunk::{Python, Trunk, Trunks};
use crate::stack::native::{At, enter, keeps, rule};
use crate::stack::python::Frame as PythonFrame;
use crate::thread::Thread;
use memprof_wire::units::StackId;

/// Keeping a trunk costs as much as so many events.
const TRUNK_PRICE: u64 = 8;
/// No generation of the rules.
const NONE: usize = usize::MAX;

/// What a thread knows of its stacks.
#[derive(Debug)]
pub struct Known {
    sites: Sites,
    trunks: Trunks,
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
    pub unsafe fn at_site(&self, key: Key, python: Python) -> Option<StackId> {
        if !self.is_valid() {
            return None;
        }
        // SAFETY: the caller's promise; there is room where anything is known, and sites and trunks
        // are given back together.
        unsafe { self.sites.find(key, python) }
    }

    /// Walks to the frame that called that of the innermost run. Tells its trunk, the first Python
    /// frame of the run, and how many of the inner frames are what they were. The outermost of the
    /// others will be looked up in `tree`.
    ///
    /// # Safety
    ///
    /// As for [`find`].
    #[inline(always)]
    unsafe fn reach<L: Layout>(
        &mut self,
        tree: &Tree,
        at: At,
        python: Python,
    ) -> Option<(*const Trunk, usize, usize)> {
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
            let found = self.trunks.find(self.inner.outer(), python.outside(first));
            if found.is_none() {
                self.inner.forget();
            }
            Some((found?, first, unchanged))
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
        position: u64,
    ) -> Option<()> {
        let (innermost, others) = runs.split_last()?;
        let behind = innermost.native.checked_sub(1).filter(|&index| index > 0)?;
        if !self.begin() || !self.savings.pay(TRUNK_PRICE, position) {
            return None;
        }
        let frames = python.frames;
        // SAFETY: as many as that are in use.
        let outside = unsafe { python.outside(innermost.first) };
        let key = natives[behind].key();
        let stack = natives[behind].stack;
        let trunk = self.trunks.make_room(key, outside)?;
        let mut link = python.entry;
        // SAFETY: the caller's promise; the links are the thread's own chain.
        unsafe { run::pin::<L>(trunk, python.state, frames, innermost.first, &mut link)? };
        let mut trail = Trail::default();
        let mut others = others.iter().rev().filter(|run| run.native > 0).peekable();
        for index in (1..=behind).rev() {
            trail.step(&natives[index], &natives[index - 1], |lead| match lead {
                Lead::Base => {
                    trunk.rely_on_base(key.bp);
                    Some(())
                }
                Lead::SavedBase(word) | Lead::Return(word) => trunk.push(word),
            })?;
            if let Some(run) = others.next_if(|run| run.native == index) {
                // SAFETY: as above.
                unsafe { run::pin::<L>(trunk, python.state, frames, run.first, &mut link)? };
            }
        }
        if others.next().is_some() {
            return None;
        }
        trunk.complete(key, stack)
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
    let Stacks { tree, native, .. } = &mut thread.stacks;
    let known = &mut native.mixed.known;
    if !known.is_valid() {
        return None;
    }
    // SAFETY: the caller's promise.
    let (trunk, first, unchanged) = unsafe { known.reach::<L>(tree, at, python) }?;
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
        unsafe { known.sites.keep(at.key(), way, &*trunk, python, stack) };
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
fn run(thread: &mut Thread, serial: u32, base: StackId, first: usize, python: Python) -> StackId {
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
