//! Setting the hooks for the interpreter that was found, and saying what cannot be known of it.

use super::domain::{Domain, Functions, Mem, Obj, Raw};
use super::interpreter::{Interpreter, Known, Mixed, READ_TYPES, Unknown};
use super::{again, calloc, choice, free, free_watching_code, malloc, realloc};
use crate::guard::Guard;
use crate::python::layout::{Layout, with_layout};
use crate::python::{self, Support, types};
use crate::stack::native;
use crate::thread::Thread;
use crate::{census, elf, session};
use core::ffi::CStr;
use core::sync::atomic::{AtomicBool, Ordering};
use memprof_wire::event::{Event, Note};
use memprof_wire::session::option;

static INSTALLED: AtomicBool = AtomicBool::new(false);

/// `PyMem_GetAllocator` or `PyMem_SetAllocator`.
pub(super) type Accessor = unsafe extern "C" fn(i32, *mut Functions);

pub(super) fn accessor(name: &CStr) -> Option<Accessor> {
    // SAFETY: both PyMem_GetAllocator and PyMem_SetAllocator have this type.
    elf::find(name).map(|address| unsafe { core::mem::transmute::<usize, Accessor>(address) })
}

/// Sets the hooks if an interpreter is loaded and none are set yet. Returns whether it did.
pub fn install_if_loaded() -> bool {
    if session::page().is_none() || INSTALLED.load(Ordering::Acquire) {
        return false;
    }
    let found = elf::held(|| {
        let get = accessor(c"PyMem_GetAllocator")?;
        Some((get, accessor(c"PyMem_SetAllocator")?, python::find()?))
    });
    let Some((get, set, support)) = found else {
        return false;
    };
    if INSTALLED.swap(true, Ordering::AcqRel) {
        return false;
    }
    let allocator = choice::name(get);
    announce(support, allocator);
    let all = session::wants(option::PYTHON_ALLOCATORS);
    let read_types = all
        && python::family().is_some()
        && session::wants(option::TYPES)
        && types::prepare(allocator.to_bytes());
    READ_TYPES.store(read_types, Ordering::Relaxed);
    if read_types {
        prepare_census(allocator);
    }
    install(get, set, all);
    again::find_slot();
    true
}

/// Sets the hooks for the interpreter that was found.
pub(super) fn install(get: Accessor, set: Accessor, all: bool) {
    match python::family() {
        Some(family) => with_layout!(family, L => set_known::<L>(get, set, all)),
        None if all => set_all::<Unknown>(get, set, all),
        None => {}
    }
}

/// Begins to watch where blocks are, so that there can be a census; says so if there cannot.
fn prepare_census(allocator: &CStr) {
    let allocator = allocator.to_bytes();
    let is_possible = python::family()
        .is_some_and(|family| with_layout!(family, L => census::prepare::<L>(allocator)));
    if !is_possible
        && let Some(guard) = Guard::enter()
        && let Some(thread) = Thread::ready(&guard)
    {
        thread.event(&Event::Note(Note::NoCensus));
    }
}

fn set_known<L: Layout>(get: Accessor, set: Accessor, all: bool) {
    if native::wanted() {
        set_all::<Mixed<L>>(get, set, all);
    } else {
        set_all::<Known<L>>(get, set, all);
    }
}

fn set_all<I: Interpreter>(get: Accessor, set: Accessor, all: bool) {
    if all {
        set_one::<I, Raw>(get, set);
        set_one::<I, Mem>(get, set);
        set_one::<I, Obj>(get, set);
        return;
    }
    change::<Obj>(
        get,
        set,
        |below| Functions {
            free: free_watching_code,
            ..below
        },
        true,
    );
}

fn set_one<I: Interpreter, D: Domain>(get: Accessor, set: Accessor) {
    let hooks = Functions {
        context: core::ptr::null_mut(),
        malloc: malloc::<I, D>,
        calloc: calloc::<I, D>,
        realloc: realloc::<I, D>,
        free: free::<I, D>,
    };
    change::<D>(get, set, |_| hooks, false);
}

/// Replaces the functions of a domain. With `shared` the unchanged ones keep their own context,
/// which the changed one takes from what is kept below.
fn change<D: Domain>(
    get: Accessor,
    set: Accessor,
    hooks: impl Fn(Functions) -> Functions,
    shared: bool,
) {
    let mut functions = core::mem::MaybeUninit::<Functions>::uninit();
    // SAFETY: the interpreter fills the five words in, and copies the five it is given.
    unsafe {
        get(D::NUMBER, functions.as_mut_ptr());
        let below = functions.assume_init();
        if below.free as usize == hooks(below).free as usize {
            return;
        }
        *D::below().0.get() = Some(below);
        let mut hooks = hooks(below);
        if shared {
            hooks.context = below.context;
        }
        set(D::NUMBER, &raw mut hooks);
    }
}

/// Records which interpreter this is, and what cannot be known of it.
fn announce(support: Support, allocator: &CStr) {
    let Some(guard) = Guard::enter() else { return };
    let Some(thread) = Thread::ready(&guard) else {
        return;
    };
    thread.event(&Event::Interpreter {
        version: python::found_version(),
        stacks: support == Support::Stacks,
        allocator: allocator.to_bytes(),
    });
    if crate::raw::thread() == session::process() {
        thread.note_python_name(b"MainThread");
    }
    match support {
        Support::Stacks => {}
        Support::UnknownVersion => thread.event(&Event::Note(Note::UnknownInterpreter)),
        Support::FreeThreaded => thread.event(&Event::Note(Note::FreeThreadedInterpreter)),
    }
}
