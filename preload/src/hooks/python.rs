//! CPython's allocators: `PyMem_SetAllocator` puts these hooks in front of all three domains.
//!
//! A request above 512 bytes goes on from the object domain to the raw one and from there to
//! `malloc`; the guard sees to it that only the outermost call is recorded.

mod again;
mod choice;
mod domain;

use crate::guard::Guard;
use crate::hooks::shutdown;
use crate::python::layout::{self, Family, Layout};
use crate::python::{self, Support, types};
use crate::stack::native;
use crate::stack::python::{capture, capture_with_lock};
use crate::thread::Thread;
use crate::{census, elf, session};
pub use again::{are_lost, reinstall_if_lost};
use core::ffi::{CStr, c_void};
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, Ordering};
use domain::{Domain, Functions, Mem, Obj, Raw};
use memprof_wire::allocator::Allocator;
use memprof_wire::event::{Event, Note};
use memprof_wire::session::option;
use memprof_wire::units::{StackId, TypeId};

static INSTALLED: AtomicBool = AtomicBool::new(false);

/// How stacks are found: by the layout of a version, or not at all.
trait Interpreter {
    fn stack<D: Domain>(thread: &mut Thread) -> StackId;

    /// Whether a stack that was found has no frame of Python code.
    fn runs_no_code(thread: &Thread, stack: StackId) -> bool;

    /// The type of the object that dies in a block of the object domain.
    fn dying(thread: &mut Thread, block: usize) -> Option<TypeId>;
}

struct Known<L>(PhantomData<L>);
struct Unknown;

impl<L: Layout> Interpreter for Known<L> {
    #[inline(always)]
    fn stack<D: Domain>(thread: &mut Thread) -> StackId {
        if D::LOCKED {
            capture_with_lock::<L>(thread)
        } else {
            capture(thread)
        }
    }

    #[inline(always)]
    fn runs_no_code(_: &Thread, stack: StackId) -> bool {
        stack == StackId::NONE
    }

    #[inline(always)]
    fn dying(thread: &mut Thread, block: usize) -> Option<TypeId> {
        if !READ_TYPES.load(Ordering::Relaxed) {
            return None;
        }
        // SAFETY: the interpreter gives back a block of the object domain, with the lock held.
        Some(unsafe { types::of_dying::<L>(thread, block) })
    }
}

/// As [`Known`], and the native frames too.
struct Mixed<L>(PhantomData<L>);

