//! Walks held against those of an independent unwinder, at random places of programs that do to
//! their stacks what programs do.

use super::frame::At;
use super::path::Path;
use super::registers::Registers;
use super::walk::Walk;
use std::cell::RefCell;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What was compared so far.
#[derive(Default)]
struct Tally {
    samples: usize,
    frames: usize,
    unchanged: usize,
    deepest: usize,
    cut: usize,
    /// Stacks that were found without a walk.
    known: usize,
}

thread_local! {
    static WALK: RefCell<(Walk, Path, Tally)> =
        RefCell::new((Walk::new(), Path::new(), Tally::default()));
    static TRUNKS: RefCell<Vec<Vec<usize>>> = const { RefCell::new(Vec::new()) };
}

/// Walks by both, and compares.
#[inline(never)]
fn sample() {
    let mut expected = Vec::with_capacity(128);
    // SAFETY: each thread of a test walks its own stack.
    unsafe {
        backtrace::trace_unsynchronized(|frame| {
            expected.push(frame.ip().addr());
            // past the outermost frame of a thread it tells of one more
            true
        });
    }
    expected.retain(|&ip| ip != 0);
    WALK.with_borrow_mut(|(walk, path, tally)| {
        let here = Registers::here();
        let walked = walk.walk(At::of(&here, true));
        let complete = walk.is_complete();
        let mut found: Vec<usize> = walk.frames()[1..].iter().map(|frame| frame.ip).collect();
        found.reverse();
        // the path begins at the caller of this function, as at that of a hook
        let caller = walk.frames().len() - 2;
        let key = walk.frames()[caller].key();
        // SAFETY: that frame is live.
        let known = TRUNKS.with_borrow_mut(|trunks| unsafe { path.instructions(key, trunks) });
        if let Some(known) = known {
            assert_eq!(known, found[1..], "sample {}", tally.samples);
            tally.known += 1;
        } else if complete {
            path.keep(&walk.frames()[..=caller], 0);
        }
        // the innermost frames are the two unwinders' own: begin where both have the same caller
        let common = common_start(&found, &expected).expect("both walk the same stack");
        let (found, expected) = (&found[common.0..], &expected[common.1..]);
        if complete {
            assert_eq!(found, expected, "sample {}", tally.samples);
        } else {
            assert_eq!(found, &expected[..found.len()], "sample {}", tally.samples);
            tally.cut += 1;
        }
        tally.samples += 1;
        tally.frames += found.len();
        tally.unchanged += walked.unchanged.min(found.len());
        tally.deepest = tally.deepest.max(found.len());
    });
}

/// Where the two lists come to the same frame, which lies within the first few of each.
fn common_start(found: &[usize], expected: &[usize]) -> Option<(usize, usize)> {
    (0..found.len().min(12)).find_map(|own| {
        let other = expected.iter().take(12).position(|&ip| ip == found[own])?;
        Some((own, other))
    })
}

fn tally() -> Tally {
    WALK.with_borrow_mut(|(_, _, tally)| core::mem::take(tally))
}

/// Numbers that are the same each time.
struct Chance {
    state: u64,
    /// Whether there are signal handlers and realigned frames, which are always walked.
    calm: bool,
}

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % limit
    }
}

#[inline(never)]
fn wander(chance: &mut Chance, depth: u32) -> u64 {
    sample();
    if depth == 0 {
        return 1;
    }
    let mut sum = 0;
    for _ in 0..=chance.below(2) {
        sum += match chance.below(8) {
            0 => large_frame(chance, depth - 1),
            1 if !chance.calm => aligned_frame(chance, depth - 1),
            2 => through_callback(chance, depth - 1),
            3 => through_unwinding(chance, depth - 1),
            4 => dynamic_frame(chance, depth - 1),
            5 if !chance.calm => through_signal(chance, depth - 1),
            6 => growing_frame(chance, depth - 1),
            _ => wander(chance, depth - 1) + black_box(1),
        };
    }
    sum
}

#[inline(never)]
fn large_frame(chance: &mut Chance, depth: u32) -> u64 {
    let mut data = [0u64; 700];
    black_box(&mut data);
    sample();
    wander(chance, depth) + data[3]
}

#[repr(align(64))]
struct Aligned([u64; 8]);

/// Its stack is realigned.
#[inline(never)]
fn aligned_frame(chance: &mut Chance, depth: u32) -> u64 {
    let mut data = Aligned([0; 8]);
    black_box(&mut data);
    let sum = wander(chance, depth);
    sample();
    sum + data.0[0]
}

#[inline(never)]
fn dynamic_frame(chance: &mut Chance, depth: u32) -> u64 {
    let closure: &mut dyn FnMut() -> u64 = &mut || wander(chance, depth);
    black_box(closure)() + 1
}

/// Calls `function` from a frame that takes so many bytes, a multiple of 16: as in a function that
/// calls `alloca`, nothing but `rbp` tells where it begins.
#[unsafe(naked)]
unsafe extern "C" fn call_below(
    bytes: usize,
    function: unsafe extern "C" fn(*mut libc::c_void),
    data: *mut libc::c_void,
) {
    core::arch::naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "sub rsp, rdi",
        "mov rdi, rdx",
        "call rsi",
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
    )
}

