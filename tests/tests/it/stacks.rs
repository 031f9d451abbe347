//! Python stacks, held against what the interpreter itself tells.

use crate::capture::{Allocation, Capture, Frame};
use crate::interpreters::{self, Interpreter};
use crate::scenario::{Run, Scenario};
use memprof_wire::event::Note;
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;

/// What a program wrote down: the size of a block, and where it was.
type Told = Vec<(u64, Vec<Frame>)>;

fn told(run: &Run) -> Told {
    let text = fs::read_to_string(run.folder().join("told")).unwrap();
    let sample = |line: &str| {
        let sample: Value = serde_json::from_str(line).unwrap();
        let frames = sample[1].as_array().unwrap().iter();
        let frames = frames.map(|frame| Frame {
            function: frame[0].as_str().unwrap().to_owned(),
            file: frame[1].as_str().unwrap().to_owned(),
            line: frame[2].as_u64().unwrap() as u32,
        });
        (sample[0].as_u64().unwrap(), frames.collect())
    };
    text.lines().map(sample).collect()
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

#[test]
fn stacks_of_random_programs_are_those_of_the_interpreter() {
    for (number, interpreter) in interpreters::all().iter().enumerate() {
        let seed = (20_261_122 + number).to_string();
        compare(interpreter, "stacks_random.py", &[&seed, "4000"], 4000);
    }
}
