//! What a stack that was just put together has in common with others, kept as a chain of trunks.

use super::Run;
use crate::memory::Array;
use crate::python::layout::Layout;
use crate::stack::marks::{self, Marks};
use crate::stack::native::frame::Frame;
use crate::stack::native::run;
use crate::stack::native::trail::{Lead, Trail};
use crate::stack::native::trunk::{Link, Python, Trunk, Trunks};

/// The chain is cut at every so many native frames, counted from the outermost one: so a trunk has room
/// for their words, and what is further in moves no cut.
const STRETCH: usize = 32;
/// Trunks of a chain. A stack that takes more is put together each time.
const CUTS: usize = 128;

/// A whole stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole<'a> {
    /// All native frames, the first standing for what is outside.
    pub natives: &'a [Frame],
    /// Where Python ran.
    pub runs: &'a [Run],
    pub python: Python,
    /// Whether it is only what leads to a trunk that is known.
    pub is_part: bool,
}

/// Where a trunk begins: outside of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// The index of the run.
    pub run: usize,
    /// The index of the native frame that it begins at: the run's caller, or one further out that is
    /// still further in than the next run, or that runs it.
    pub behind: usize,
    /// What there is of Python there.
    pub python: Python,
}

/// Where the trunks of a chain begin, innermost first.
#[derive(Debug)]
pub(super) struct Cuts {
    items: Array<Cut>,
    count: usize,
}

impl Cuts {
    /// None, without memory.
    pub const fn new() -> Self {
        Self {
            items: Array::empty(),
            count: 0,
        }
    }

    /// Gives the memory back.
    pub fn release(&mut self) {
        self.items.release();
        self.count = 0;
    }

    fn all(&mut self) -> &[Cut] {
        self.items.first(self.count)
    }

    fn push(&mut self, cut: Cut) -> Option<()> {
        if self.count >= self.items.capacity() && (self.count >= CUTS || !self.items.grow_to(CUTS))
        {
            return None;
        }
        // SAFETY: there is room for one more.
        unsafe { self.items.items().add(self.count).write(cut) };
        self.count += 1;
        Some(())
    }
}

impl Whole<'_> {
    /// Keeps what is further out than the innermost run. `None` if it cannot be told by words.
    ///
    /// # Safety
    ///
    /// All frames must be live, there must be room for trunks, and those that are there be of the
    /// present generation of the rules.
    pub unsafe fn keep<L: Layout>(
        &self,
        cuts: &mut Cuts,
        trunks: &mut Trunks,
        marks: &Marks,
    ) -> Option<()> {
        let innermost = self.runs.len().checked_sub(1)?;
        let mut python = self.python;
        cuts.count = 0;
        let mut further = None;
        'runs: for run in (0..self.runs.len()).rev() {
            let Some(caller) = self.runs[run].native.checked_sub(1).filter(|&at| at > 0) else {
                break;
            };
            let next = run.checked_sub(1).map_or(0, |next| self.runs[next].native);
            // SAFETY: so many Python frames are in use; the links are the thread's own chain.
            let outside = unsafe { python.outside(self.runs[run].first) };
            // SAFETY: as above.
            python.entry = unsafe { run::next::<L>(python.entry, python.state)? };
            for behind in (next.max(1)..=caller).rev() {
                let is_first = run == innermost && behind == caller;
                let is_mark = behind == caller && marks::may_be_at::<L>(outside.depth);
                if !(is_first || is_mark || behind.is_multiple_of(STRETCH)) {
                    continue;
                }
                let cut = Cut {
                    run,
                    behind,
                    python: outside,
                };
                let key = self.natives[behind].key();
                // SAFETY: the frame is live, and that is what there is of Python at it.
                let found = unsafe { trunks.find::<L>(key, outside, marks) };
                if let Some(trunk) = found.filter(|_| !is_first) {
                    // SAFETY: it was just found.
                    further = Some((cut, unsafe { Link::to(trunk) }));
                    break 'runs;
                }
                cuts.push(cut)?;
            }
        }
        for cut in cuts.all().iter().rev() {
            // SAFETY: the caller's promise.
            let link = unsafe { self.keep_trunk::<L>(trunks, marks, cut, further)? };
            further = Some((*cut, link));
        }
        Some(())
    }

    /// Keeps what is further out than a cut, up to the next one, whose trunk is known. `None` if it
    /// cannot be told by words.
    ///
    /// # Safety
    ///
    /// As for [`Whole::keep`].
    pub unsafe fn keep_trunk<L: Layout>(
        &self,
        trunks: &mut Trunks,
        marks: &Marks,
        cut: &Cut,
        further: Option<(Cut, Link)>,
    ) -> Option<Link> {
        let Cut {
            run,
            behind,
            python,
        } = *cut;
        let key = self.natives[behind].key();
        // what leads to the caller of the outermost run is still the run's own
        let is_outside = further.is_none_or(|(next, _)| {
            next.python.depth == 0 && next.behind + 1 < self.runs[next.run].native
        });
        let trunk = trunks.make_room(key, python, is_outside || python.depth == 0)?;
        let (end, others) = match &further {
            None => (0, 0..run),
            // the next one tells of its own run
            Some((next, _)) => (next.behind, (next.run + 1).min(run)..run),
        };
        let mut link = python.entry;
        let mut pin = |trunk: &mut Trunk, run: &Run| {
            // SAFETY: the caller's promise; the links are the thread's own chain.
            unsafe { run::pin::<L>(trunk, python.state, python.frames, run.first, &mut link) }
        };
        pin(trunk, &self.runs[run])?;
        let mut trail = Trail::default();
        let others = self.runs[others].iter().rev();
        let mut others = others.filter(|run| run.native > 0).peekable();
        for index in (end + 1..=behind).rev() {
            trail.step(
                &self.natives[index],
                &self.natives[index - 1],
                |lead| match lead {
                    Lead::Base => {
                        trunk.rely_on_base(key.bp);
                        Some(())
                    }
                    Lead::SavedBase(word) | Lead::Return(word) => trunk.push(word),
                },
            )?;
            if let Some(run) = others.next_if(|run| run.native == index) {
                pin(trunk, run)?;
            }
        }
        if others.next().is_some() {
            return None;
        }
        if let Some((_, next)) = further {
            // SAFETY: the trunks are where they were.
            unsafe {
                trunk.go_on(next, trail.base_slot(), key.bp)?;
                if self.is_part {
                    trunk.take_over::<L>(marks);
                }
            };
        }
        trunk.complete(key, self.natives[behind].stack)?;
        let kept = &raw const *trunk;
        // SAFETY: it is one of these.
        Some(unsafe { Link::to(kept) })
    }
}