struct Growing<'a> {
    chance: &'a mut Chance,
    depth: u32,
    sum: u64,
}

unsafe extern "C" fn grown(data: *mut libc::c_void) {
    // SAFETY: what `growing_frame` hands over.
    let growing = unsafe { &mut *data.cast::<Growing<'_>>() };
    sample();
    growing.sum = wander(growing.chance, growing.depth);
}

#[inline(never)]
fn growing_frame(chance: &mut Chance, depth: u32) -> u64 {
    let bytes = 16 * chance.below(4) as usize;
    let mut growing = Growing {
        chance,
        depth,
        sum: 0,
    };
    // SAFETY: the data is what the function takes.
    unsafe { call_below(bytes, grown, (&raw mut growing).cast()) };
    growing.sum
}

struct Sorting<'a> {
    chance: &'a mut Chance,
    depth: u32,
}

unsafe extern "C" fn compare(
    left: *const libc::c_void,
    right: *const libc::c_void,
    data: *mut libc::c_void,
) -> i32 {
    // SAFETY: qsort_r hands back what it was given.
    let (left, right, sorting) = unsafe {
        (
            *left.cast::<i32>(),
            *right.cast::<i32>(),
            &mut *data.cast::<Sorting<'_>>(),
        )
    };
    sample();
    if sorting.chance.below(8) == 0 {
        wander(sorting.chance, sorting.depth.min(3));
    }
    left.cmp(&right) as i32
}

unsafe extern "C" {
    fn qsort_r(
        base: *mut libc::c_void,
        count: usize,
        size: usize,
        compare: unsafe extern "C" fn(
            *const libc::c_void,
            *const libc::c_void,
            *mut libc::c_void,
        ) -> i32,
        data: *mut libc::c_void,
    );
}

/// Through code that this crate did not compile.
#[inline(never)]
fn through_callback(chance: &mut Chance, depth: u32) -> u64 {
    let mut data = [3, 1, 2, 5, 4];
    let mut sorting = Sorting { chance, depth };
    // SAFETY: five ints, and a comparison of ints.
    unsafe {
        qsort_r(
            data.as_mut_ptr().cast(),
            data.len(),
            4,
            compare,
            (&raw mut sorting).cast(),
        );
    }
    data[0] as u64
}

#[inline(never)]
fn through_unwinding(chance: &mut Chance, depth: u32) -> u64 {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _sampler = SampleOnDrop;
        let sum = wander(chance, depth);
        if sum % 3 != 1 {
            resume_unwind(Box::new(sum));
        }
        sum
    }));
    sample();
    caught.unwrap_or(2)
}

struct SampleOnDrop;

impl Drop for SampleOnDrop {
    fn drop(&mut self) {
        sample();
    }
}

extern "C" fn handler(_: i32) {
    sample();
}

#[inline(never)]
fn through_signal(chance: &mut Chance, depth: u32) -> u64 {
    // SAFETY: the handler of this signal is set by `prepare`.
    unsafe { libc::raise(libc::SIGUSR2) };
    wander(chance, depth)
}

fn prepare() {
    // SAFETY: sets a handler for a signal that nobody else uses here.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        libc::sigaction(libc::SIGUSR2, &raw const action, core::ptr::null_mut());
    }
    // its first use allocates
    sample();
    tally();
}

fn prepare_and_sample(
    make: impl Fn(u64, usize) -> (Chance, u32) + Send + Copy + 'static,
) -> Vec<Tally> {
    prepare();
    let threads: Vec<_> = (1..=3u64)
        .map(|seed| {
            std::thread::spawn(move || {
                let mut total = Tally::default();
                let (mut chance, mut depth) = make(seed, 0);
                while total.samples < 70_000 {
                    wander(&mut chance, depth);
                    let more = tally();
                    total.samples += more.samples;
                    total.frames += more.frames;
                    total.unchanged += more.unchanged;
                    total.cut += more.cut;
                    total.known += more.known;
                    total.deepest = total.deepest.max(more.deepest);
                    if chance.calm {
                        (chance, depth) = make(seed, total.samples);
                    }
                }
                total
            })
        })
        .collect();
    let join = |thread: std::thread::JoinHandle<_>| thread.join().expect("no difference");
    threads.into_iter().map(join).collect()
}

#[test]
fn walks_are_those_of_libgcc() {
    let wild = |seed, _| {
        let state = seed * 0x9e37_79b9;
        (Chance { state, calm: false }, 14)
    };
    for total in prepare_and_sample(wild) {
        assert_eq!(total.cut, 0, "every stack was walked to its end");
        assert!(total.deepest > 30, "only {} deep", total.deepest);
        assert!(
            total.unchanged * 2 > total.frames,
            "{} of {} frames were taken as they were",
            total.unchanged,
            total.frames
        );
    }
}

/// What happens again and again is found without a walk, and is the same.
#[test]
fn known_stacks_are_those_of_libgcc() {
    let calm = |seed: u64, samples: usize| {
        let state = (seed + samples as u64 % 5) * 0x9e37_79b9;
        (Chance { state, calm: true }, 5)
    };
    for total in prepare_and_sample(calm) {
        assert_eq!(total.cut, 0, "every stack was walked to its end");
        assert!(
            total.known * 2 > total.samples,
            "{} of {} stacks were known",
            total.known,
            total.samples
        );
    }
}
