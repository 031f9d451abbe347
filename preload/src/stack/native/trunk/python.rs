//! What a trunk has to know of the interpreter.

use crate::stack::python::Frame;
use memprof_wire::units::StackId;

/// What there is of an interpreter, up to some frame.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Python {
    /// How many frames there are.
    pub depth: usize,
    /// Where this library keeps them.
    pub frames: *const Frame,
    /// The interpreter's state of the thread.
    pub state: usize,
    /// The interpreter's link to its innermost run, where it has such links.
    pub entry: usize,
    /// The stack that the frames make alone.
    pub stack: StackId,
}

impl Python {
    /// No interpreter, or no frames of it.
    pub const NONE: Self = Self {
        depth: 0,
        frames: core::ptr::null(),
        state: 0,
        entry: 0,
        stack: StackId::NONE,
    };

    /// What there is of it outside of the frame at `index`.
    ///
    /// # Safety
    ///
    /// So many frames must be in use.
    #[inline(always)]
    pub unsafe fn outside(self, index: usize) -> Self {
        let stack = match index {
            0 => StackId::NONE,
            // SAFETY: the caller's promise.
            index => unsafe { (*self.frames.add(index - 1)).stack },
        };
        Self {
            depth: index,
            stack,
            ..self
        }
    }
}
