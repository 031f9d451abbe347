//! A census: the type of every object that is alive, and what belongs to whom, at one moment.
//!
//! Types are read from blocks when they die ([`types::of_dying`]). What is
//! still alive when the program ends, and which dictionary belongs to which object, has to be
//! looked at while it lives. That is done once, where the interpreter begins to finalise or the
//! process is about to end without; and wherever the program asks for it.
//!
//! Nobody keeps a table of live blocks here. Arenas are walked as the interpreter's allocator laid
//! them out, larger blocks are kept in a [map](regions) that costs a bit each; the reporter knows
//! which of what was found is alive. Objects are only read, nothing of the program runs.

mod arenas;
mod inspect;
mod memory;
mod pools;
mod regions;
mod shapes;
mod unreadable;

use crate::elf;
use crate::guard::Guard;
use crate::hooks;
use crate::memory::Array;
use crate::python::layout::Layout;
use crate::python::layout::objects::{OBJECT_TYPE, TYPE_DICT};
use crate::python::{self, types};
use crate::raw;
use crate::session;
use crate::thread::Thread;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use inspect::Inspector;
use memory::Memory;
use memprof_wire::codec::MAX_TEXT;
use memprof_wire::event::{Event, MarkKind, Note, Role};
use memprof_wire::request::RequestKind;
use memprof_wire::session::SessionPage;
use memprof_wire::units::{Address, Microseconds};
use shapes::Shapes;

pub use regions::{add_large, is_in_arenas, remove_large};

/// The census of this interpreter's layout; zero while there is none.
static TAKE: AtomicUsize = AtomicUsize::new(0);
/// Bytes in front of a block that belong to the debugging allocator.
static IN_FRONT: AtomicUsize = AtomicUsize::new(0);
/// Whether the census at the end was taken.
static ENDED: AtomicBool = AtomicBool::new(false);
/// Whether somebody asked for a census that was not taken yet.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Words of a large block that are looked at: its first 512 bytes. One that has shrunk since has
/// fewer, and memory may end behind it.
const LARGE_WORDS: usize = 64;

type Take = fn(&mut Thread, usize) -> Microseconds;
type IsInitialised = extern "C" fn() -> i32;

/// Begins to watch where blocks are, before the interpreter has any. `allocator` is what
/// `PYTHONMALLOC` calls the one in use. False when there can be no census.
pub fn prepare<L: Layout>(allocator: &[u8]) -> bool {
    let in_front = match allocator {
        b"pymalloc" => 0,
        b"pymalloc_debug" => 16,
        _ => return false,
    };
    // what is there already cannot be found any more
    let is_new = elf::find(c"Py_IsInitialized").is_some_and(|address| {
        // SAFETY: the interpreter's own function, which works before it is initialised.
        let is_initialised: IsInitialised = unsafe { core::mem::transmute(address) };
        is_initialised() == 0
    });
    if !is_new {
        return false;
    }
    if !regions::prepare() || !arenas::watch() {
        return false;
    }
    IN_FRONT.store(in_front, Ordering::Relaxed);
    TAKE.store((take::<L> as Take) as usize, Ordering::Release);
    tell_whether_possible();
    true
}

/// Whether censuses are taken here, so that large blocks have to be noted.
#[inline]
pub fn is_possible() -> bool {
    TAKE.load(Ordering::Relaxed) != 0
}

/// Tells whoever might ask for a census of this image.
fn tell_whether_possible() {
    if let Some(page) = session::page() {
        page.set_census_is_possible(session::image(), is_possible());
    }
}

/// To be called where the process ends without the interpreter's finalisation.
pub fn at_exit() {
    if is_possible()
        && !ENDED.load(Ordering::Relaxed)
        && let Some(guard) = Guard::enter()
        && let Some(thread) = Thread::ready(&guard)
    {
        at_the_end(thread, 0);
    }
}

/// Asks for a census as soon as a thread with the lock records something.
pub fn ask() {
    if is_possible() {
        ASKED.store(true, Ordering::Relaxed);
    }
}

/// Takes the census that was asked for, if this thread may.
#[cold]
pub fn if_asked(thread: &mut Thread) {
    if ASKED.load(Ordering::Relaxed) && holds_lock() && ASKED.swap(false, Ordering::Relaxed) {
        run(thread, 0);
    }
}

/// Takes the census that somebody outside asked for, if this thread may. Threads look when they have
/// been told a new time, which is never more often than the recorder tells it.
#[inline]
pub fn if_requested(thread: &mut Thread, page: &SessionPage) {
    let image = session::image();
    if page.request.is_asked(RequestKind::Census, image) && (holds_lock() || !is_possible()) {
        answer(thread, page, image);
    }
}

