//! Stacks that are known from before are the ones that a walk of all frames finds.

use crate::interpreters::{self, Interpreter};
use crate::packages;
use crate::scenario::{Run, Scenario};
use memprof_recorder::WALK_EACH;
use std::collections::HashMap;

/// How often each stack below `function` allocated: its frames, outermost first, by name and line.
pub fn allocations(run: &Run, function: &str) -> HashMap<String, u32> {
    let file = run.folder().join("events");
    run.report(&[
        "export",
        "heaptrack",
        "--all-frames",
        "--force",
        "--output",
        file.to_str().unwrap(),
    ]);
    let text = std::fs::read_to_string(file).unwrap();
    let number = |word: &str| usize::from_str_radix(word, 16).unwrap();
    let (mut strings, mut frames) = (vec![""], vec![String::new()]);
    let (mut sites, mut allocations) = (vec![], vec![]);
    let mut stacks = vec![String::new()];
    // events come first, then strings, instructions and stacks
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[0] {
            "a" => sites.push(number(words[2])),
            "+" => allocations.push(sites[number(words[1])]),
            "s" => strings.push(line.splitn(3, ' ').nth(2).unwrap_or_default()),
            "i" => {
                let inlined = words[3..].chunks(3).filter(|chunk| chunk.len() == 3);
                let names =
                    inlined.map(|chunk| format!("{}:{}", strings[number(chunk[0])], chunk[2]));
                frames.push(names.collect::<Vec<_>>().join("/"));
            }
            "t" => {
                let outer = &stacks[number(words[2])];
                stacks.push(format!("{outer};{}", frames[number(words[1])]));
            }
            _ => {}
        }
    }
    let mut counts = HashMap::new();
    let stacks = allocations.iter().map(|&stack| &stacks[stack]);
    for stack in stacks.filter(|stack| stack.contains(function)) {
        *counts.entry(stack.clone()).or_default() += 1;
    }
    counts
}

/// Records a program twice, once with each stack walked anew, and compares what each stack below
/// `every_caller` allocated.
fn compare(interpreter: &Interpreter, program: &str) {
    let [known, walked] = ["0", "1"].map(|walk| {
        let mut scenario = Scenario::script(interpreter, program)
            .option("--native")
            .environment("PYTHONHASHSEED", "0")
            .environment(WALK_EACH, walk);
        if let Some(folder) = packages::folder(interpreter) {
            scenario = scenario.environment("PYTHONPATH", folder);
        }
        allocations(&scenario.recorded(), "every_caller")
    });
    let total: u32 = walked.values().sum();
    assert!(total > 20_000, "{interpreter}: {total}");
    assert!(walked.len() > 500, "{interpreter}: {}", walked.len());
    for (stack, count) in &walked {
        assert_eq!(known.get(stack), Some(count), "{interpreter}: {stack}");
    }
    assert_eq!(known.len(), walked.len(), "{interpreter}");
}

#[test]
fn stacks_that_are_known_are_those_that_a_walk_finds() {
    for interpreter in interpreters::all() {
        compare(interpreter, "callers.py");
    }
}

#[test]
fn deep_stacks_that_are_known_are_those_that_a_walk_finds() {
    for interpreter in interpreters::all() {
        compare(interpreter, "callers_deep.py");
    }
}

#[test]
fn stacks_of_greenlets_that_are_known_are_those_that_a_walk_finds() {
    for interpreter in packages::with("greenlet") {
        compare(interpreter, "callers_greenlets.py");
    }
}
