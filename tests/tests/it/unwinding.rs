//! Native stacks held against those of libgcc's unwinder, which the program itself calls at each of
//! its blocks: address by address, on stacks that are not one thread's own.

use crate::packages;
use crate::programs;
use crate::scenario::{Run, Scenario};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What stands for callers that could not be found.
const UNKNOWN: &str = "<unknown callers>";

/// What the unwinder told of a block.
struct Told {
    size: u64,
    /// The instruction and the start of the function, innermost first.
    frames: Vec<(u64, u64)>,
}

/// What the program wrote: the evaluation function's start, and its blocks.
fn told(file: &Path) -> (u64, Vec<Told>) {
    let bytes = std::fs::read(file).unwrap();
    let words = bytes.chunks_exact(8);
    let mut words = words.map(|word| u64::from_le_bytes(word.try_into().unwrap()));
    let evaluation = words.next().unwrap();
    let mut all = Vec::new();
    while let Some(size) = words.next() {
        let count = words.next().unwrap();
        let mut pair = || (words.next().unwrap(), words.next().unwrap());
        let frames = (0..count).map(|_| pair()).collect();
        all.push(Told { size, frames });
    }
    (evaluation, all)
}

/// How the comparison went.
#[derive(Debug, Default)]
struct Tally {
    whole: usize,
    cut: usize,
    frames: usize,
}

/// Compares all blocks; fails at the first difference.
fn compare(run: &Run) -> Tally {
    let (evaluation, told) = told(&run.folder().join("told"));
    let capture = run.capture();
    let mut blocks = HashMap::new();
    for block in capture.allocations().filter(|block| block.by == "malloc") {
        blocks
            .entry(block.size)
            .or_insert_with(Vec::new)
            .push(block.at);
    }
    // a size that something else has asked for as well says nothing
    let only = |size: u64| match blocks.get(&size).map(Vec::as_slice) {
        Some([at]) => Some(*at),
        _ => None,
    };
    let known: Vec<_> = told
        .iter()
        .filter_map(|told| only(told.size).map(|at| (told, at)))
        .collect();
    assert!(
        known.len() * 10 > told.len() * 9,
        "{} of {}",
        known.len(),
        told.len()
    );
    let stacks = capture.stacks(known.iter().map(|(_, at)| *at));
    let mut tally = Tally::default();
    for ((told, _), frames) in known.iter().zip(stacks) {
        let native = frames.iter().filter(|frame| frame.file.is_empty());
        let mut recorded: Vec<u64> = Vec::new();
        let mut is_cut = false;
        for frame in native {
            assert!(!is_cut, "{}: frames outside of what is unknown", told.size);
            if frame.function == UNKNOWN {
                is_cut = true;
                continue;
            }
            let address = frame.function.strip_prefix("0x").unwrap_or_else(|| {
                panic!("{}: {} is no address", told.size, frame.function);
            });
            recorded.push(u64::from_str_radix(address, 16).unwrap());
        }
        // the innermost one called two functions: the allocator, and the unwinder
        let recorded = &recorded[1..];
        let mut left = recorded.iter();
        let mut next = left.next();
        for (instruction, start) in &told.frames[1..] {
            if next == Some(instruction) {
                next = left.next();
                continue;
            }
            if next.is_none() && is_cut {
                break;
            }
            // in the place of the interpreter's frame stands what it ran
            let ran_python = evaluation != 0 && *start == evaluation;
            assert!(
                ran_python,
                "block of {}: {} for {}, of which {instruction:#x} is missing",
                told.size,
                hexadecimal(recorded.iter()),
                hexadecimal(told.frames[1..].iter().map(|(it, _)| it)),
            );
        }
        assert_eq!(
            next, None,
            "block of {}: frames that are not there",
            told.size
        );
        tally.cut += usize::from(is_cut);
        tally.whole += usize::from(!is_cut);
        tally.frames += recorded.len();
    }
    tally
}

fn hexadecimal<'a>(addresses: impl Iterator<Item = &'a u64>) -> String {
    let texts: Vec<_> = addresses.map(|it| format!("{it:#x}")).collect();
    texts.join(" ")
}

/// The program of `programs/NAME.cpp`; `None` without a compiler that knows C++20.
fn compiled(name: &str, optimised: &str) -> Option<PathBuf> {
    let folder = programs::scratch().join(format!("unwinding-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let output = folder.join(format!("{name}{optimised}"));
    let done = Command::new("c++")
        .args([
            "-std=c++20",
            "-g",
            "-fno-builtin",
            "-D_GNU_SOURCE",
            optimised,
        ])
        .arg("-o")
        .args([&output, &programs::source(&format!("{name}.cpp"))])
        .output();
    let done = done.ok().filter(|done| done.status.success());
    done.map(|_| output)
}

#[test]
fn stacks_of_signal_handlers_and_coroutines_on_stacks_of_their_own_are_those_of_libgcc() {
    let program = programs::c("unwound_stacks");
    for seed in ["1", "2", "3"] {
        let scenario = Scenario::program(&program).argument("told").argument(seed);
        let run = scenario.recorded();
        assert_eq!(run.stdout, "1\n");
        let tally = compare(&run);
        // a coroutine's stack ends at the very start of a function, which nobody can tell
        assert!(tally.whole > 500, "{tally:?}");
        assert!(tally.whole + tally.cut > 10_000, "{tally:?}");
        assert!(tally.frames > 40_000, "{tally:?}");
    }
}

#[test]
fn stacks_of_coroutines_of_cpp_are_those_of_libgcc() {
    for optimised in ["-O0", "-O2"] {
        let Some(program) = compiled("unwound_coroutines", optimised) else {
            eprintln!("not tested, because there is no C++ compiler that knows C++20");
            return;
        };
        for seed in ["1", "2"] {
            let scenario = Scenario::program(&program).argument("told").argument(seed);
            let run = scenario.recorded();
            assert_eq!(run.stdout, "1\n");
            let tally = compare(&run);
            assert_eq!(tally.cut, 0, "{tally:?}");
            assert!(tally.whole > 10_000, "{tally:?}");
        }
    }
}

#[test]
fn stacks_of_greenlets_that_hand_over_in_native_code_are_those_of_libgcc() {
    let library = programs::c_with("unwound_library", "libunwound.so", &["-shared", "-fPIC"]);
    for interpreter in packages::with("greenlet") {
        let folder = packages::folder(interpreter).unwrap();
        let run = Scenario::script(interpreter, "unwound_greenlets.py")
            .argument("told")
            .argument("5")
            .argument(&library)
            .option("--native")
            .environment("PYTHONPATH", folder)
            .recorded();
        let tally = compare(&run);
        assert_eq!(tally.cut, 0, "{interpreter}: {tally:?}");
        assert!(tally.whole > 6000, "{interpreter}: {tally:?}");
    }
}

/// The same, for what Python ran there.
#[test]
fn python_frames_of_greenlets_among_native_ones_are_those_of_the_interpreter() {
    for (number, interpreter) in packages::with("greenlet").iter().enumerate() {
        let seed = (20_261_222 + number).to_string();
        crate::stacks::compare_native(interpreter, "stacks_greenlets.py", &[&seed, "4000"], 4000);
    }
}