#[cold]
fn answer(thread: &mut Thread, page: &SessionPage, image: u32) {
    let Some(ticket) = page.request.take(RequestKind::Census, image) else {
        return;
    };
    if !is_possible() {
        page.request.refuse(ticket);
        return;
    }
    thread.event(&Event::Mark {
        kind: MarkKind::Point,
        name: page.request.name(&mut [0; MAX_TEXT]),
    });
    let took = run(thread, 0);
    page.request.done(ticket, took);
}

/// Whether somebody waits for a census.
#[inline]
pub fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// The interpreter began again without telling of its arenas: what follows has no census, and the
/// recording says so.
pub fn lost_track(thread: Option<&mut Thread>) {
    if TAKE.swap(0, Ordering::AcqRel) != 0 {
        tell_whether_possible();
        if let Some(thread) = thread {
            thread.event(&Event::Note(Note::CensusLost));
        }
    }
}

/// The child of a fork comes to an end of its own.
pub fn start_afresh() {
    tell_whether_possible();
    ENDED.store(false, Ordering::Relaxed);
}

/// The last census: of what the program's own code has left. Once, and only with the lock.
pub fn at_the_end(thread: &mut Thread, block: usize) {
    if is_possible() && holds_lock() && !ENDED.swap(true, Ordering::Relaxed) {
        run(thread, block);
    }
}

/// Whether the calling thread holds the interpreter's lock.
fn holds_lock() -> bool {
    if python::family().is_none() {
        return false;
    }
    let own = python::own_thread();
    own != 0 && python::current_thread() == own
}

fn run(thread: &mut Thread, except: usize) -> Microseconds {
    // arenas may have gone meanwhile
    if hooks::python::are_lost() {
        lost_track(Some(&mut *thread));
    }
    let take = TAKE.load(Ordering::Acquire);
    if take == 0 {
        return Microseconds(0);
    }
    // SAFETY: only ever a function of this type.
    let take: Take = unsafe { core::mem::transmute(take) };
    take(thread, except)
}

/// Looks at everything, and tells how long that took. The calling thread holds the lock; `except` is
/// a block without content.
fn take<L: Layout>(thread: &mut Thread, except: usize) -> Microseconds {
    let began = raw::microseconds();
    look_at_all::<L>(thread, except);
    let took = Microseconds(raw::microseconds().saturating_sub(began));
    thread.event(&Event::CensusTook(took));
    took
}

fn look_at_all<L: Layout>(thread: &mut Thread, except: usize) {
    let mut buffer = Array::<u64>::empty();
    if !buffer.grow_to(pools::MOST / 8) {
        return;
    }
    // SAFETY: there is room for so many, all zero at first.
    let words = unsafe { core::slice::from_raw_parts_mut(buffer.items(), pools::MOST / 8) };
    let memory = Memory::now();
    let mut inspector = Inspector {
        memory,
        shapes: Shapes::new(),
    };
    let in_front = IN_FRONT.load(Ordering::Relaxed);
    types::begin_afresh(thread);
    unreadable::forget_all();
    thread.event(&Event::CensusBegin);
    // types first: they are large, and what is no type yet cannot be one afterwards
    let mut large = [0u64; LARGE_WORDS];
    regions::each_large(|block| {
        let block = block + in_front;
        if block != except && memory.read_front(block, &mut large) {
            Inspector::types_first::<L>(thread, block, &large);
        }
    });
    dicts_of_static_types(thread);
    regions::each_large(|block| {
        let block = block + in_front;
        if block != except && memory.read_front(block, &mut large) {
            inspector.block::<L>(thread, block, &large);
        }
    });
    pools::each_block::<L>(memory, words, |block, words| {
        let block = block + in_front;
        if block != except {
            inspector.block::<L>(thread, block, &words[in_front / 8..]);
        }
    });
    if regions::are_incomplete() {
        thread.event(&Event::Note(Note::NoCensus));
    } else {
        thread.event(&Event::CensusEnd);
    }
    inspector.shapes.release();
    buffer.release();
}

/// Types that are part of a program's file are no blocks, but their dictionaries are.
fn dicts_of_static_types(thread: &mut Thread) {
    types::TYPES.each(|kind| {
        let mut dict = [0];
        let mut metatype = [0];
        if !regions::is_in_arena(kind)
            && !regions::is_large(kind - 16)
            && raw::read(kind + TYPE_DICT, &mut dict)
            && raw::read(kind + OBJECT_TYPE, &mut metatype)
            && let Some(owner) = types::number(metatype[0] as usize)
        {
            thread.census(&Event::CensusOwned {
                address: Address(dict[0]),
                role: Role::Dict,
                owner,
            });
        }
    });
}
