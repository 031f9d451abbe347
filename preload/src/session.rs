//! Attaching this process to the recording.

mod addresses;

use crate::environment::{self, Carried};
use crate::hooks::process;
use crate::stack::{intern, native};
use crate::{census, python, raw, thread};
pub use addresses::{Mapped, hide_during, keep_within};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use memprof_wire::ring::{RingHeader, RingState};
use memprof_wire::session::{
    DIRECTORY, MAGIC, RING_BYTES, RINGS, STRIDE, SessionPage, VERSION, option,
};

/// Nobody has tried to attach yet.
const UNTRIED: u32 = 0;
/// Somebody is at it.
const TRYING: u32 = 1;
/// This process is part of a recording.
const ATTACHED: u32 = 2;
/// It is not.
const DARK: u32 = 3;

static STATE: AtomicU32 = AtomicU32::new(UNTRIED);
static PAGE: AtomicPtr<SessionPage> = AtomicPtr::new(core::ptr::null_mut());
/// The number of this program image in the recording.
static IMAGE: AtomicU32 = AtomicU32::new(0);
/// The process that [`IMAGE`] belongs to: another one after a fork.
static PROCESS: AtomicU32 = AtomicU32::new(0);
/// The image that this process was forked from; 0 for none, or once that was told.
static FORKED_FROM: AtomicU32 = AtomicU32::new(0);

struct CarriedCell(UnsafeCell<Carried>);

// SAFETY: written once, while STATE is TRYING, and only read after that.
unsafe impl Sync for CarriedCell {}

static CARRIED: CarriedCell = CarriedCell(UnsafeCell::new(Carried::empty()));

/// What `memprof run` put into the environment.
pub fn carried() -> &'static Carried {
    // SAFETY: nobody writes it any more once there is something to carry.
    unsafe { &*CARRIED.0.get() }
}

/// The page of the session that this process is attached to; attaches it if nobody has tried yet.
#[inline]
pub fn page() -> Option<&'static SessionPage> {
    if STATE.load(Ordering::Acquire) == UNTRIED {
        attach();
    }
    // SAFETY: the mapping is made before the pointer is stored, and lasts as long as the process.
    unsafe { PAGE.load(Ordering::Acquire).as_ref() }
}

/// Whether something was asked for on the command line.
pub fn wants(option: u32) -> bool {
    page().is_some_and(|page| page.options.load(Ordering::Relaxed) & option != 0)
}

/// The number of this program image.
pub fn image() -> u32 {
    IMAGE.load(Ordering::Relaxed)
}

/// The process this image runs in, as it was when it attached.
pub fn process() -> u32 {
    PROCESS.load(Ordering::Relaxed)
}

/// Whether an `exec` by the calling process stays in the recording: the root's own does, and with
/// `--follow-children` everybody's.
pub fn keeps_recording_after_exec() -> bool {
    let Some(page) = page() else { return false };
    wants(option::FOLLOW_CHILDREN) || page.root.load(Ordering::Relaxed) == raw::process()
}

#[cold]
fn attach() {
    if STATE
        .compare_exchange(UNTRIED, TRYING, Ordering::AcqRel, Ordering::Acquire)
        .is_err()
    {
        return;
    }
    if environment::present().is_null() {
        // the C library is not ready yet: an allocation this early belongs to the loader
        STATE.store(UNTRIED, Ordering::Release);
        return;
    }
    let attached = try_to_attach().is_some();
    STATE.store(if attached { ATTACHED } else { DARK }, Ordering::Release);
}

#[expect(
    clippy::cast_ptr_alignment,
    reason = "a mapping begins on a page, and so does the session page"
)]
fn try_to_attach() -> Option<()> {
    // SAFETY: STATE is TRYING, so nobody else is here.
    let carried = unsafe { &mut *CARRIED.0.get() };
    let variables = environment::present().cast_mut().cast();
    // SAFETY: the array that the kernel made.
    if !unsafe { environment::keep(variables, carried) } {
        return None;
    }
    let descriptor = raw::open(carried.session_path()?)?;
    let base = addresses::map(descriptor);
    raw::close(descriptor);
    let base = base?;
    // the recording is no part of what a crash of the program leaves behind
    raw::advise(
        base,
        RING_BYTES + Mapped::keep().rings * STRIDE,
        libc::MADV_DONTDUMP,
    );
    // SAFETY: the front of the mapping is the session page; it is never unmapped.
    let page = unsafe { &*base.cast::<SessionPage>() };
    if page.magic.load(Ordering::Acquire) != MAGIC
        || page.version.load(Ordering::Relaxed) != VERSION
    {
        return None;
    }
    let process = raw::process();
    let follow = page.options.load(Ordering::Relaxed) & option::FOLLOW_CHILDREN != 0;
    if !follow {
        // SAFETY: the program's main has not begun.
        unsafe { environment::remove(variables) };
        if page.root.load(Ordering::Relaxed) != process {
            return None;
        }
    }
    PAGE.store(core::ptr::from_ref(page).cast_mut(), Ordering::Release);
    join(page, process);
    intern::prepare(page);
    native::prepare(page);
    Some(())
}