impl<L: Layout> Interpreter for Mixed<L> {
    #[inline(always)]
    fn stack<D: Domain>(thread: &mut Thread) -> StackId {
        if D::LOCKED {
            native::mixed::capture_with_lock::<L>(thread)
        } else {
            native::mixed::capture(thread)
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
    fn stack<D: Domain>(thread: &mut Thread) -> StackId {
        capture(thread)
    }

    fn runs_no_code(_: &Thread, _: StackId) -> bool {
        false
    }

    fn dying(_: &mut Thread, _: usize) -> Option<TypeId> {
        None
    }
}

/// Whether the types of dying objects are recorded.
static READ_TYPES: AtomicBool = AtomicBool::new(false);

#[inline(always)]
fn allocated<I: Interpreter, D: Domain>(
    guard: &Guard,
    block: *mut c_void,
    size: usize,
    allocator: Allocator,
) {
    if !block.is_null()
        && let Some(thread) = Thread::ready(guard)
    {
        let stack = I::stack::<D>(thread);
        if D::LOCKED && I::runs_no_code(thread, stack) {
            shutdown::look(thread, block.addr());
        }
        thread.allocation(block.addr(), size, allocator, stack);
    }
}

/// A block of the raw domain, asked for from within another one: it was too large for the
/// interpreter's own allocator.
#[cold]
fn large<D: Domain>(old: *mut c_void, new: *mut c_void) {
    if D::IS_RAW && census::is_possible() {
        if !old.is_null() {
            census::remove_large(old.addr());
        }
        if !new.is_null() {
            census::add_large(new.addr());
        }
    }
}

#[inline(always)]
fn freeing<I: Interpreter, D: Domain>(guard: &Guard, block: *mut c_void) {
    if block.is_null() {
        return;
    }
    // tables that the interpreter's allocator made for itself within a call, as for a
    // subinterpreter, go by a call of their own
    if D::IS_RAW && census::is_possible() {
        census::remove_large(block.addr());
    }
    if D::OBJECTS {
        forget_code(block);
    }
    if let Some(thread) = Thread::ready(guard) {
        if !D::LOCKED && block.addr() == thread.stacks.python_thread {
            thread.stacks.python_thread = 0;
        }
        let type_id = if D::OBJECTS {
            I::dying(thread, block.addr())
        } else {
            None
        };
        thread.free(block.addr(), type_id);
    }
}

/// A code object's address is used again at once, so its number has to go with it.
#[inline(always)]
fn forget_code(block: *mut c_void) {
    // SAFETY: a block of the object domain has at least 16 bytes; a code object begins at its
    // start, and its type is the second word.
    let kind = unsafe { block.cast::<usize>().add(1).read() };
    if kind == python::code_type() {
        python::CODES.forget(block.addr());
    }
}

unsafe extern "C" fn malloc<I: Interpreter, D: Domain>(_: *mut c_void, size: usize) -> *mut c_void {
    let below = D::functions();
    let guard = Guard::enter();
    // SAFETY: the interpreter's arguments, handed on with the context that belongs to them.
    let block = unsafe { (below.malloc)(below.context, size) };
    match guard {
        Some(guard) => allocated::<I, D>(&guard, block, size, D::MALLOC),
        None => large::<D>(core::ptr::null_mut(), block),
    }
    block
}

unsafe extern "C" fn calloc<I: Interpreter, D: Domain>(
    _: *mut c_void,
    count: usize,
    size: usize,
) -> *mut c_void {
    let below = D::functions();
    let guard = Guard::enter();
    // SAFETY: as in `malloc`.
    let block = unsafe { (below.calloc)(below.context, count, size) };
    match guard {
        Some(guard) => allocated::<I, D>(&guard, block, count.wrapping_mul(size), D::CALLOC),
        None => large::<D>(core::ptr::null_mut(), block),
    }
    block
}

unsafe extern "C" fn realloc<I: Interpreter, D: Domain>(
    _: *mut c_void,
    block: *mut c_void,
    size: usize,
) -> *mut c_void {
    let below = D::functions();
    let guard = Guard::enter();
    if let Some(guard) = &guard {
        freeing::<I, D>(guard, block);
    }
    // SAFETY: as in `malloc`.
    let new = unsafe { (below.realloc)(below.context, block, size) };
    if let Some(guard) = guard {
        if new.is_null()
            && !block.is_null()
            && let Some(thread) = Thread::ready(&guard)
        {
            thread.event(&Event::FreeCancelled);
        }
        allocated::<I, D>(&guard, new, size, D::REALLOC);
    } else if !new.is_null() {
        large::<D>(block, new);
    }
    new
}

unsafe extern "C" fn free<I: Interpreter, D: Domain>(_: *mut c_void, block: *mut c_void) {
    let below = D::functions();
    let guard = Guard::enter();
    match &guard {
        Some(guard) => freeing::<I, D>(guard, block),
        None => large::<D>(block, core::ptr::null_mut()),
    }
    // SAFETY: as in `malloc`.
    unsafe { (below.free)(below.context, block) };
    drop(guard);
}

/// Watches the object domain without recording it: stacks of the system allocator need to know
/// which code objects are gone.
unsafe extern "C" fn free_watching_code(_: *mut c_void, block: *mut c_void) {
    let below = Obj::functions();
    if !block.is_null() {
        forget_code(block);
    }
    // SAFETY: as in `malloc`.
    unsafe { (below.free)(below.context, block) };
}

type Accessor = unsafe extern "C" fn(i32, *mut Functions);

fn accessor(name: &CStr) -> Option<Accessor> {
    // SAFETY: both PyMem_GetAllocator and PyMem_SetAllocator have this type.
    elf::find(name).map(|address| unsafe { core::mem::transmute::<usize, Accessor>(address) })
}

/// Sets the hooks if an interpreter is loaded and none are set yet. Returns whether it did.
pub fn install_if_loaded() -> bool {
    if session::page().is_none() || INSTALLED.load(Ordering::Acquire) {
        return false;
    }
    let (Some(get), Some(set)) = (
        accessor(c"PyMem_GetAllocator"),
        accessor(c"PyMem_SetAllocator"),
    ) else {
        return false;
    };
    let Some(support) = python::find() else {
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
fn install(get: Accessor, set: Accessor, all: bool) {
    match python::family() {
        Some(Family::V39) => set_known::<layout::V39>(get, set, all),
        Some(Family::V310) => set_known::<layout::V310>(get, set, all),
        Some(Family::V311) => set_known::<layout::V311>(get, set, all),
        Some(Family::V312) => set_known::<layout::V312>(get, set, all),
        Some(Family::V313) => set_known::<layout::V313>(get, set, all),
        Some(Family::V314) => set_known::<layout::V314>(get, set, all),
        Some(Family::V315) => set_known::<layout::V315>(get, set, all),
        None if all => set_all::<Unknown>(get, set, all),
        None => {}
    }
}

/// Begins to watch where blocks are, so that there can be a census; says so if there cannot.
fn prepare_census(allocator: &CStr) {
    let allocator = allocator.to_bytes();
    let possible = match python::family() {
        Some(Family::V39) => census::prepare::<layout::V39>(allocator),
        Some(Family::V310) => census::prepare::<layout::V310>(allocator),
        Some(Family::V311) => census::prepare::<layout::V311>(allocator),
        Some(Family::V312) => census::prepare::<layout::V312>(allocator),
        Some(Family::V313) => census::prepare::<layout::V313>(allocator),
        Some(Family::V314) => census::prepare::<layout::V314>(allocator),
        Some(Family::V315) => census::prepare::<layout::V315>(allocator),
        None => false,
    };
    if !possible
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
