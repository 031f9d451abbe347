//! Threads: their order, their births and deaths, their names.

use crate::capture::{Capture, What};
use crate::interpreters;
use crate::programs::{c, c_with};
use crate::scenario::Scenario;
use std::collections::{HashMap, HashSet};

/// Blocks that are alive at the end; fails where a block is freed that is not there, or handed
/// out while it is.
fn alive_in_order(capture: &Capture) -> HashMap<u64, u64> {
    let mut alive = HashMap::new();
    for (place, happening) in capture.events.iter().enumerate() {
        match happening.what {
            What::Allocation { address, size, .. } => {
                let old = alive.insert(address, size);
                assert_eq!(old, None, "event {place}: {address:#x} twice");
            }
            What::Free { address } => {
                let old = alive.remove(&address);
                assert!(old.is_some(), "event {place}: {address:#x} is unknown");
            }
            _ => {}
        }
    }
    alive
}

#[test]
fn blocks_that_threads_hand_to_one_another_are_freed_after_they_were_allocated() {
    for threads in [4, 8] {
        let run = Scenario::program(c("threads"))
            .argument(threads.to_string())
            .argument("40000")
            .recorded();
        let capture = run.capture();
        alive_in_order(&capture);
        let blocks: u64 = run.stdout.trim().parse().unwrap();
        assert_eq!(blocks, threads * 40000);
        let own = |by: &str| {
            let all = capture.allocations();
            all.filter(|it| it.by == by && (16..596).contains(&it.size) && it.thread > 0)
                .count() as u64
        };
        // the C library's own blocks of a new thread are callocs of the main thread
        assert_eq!(own("malloc") + own("calloc"), blocks);
        assert!(own("realloc") > blocks / 20);
        assert_eq!(capture.threads.len() as u64, threads + 1);
        assert_eq!(capture.lost, 0);
        let stats = run.json(&["stats"]);
        assert_eq!(stats["unknown_frees"], 0);
        assert_eq!(stats["complete"], true);
        let allocations = capture.allocations().count() as i64;
        let mapped = capture.events.iter();
        let mapped = mapped.filter(|it| {
            matches!(it.what, What::Map { kind, .. }
            if kind == memprof_wire::event::MappingKind::Anonymous)
        });
        let mapped = mapped.count() as i64;
        assert_eq!(stats["allocations"].as_i64(), Some(allocations + mapped));
    }
}

#[test]
fn short_threads_on_small_stacks_are_recorded_to_their_last_destructor() {
    let run = Scenario::program(c("short_threads")).recorded();
    assert_eq!(run.stdout, "done\n");
    let capture = run.capture();
    alive_in_order(&capture);
    let mut threads = HashSet::new();
    for number in 1..=200 {
        let own = capture.only(200_000 + number);
        threads.insert(own.thread);
        for size in [300_000 + number, 400_000 + number] {
            let last = capture.only(size);
            assert_eq!(last.thread, own.thread, "{size}");
            assert_eq!(capture.frees_of(&last), 1);
        }
    }
    assert_eq!(threads.len(), 200);
}

#[test]
fn threads_are_known_by_the_names_that_they_give_themselves() {
    let run = Scenario::program(c("short_threads")).recorded();
    let capture = run.capture();
    let names = |size| &capture.threads[capture.only(size).thread].names;
    assert_eq!(names(600_003).last().unwrap(), "by-prctl");
    let renamed = names(600_002);
    assert_eq!(renamed.last().unwrap(), "renamed");
    assert!(renamed.contains(&"by-pthread".to_owned()), "{renamed:?}");
    let renames = |from, to| {
        let (from, to) = (capture.only(from).place, capture.only(to).place);
        let between = capture.events[from..to].iter();
        between.filter(|it| it.what == What::Renamed).count()
    };
    assert_eq!((renames(600_001, 600_002)), 1);
    let stats = run.json(&["stats"]);
    let threads = stats["threads"].as_array().unwrap();
    let listed = |name: &str| threads.iter().filter(|it| it["name"] == name).count();
    assert_eq!((listed("by-prctl"), listed("renamed")), (1, 1));
    assert_eq!(listed("short_threads"), threads.len() - 2);
}

#[test]
fn a_thread_whose_object_has_no_attributes_yet_is_not_harmed_by_the_search_for_its_name() {
    for interpreter in interpreters::all() {
        let run = Scenario::script(interpreter, "thread_without_dictionary.py").recorded();
        assert_eq!(run.stdout, "alive\n", "{interpreter}");
    }
}

/// Threads that the interpreter leaves to themselves allocate while it destroys what it knows of
/// them, and after it. What the C library has freed is filled with nonsense: who read it would not
/// live.
#[test]
fn threads_that_outlive_the_interpreter_go_on() {
    let library = c_with("daemons", "daemons.so", &["-shared", "-fPIC"]);
    for interpreter in interpreters::all() {
        for native in ["--no-native", "--native"] {
            let scenario = Scenario::script(interpreter, "daemons.py")
                .argument(&library)
                .option(native)
                .environment("MALLOC_PERTURB_", "165");
            let run = scenario.recorded();
            assert_eq!(run.stdout, "6 went on\n", "{interpreter} {native}");
            let capture = run.capture();
            assert!(capture.complete && capture.lost == 0);
            let mut blocks = HashMap::<usize, Vec<_>>::new();
            for block in capture.of_size(4567) {
                blocks.entry(block.thread).or_default().push(block.at);
            }
            let below = |at| {
                let stack = capture.stacks([at]).remove(0);
                stack.iter().filter(|it| it.function == "below").count()
            };
            let calls = |of: fn(&[_]) -> _| {
                let mut calls: Vec<usize> = blocks.values().map(|it| below(of(it))).collect();
                calls.sort_unstable();
                calls
            };
            let (first, last) = (calls(|it| it[0]), calls(|it| it[it.len() - 1]));
            assert_eq!(first, [1, 6, 11, 16, 21, 26], "{interpreter} {native}");
            assert_eq!(last, [0; 6], "{interpreter} {native}");
        }
    }
}
