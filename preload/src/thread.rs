//! What a thread has while it records: its ring, its stacks, its types.

mod claim;
mod name;
pub mod settle;

use crate::guard::Guard;
use crate::python::types;
use crate::stack::Stacks;
use crate::tls::{self, Tls};
use crate::{census, elf, raw, session};
use claim::{claim, known};
use core::sync::atomic::Ordering;
use memprof_wire::allocator::Allocator;
use memprof_wire::event::{Event, Note};
use memprof_wire::ring::RingHeader;
use memprof_wire::session::SessionPage;
use memprof_wire::transport::{self, MAX_RECORD};
use memprof_wire::units::{Address, Microseconds, Size, StackId, Turn, TypeId};

/// Says that a [`Thread`] is in use. A forked child finds zero instead, because the kernel wipes
/// the page there: that is how it notices that the ring is its parent's.
const IN_USE: u64 = 0x6d65_6d70_726f_6674;

/// What one recording thread has. Lives in a mapping of its own that a fork does not copy.
#[derive(Debug)]
#[repr(C)]
pub struct Thread {
    in_use: u64,
    ring: *mut u8,
    mask: u64,
    head: u64,
    /// Up to here events may be written without looking at the consumer.
    limit: u64,
    turn: u64,
    page: &'static SessionPage,
    header: &'static RingHeader,
    capacity: u64,
    time: u64,
    name: [u8; 16],
    /// Whether the interpreter has named the thread: what the kernel calls it is no news then.
    named_by_python: bool,
    /// Whether it is time to look how the interpreter calls the thread.
    pub python_name_is_due: bool,
    /// Where this thread has been.
    pub stacks: Stacks,
    /// Which types it has at hand.
    pub types: types::Cache,
}

/// Events may be written this far beyond the limit: a stack that is defined on the way checks the
/// room itself, what follows it has the rest.
const SLACK: u64 = 4 * MAX_RECORD as u64;