/// Makes this process an image of the recording. What the image before it in the same process
/// (before its `exec`) wrote is complete now.
fn join(page: &SessionPage, process: u32) {
    let mut untouched = 0;
    for number in 0..RINGS {
        let ring = ring_header(page, number);
        let state = ring.state();
        if state == RingState::Free && ring.capacity.load(Ordering::Relaxed) == 0 {
            // rings are claimed from the front; a few may have been given up again
            untouched += 1;
            if untouched == 32 {
                break;
            }
        }
        if state == RingState::Live && ring.process.load(Ordering::Relaxed) == process {
            ring.close();
        }
    }
    IMAGE.store(
        page.images.fetch_add(1, Ordering::AcqRel) + 1,
        Ordering::Relaxed,
    );
    PROCESS.store(process, Ordering::Relaxed);
}

/// Makes the child of a fork an image of its own, if children are followed.
pub fn join_after_fork() -> bool {
    let Some(page) = page() else { return false };
    let process = raw::process();
    if process == PROCESS.load(Ordering::Relaxed) {
        return true;
    }
    if page.options.load(Ordering::Relaxed) & option::FOLLOW_CHILDREN == 0 {
        PAGE.store(core::ptr::null_mut(), Ordering::Release);
        STATE.store(DARK, Ordering::Release);
        return false;
    }
    FORKED_FROM.store(image(), Ordering::Relaxed);
    join(page, process);
    python::CODES.start_afresh();
    python::types::TYPES.start_afresh();
    census::start_afresh();
    true
}

/// The image that this process was forked from, for the one who is to tell it.
pub fn take_forked_from() -> Option<u32> {
    let image = FORKED_FROM.swap(0, Ordering::Relaxed);
    (image != 0).then_some(image)
}

/// The header of a ring.
#[expect(
    clippy::cast_ptr_alignment,
    reason = "the directory begins on a page, and headers are multiples of their alignment"
)]
pub fn ring_header(page: &SessionPage, number: usize) -> &'static RingHeader {
    let base = core::ptr::from_ref(page).cast::<u8>();
    // SAFETY: the directory of RINGS headers lies behind the page in the same mapping, and every
    // caller counts below RINGS.
    unsafe { &*base.add(DIRECTORY).cast::<RingHeader>().add(number) }
}

/// The bytes of a ring.
pub fn ring_bytes(page: &SessionPage, number: usize) -> *mut u8 {
    let base = core::ptr::from_ref(page).cast::<u8>().cast_mut();
    // SAFETY: the bytes of RINGS rings lie in the same mapping.
    unsafe { base.add(RING_BYTES + number * STRIDE) }
}

/// Where the program headers of the program are, and how many: the loader's record of the program
/// does not say it.
pub fn program_headers() -> Option<(usize, usize)> {
    // SAFETY: both look a number up in what the kernel handed over, and change nothing.
    let (headers, count) = unsafe {
        (
            libc::getauxval(libc::AT_PHDR),
            libc::getauxval(libc::AT_PHNUM),
        )
    };
    (headers != 0).then_some((headers as usize, count as usize))
}

/// Nanoseconds between two looks of [`await_look`].
const LOOK_PAUSE: i64 = 200_000;
/// Looks at one time, and over the life of a process: a tenth of a second, and about a second.
const LOOKS: u32 = 500;
const ALL_LOOKS: u32 = 5000;

/// Waits until the recorder has seen which modules there are, where native stacks need their names:
/// before some of them go. It nearly always has, and where it has not it takes a few milliseconds;
/// a program that loads and unloads libraries all the time is waited for no more at some point.
pub fn await_look() {
    static LOOKED: AtomicU32 = AtomicU32::new(0);
    let Some(page) = page() else { return };
    if page.options.load(Ordering::Relaxed) & option::NATIVE == 0 {
        return;
    }
    for _ in 0..LOOKS {
        let changes = page.module_changes.load(Ordering::Acquire);
        let seen = page.images_seen.load(Ordering::Acquire) >= IMAGE.load(Ordering::Relaxed)
            && page.changes_seen.load(Ordering::Acquire) == changes;
        if seen || page.recorder_is_dead() || LOOKED.fetch_add(1, Ordering::Relaxed) >= ALL_LOOKS {
            return;
        }
        raw::pause(LOOK_PAUSE);
    }
}

/// The program ends, and nobody can look any more.
extern "C" fn end() {
    await_look();
}

#[cfg(not(test))]
#[used]
#[unsafe(link_section = ".fini_array")]
static END: extern "C" fn() = end;

/// Attaches before the program's own constructors and `main` run, if no allocation did earlier.
extern "C" fn start() {
    if page().is_some() {
        process::watch_forks();
        thread::announce();
    }
}

#[cfg(not(test))]
#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;
