//! Python stacks, held against what the interpreter itself tells.

use crate::capture::{Allocation, Capture, Frame};
use crate::interpreters::{self, Interpreter};
use crate::packages;
use crate::scenario::{Run, Scenario};
use memprof_wire::event::Note;
use serde::Deserialize;
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;

/// What a program wrote down: the size of a block, and where it was.
type Told = Vec<(u64, Vec<Frame>)>;

/// What `telling.py` wrote.
#[derive(Deserialize)]
struct Written {
    frames: HashMap<u32, (String, String, u32)>,
    samples: Vec<(u64, Vec<u32>)>,
}

fn told(run: &Run) -> Told {
    let text = fs::read_to_string(run.folder().join("told")).unwrap();
    let written: Written = serde_json::from_str(&text).unwrap();
    let frame = |number: &u32| {
        let (function, file, line) = written.frames[number].clone();
        Frame {
            function,
            file,
            line,
        }
    };
    let samples = written.samples.iter();
    samples
        .map(|(size, stack)| (*size, stack.iter().map(frame).collect()))
        .collect()
}

/// How many stacks are another than the program told, with the first few of them.
fn differences(capture: &Capture, told: &Told) -> (usize, String) {
    let mut by_size: HashMap<u64, Vec<Allocation>> = HashMap::new();
    for allocation in capture.allocations() {
        by_size.entry(allocation.size).or_default().push(allocation);
    }
    let mut calls = Vec::new();
    for (size, _) in told {
        let found = by_size.get(size).map_or(&[][..], Vec::as_slice);
        assert_eq!(found.len(), 1, "blocks of {size} bytes: {found:?}");
        calls.push(found[0].at);
    }
    let mut count = 0;
    let mut text = String::new();
    for (mut got, (size, wanted)) in capture.stacks(calls).into_iter().zip(told) {
        // machine code, which nobody names here, has no file
        got.retain(|frame| !frame.file.is_empty());
        let got = &got;
        if got != wanted {
            count += 1;
            if count <= 3 {
                let first = got
                    .iter()
                    .zip(wanted)
                    .position(|(got, wanted)| got != wanted);
                let place = first.unwrap_or(got.len().min(wanted.len()));
                let _ = write!(
                    text,
                    "\n{size}: {} frames for {}, the first other one at {place}: {:?} for {:?}",
                    got.len(),
                    wanted.len(),
                    got.get(place),
                    wanted.get(place),
                );
            }
        }
    }
    (count, text)
}

fn compare(interpreter: &Interpreter, script: &str, arguments: &[&str], least: usize) {
    compare_with(interpreter, script, arguments, least, None);
}

/// The same with native frames, which are left out of the comparison.
pub fn compare_native(interpreter: &Interpreter, script: &str, arguments: &[&str], least: usize) {
    compare_with(interpreter, script, arguments, least, Some("--native"));
}

fn compare_with(
    interpreter: &Interpreter,
    script: &str,
    arguments: &[&str],
    least: usize,
    option: Option<&str>,
) {
    let mut scenario = Scenario::script(interpreter, script).argument("told");
    if let Some(option) = option {
        scenario = scenario.option(option);
    }
    if let Some(folder) = packages::folder(interpreter) {
        scenario = scenario.environment("PYTHONPATH", folder);
    }
    for argument in arguments {
        scenario = scenario.argument(argument);
    }
    let run = scenario.recorded();
    let told = told(&run);
    assert!(told.len() >= least, "{interpreter}: {} samples", told.len());
    let capture = run.capture();
    let unknown = capture.notes.contains(&Note::UnknownInterpreter);
    assert!(!unknown, "{interpreter}");
    let (count, text) = differences(&capture, &told);
    assert_eq!(
        count,
        0,
        "{interpreter}: of {} stacks {count} are wrong:{text}",
        told.len()
    );
}

/// Nested calls, calls over many lines, generators, `yield from`, `throw`, callbacks from C,
/// comprehensions, `__init__`, properties, `with`, `__del__`, `exec`, coroutines, threads, deep
/// recursion with exceptions, and code objects that die and whose memory is used again.
#[test]
fn stacks_are_those_of_the_interpreter() {
    for interpreter in interpreters::all() {
        compare(interpreter, "stacks.py", &[], 2200);
    }
}

/// Deep frames are compared in other ways: by marks on them, or by the chunks that they lie in.
#[test]
fn stacks_of_random_programs_far_from_the_outer_end_are_those_of_the_interpreter() {
    for (number, interpreter) in interpreters::all().iter().enumerate() {
        let (seed, frames) = (77 + number, 84 + 3 * number);
        let arguments = [&seed.to_string(), "1500", &frames.to_string()];
        compare(interpreter, "stacks_below.py", &arguments, 1500);
    }
}

#[test]
fn stacks_of_random_programs_are_those_of_the_interpreter() {
    for (number, interpreter) in interpreters::all().iter().enumerate() {
        let seed = (20_261_122 + number).to_string();
        compare(interpreter, "stacks_random.py", &[&seed, "4000"], 4000);
    }
}

/// Of the frames that are kept from the last time several are compared in one go, each of which may be the one that has changed.
#[test]
fn a_caller_that_went_on_to_another_line_is_seen_however_far_out_it_is() {
    for (number, interpreter) in interpreters::all().iter().enumerate() {
        let (seed, calls) = (20_261_123 + number, 24 + 3 * number);
        for option in [None, Some("--native")] {
            let arguments = [&seed.to_string(), "500", &calls.to_string()];
            compare_with(
                interpreter,
                "stacks_lines.py",
                &arguments.map(|text| text as &str),
                500,
                option,
            );
        }
    }
}

/// Hundreds of frames deep, up a little or nearly to the top and down again, with exceptions that
/// go through hundreds of frames, and generators that are resumed at other depths and by other
/// threads.
#[test]
fn stacks_of_random_programs_of_hundreds_of_frames_are_those_of_the_interpreter() {
    for (number, interpreter) in interpreters::all().iter().enumerate() {
        let seed = (20_261_122 + number).to_string();
        compare(interpreter, "stacks_deep.py", &[&seed, "900"], 900);
    }
}

#[test]
fn stacks_of_greenlets_that_hand_over_at_random_are_those_of_the_interpreter() {
    for (number, interpreter) in packages::with("greenlet").iter().enumerate() {
        let seed = (20_261_122 + number).to_string();
        compare(interpreter, "stacks_greenlets.py", &[&seed, "4000"], 4000);
    }
}