impl Thread {
    /// The calling thread's, ready to write one event of the run that it is in; `None` when
    /// this thread records nothing.
    #[inline(always)]
    pub fn ready(guard: &Guard) -> Option<&'static mut Self> {
        let tls = guard.tls();
        // SAFETY: the block is the calling thread's.
        let thread = unsafe { (*tls).thread };
        if thread.addr() <= tls::DARK.addr() {
            return Self::first_event(tls);
        }
        // SAFETY: the mapping lasts as long as the process; only its own thread uses it, and a
        // guard is held by one hook at a time.
        let thread = unsafe { &mut *thread };
        if thread.head >= thread.limit && !thread.make_room(tls) {
            return Self::first_of_a_child(tls);
        }
        if thread.page.turn().0 != thread.turn {
            thread.begin_turn();
        }
        Some(thread)
    }

    /// Records that a block was handed out.
    #[inline(always)]
    pub fn allocation(
        &mut self,
        address: usize,
        size: usize,
        allocator: Allocator,
        stack: StackId,
    ) {
        let out = self.place();
        // SAFETY: `ready` left room for SLACK bytes, and the ring is mapped twice.
        let end = unsafe {
            let (address, size) = (Address(address as u64), Size(size as u64));
            transport::allocation(out, address, size, allocator, stack)
        };
        self.commit(out, end);
    }

    /// Records that a block is about to be given back.
    #[inline(always)]
    pub fn free(&mut self, address: usize, type_id: Option<TypeId>) {
        let out = self.place();
        // SAFETY: as in `allocation`.
        let end = unsafe { transport::free(out, Address(address as u64), type_id) };
        self.commit(out, end);
    }

    /// Records any other event. Waits for room if there is none; what finds the recorder dead is
    /// dropped.
    #[cold]
    pub fn event(&mut self, event: &Event<'_>) {
        if !self.has_room() {
            return;
        }
        let out = self.place();
        // SAFETY: as in `allocation`.
        let end = unsafe { transport::any(out, event) };
        self.commit(out, end);
    }

    /// Records what a census found, as [`Thread::event`] does.
    #[inline(always)]
    pub fn census(&mut self, event: &Event<'_>) {
        if !self.has_room() {
            return;
        }
        let out = self.place();
        // SAFETY: as in `allocation`.
        let end = unsafe { transport::census(out, event) };
        self.commit(out, end);
    }

    /// How far the stream of this thread is, in bytes.
    #[inline(always)]
    pub fn position(&self) -> u64 {
        self.head
    }

    /// Whether there is room for an event, after having waited for it if need be.
    #[inline(always)]
    fn has_room(&mut self) -> bool {
        self.head < self.limit || self.wait_for_room()
    }

    #[inline(always)]
    fn place(&self) -> *mut u8 {
        // SAFETY: the masked position is below the capacity.
        unsafe { self.ring.add((self.head & self.mask) as usize) }
    }

    #[inline(always)]
    fn commit(&mut self, out: *mut u8, end: *mut u8) {
        self.head += (end.addr() - out.addr()) as u64;
        self.header.publish(self.head);
    }

    /// Looks whether the recorder has made room; false when the thread goes dark.
    #[cold]
    fn make_room(&mut self, tls: *mut Tls) -> bool {
        if self.in_use != IN_USE {
            return leave_parents_ring(tls);
        }
        if !self.wait_for_room() {
            // SAFETY: the block is the calling thread's.
            unsafe { (*tls).thread = tls::DARK };
            return false;
        }
        if census::is_asked() {
            census::if_asked(self);
            if census::is_asked() {
                self.look_soon();
            }
        }
        true
    }

    /// Sees to it that the next event of this thread looks whether a census was asked for.
    pub fn look_soon(&mut self) {
        self.limit = 0;
    }

    /// Counts a frame that found no room among this thread's stacks.
    pub fn count_merged(&self) {
        self.page.frames_merged.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits while the ring is full and the recorder lives. False when it is dead.
    #[cold]
    fn wait_for_room(&mut self) -> bool {
        let mut wanted = 1;
        loop {
            self.limit = self.header.tail() + self.capacity - SLACK;
            if self.head + wanted <= self.limit {
                return true;
            }
            // The recorder makes room piece by piece: who went on at the first one would sleep again
            // for each.
            wanted = self.capacity / 4;
            if self.page.recorder_is_dead() {
                self.header.lost.fetch_add(1, Ordering::Relaxed);
                return false;
            }
            raw::pause(50_000);
        }
    }

    /// Somebody else wrote since this thread last did: begins a new run.
    #[cold]
    fn begin_turn(&mut self) {
        let turn = self.page.next_turn();
        let time = self.page.time();
        self.turn = turn.0;
        if self.time != time.0 {
            return self.begin_turn_later(turn, time);
        }
        let out = self.place();
        // SAFETY: as in `allocation`.
        let end = unsafe { transport::turn_again(out, turn) };
        // Published together with the event that the turn is for.
        self.head += (end.addr() - out.addr()) as u64;
    }

    /// The same when the recorder has told another time meanwhile: what is done only so often.
    #[cold]
    #[inline(never)]
    fn begin_turn_later(&mut self, turn: Turn, time: Microseconds) {
        self.event(&Event::Turn { turn, time });
        self.time = time.0;
        self.note_name();
        self.types.doubt();
        self.python_name_is_due = true;
        census::if_requested(self, self.page);
    }

    /// The child of a fork has left its parent's ring, and has a ring of its own with its first
    /// event; a thread that went dark has none.
    #[cold]
    #[inline(never)]
    fn first_of_a_child(tls: *mut Tls) -> Option<&'static mut Self> {
        // SAFETY: the block is the calling thread's.
        if unsafe { (*tls).thread.is_null() } {
            Self::first_event(tls)
        } else {
            None
        }
    }

    /// Says what this process was forked from, if it was and nobody said it yet.
    fn note_inheritance(&mut self, forked_at: u64) {
        if let Some(image) = session::take_forked_from() {
            let turn = Turn(forked_at);
            self.event(&Event::Inherits { image, turn });
        }
    }

    #[cold]
    #[inline(never)]
    fn first_event(tls: *mut Tls) -> Option<&'static mut Self> {
        // SAFETY: the block is the calling thread's.
        unsafe {
            if (*tls).thread == tls::DARK {
                return None;
            }
            // dark while it is being set up, and for good if that fails
            (*tls).thread = tls::DARK;
            let page = session::page()?;
            if is_in_a_child() && !session::join_after_fork() {
                return None;
            }
            let thread = claim(page)?;
            (*tls).thread = thread;
            let thread = &mut *thread;
            thread.begin_turn();
            thread.note_inheritance((*tls).forked_at);
            thread.note_name();
            Some(thread)
        }
    }
}

/// Whether this is the child of a fork by a thread that had no ring, and the first to notice. What
/// only shares its parent's memory finds the threads there in use.
fn is_in_a_child() -> bool {
    raw::process() != session::process() && known().next().is_none()
}

/// The child of a fork has its parent's pointer, but not its ring.
#[cold]
fn leave_parents_ring(tls: *mut Tls) -> bool {
    let follow = session::join_after_fork();
    // SAFETY: the block is the calling thread's. Null makes the next event claim a ring.
    unsafe {
        (*tls).thread = if follow {
            core::ptr::null_mut()
        } else {
            tls::DARK
        }
    };
    false
}

/// The calling thread records no more, and a recording that it took part in says so.
pub fn go_dark(page: Option<&SessionPage>) {
    let tls = tls::tls();
    // SAFETY: the block is the calling thread's.
    let before = unsafe { core::mem::replace(&mut (*tls).thread, tls::DARK) };
    if let Some(page) = page
        && before != tls::DARK
    {
        page.threads_confined.fetch_add(1, Ordering::Relaxed);
    }
}

/// Makes the first thread known before it allocates anything.
pub fn announce() {
    if let Some(guard) = Guard::enter()
        && let Some(thread) = Thread::ready(&guard)
    {
        // what the program itself defines is found before any library, this one included
        let program = elf::objects().find(|object| object.is_program());
        if program.is_some_and(|program| program.find(c"malloc").is_some()) {
            thread.event(&Event::Note(Note::OwnAllocator));
        }
    }
}
