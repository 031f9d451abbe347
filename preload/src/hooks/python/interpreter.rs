//! What a hook asks of the interpreter that called it, by the layout of its version.

use super::domain::Domain;
use crate::caller::Caller;
use crate::python::layout::Layout;
use crate::python::types;
use crate::stack::native;
use crate::stack::python::{capture, capture_with_lock};
use crate::thread::Thread;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, Ordering};
use memprof_wire::units::{StackId, TypeId};

/// How stacks are found: by the layout of a version, or not at all.
pub(super) trait Interpreter {
    /// The stack of the calling thread, whose hook was called by `caller`.
    fn stack<D: Domain>(thread: &mut Thread, caller: Caller) -> StackId;

    /// Whether a stack that was found has no frame of Python code.
    fn runs_no_code(thread: &Thread, stack: StackId) -> bool;

    /// The type of the object that dies in a block of the object domain, if types are read. Forgets
    /// it if it is a code object.
    fn dying(thread: &mut Thread, block: usize) -> Option<TypeId>;
}

/// A version whose structures are known.
pub(super) struct Known<L>(PhantomData<L>);
/// Any other.
pub(super) struct Unknown;

impl<L: Layout> Interpreter for Known<L> {
    #[inline(always)]
    fn stack<D: Domain>(thread: &mut Thread, caller: Caller) -> StackId {
        if D::LOCKED {
            capture_with_lock::<L>(thread)
        } else {
            capture(thread, caller)
        }
    }

    #[inline(always)]
    fn runs_no_code(_: &Thread, stack: StackId) -> bool {
        stack == StackId::NONE
    }

    #[inline(always)]
    fn dying(thread: &mut Thread, block: usize) -> Option<TypeId> {
        // SAFETY: the interpreter gives back a block of the object domain, with the lock held.
        unsafe {
            if !READ_TYPES.load(Ordering::Relaxed) {
                types::forget_code(block);
                return None;
            }
            Some(types::of_dying::<L>(thread, block))
        }
    }
}

/// As [`Known`], and the native frames too.
pub(super) struct Mixed<L>(PhantomData<L>);

impl<L: Layout> Interpreter for Mixed<L> {
    #[inline(always)]
    fn stack<D: Domain>(thread: &mut Thread, caller: Caller) -> StackId {
        if D::LOCKED {
            native::mixed::capture_with_lock::<L>(thread, caller)
        } else {
            native::mixed::capture(thread, caller.into())
        }
    }

    #[inline(always)]
    fn runs_no_code(thread: &Thread, _: StackId) -> bool {
        // versions that have one frame of their own at the outer end have it here, too
        thread.stacks.depth() <= 1
    }

    #[inline(always)]
    fn dying(thread: &mut Thread, block: usize) -> Option<TypeId> {
        Known::<L>::dying(thread, block)
    }
}

impl Interpreter for Unknown {
    fn stack<D: Domain>(thread: &mut Thread, caller: Caller) -> StackId {
        capture(thread, caller)
    }

    fn runs_no_code(_: &Thread, _: StackId) -> bool {
        false
    }

    fn dying(_: &mut Thread, block: usize) -> Option<TypeId> {
        // SAFETY: as above.
        unsafe { types::forget_code(block) };
        None
    }
}

/// Whether the types of dying objects are recorded.
pub(super) static READ_TYPES: AtomicBool = AtomicBool::new(false);
