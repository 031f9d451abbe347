//! Every allocating function of the C library, and their corners.

use crate::capture::{Capture, What};
use crate::programs::c;
use crate::scenario::{Run, Scenario};
use memprof_wire::event::MappingKind;

fn address(word: &str) -> u64 {
    match word {
        "(nil)" => 0,
        word => u64::from_str_radix(word.trim_start_matches("0x"), 16).unwrap(),
    }
}

/// The words of the line that begins with a name.
fn line<'a>(run: &'a Run, name: &str) -> Vec<&'a str> {
    let lines = run.words().into_iter();
    let mut found = lines.filter(|words| words[0] == name);
    let mut words = found
        .next()
        .unwrap_or_else(|| panic!("no line {name} in {}", run.stdout));
    words.remove(0);
    words
}

/// What happened to an address from an allocation of a size on, as words.
fn story(capture: &Capture, size: u64) -> Vec<String> {
    let begin = capture.only(size);
    let mut words = vec![format!("{} {size}", begin.by)];
    let mut address = begin.address;
    let mut last_free_is_its = false;
    for happening in &capture.events[begin.place + 1..] {
        match happening.what {
            What::Free { address: freed } => {
                last_free_is_its = freed == address;
                if last_free_is_its {
                    words.push("free".into());
                }
            }
            What::FreeCancelled if last_free_is_its => words.push("not freed".into()),
            What::Allocation {
                address: new,
                size,
                by,
                ..
            } if last_free_is_its && by.starts_with("realloc") => {
                words.push(format!("{by} {size}"));
                address = new;
                last_free_is_its = false;
            }
            What::Allocation { address: new, .. } if new == address => break,
            _ => {}
        }
    }
    words
}

#[test]
fn every_allocating_function_is_recorded_once_with_its_size_name_and_free() {
    let run = Scenario::program(c("allocators")).recorded();
    let capture = run.capture();
    let lines = run.words();
    assert!(lines.len() >= 12, "{}", run.stdout);
    for words in lines {
        let [name, size, block] = words[..] else {
            panic!("{words:?}")
        };
        if name == "mmap" {
            continue;
        }
        let size = size.parse().unwrap();
        let seen = capture.only(size);
        assert_eq!((seen.by, seen.address), (name, address(block)), "{size}");
        assert_eq!(capture.frees_of(&seen), 1, "{name} {size}");
    }
    assert!(capture.complete);
    assert_eq!(capture.lost, 0);
}

#[test]
fn a_small_mapping_and_its_unmapping_are_recorded_exactly() {
    let run = Scenario::program(c("allocators")).recorded();
    let mapped = address(line(&run, "mmap")[1]);
    let capture = run.capture();
    let mut about = Vec::new();
    for happening in &capture.events {
        match happening.what {
            What::Map {
                address,
                length,
                kind,
                ..
            } if address == mapped => {
                assert_eq!(kind, MappingKind::Anonymous);
                about.push(("mapped", length));
            }
            What::Unmap { address, length } if address == mapped => {
                about.push(("unmapped", length));
            }
            _ => {}
        }
    }
    assert_eq!(about, [("mapped", 69632), ("unmapped", 69632)]);
}

#[test]
fn malloc_of_nothing_is_an_allocation_of_no_bytes() {
    let run = Scenario::program(c("corners")).recorded();
    let block = address(line(&run, "zero")[0]);
    let capture = run.capture();
    let zero: Vec<_> = capture
        .of_size(0)
        .into_iter()
        .filter(|it| it.address == block && it.by == "malloc")
        .collect();
    assert_eq!(zero.len(), 1);
    assert_eq!(capture.frees_of(&zero[0]), 1);
}

#[test]
fn realloc_frees_the_old_and_allocates_the_new_and_a_failing_one_does_neither() {
    let run = Scenario::program(c("corners")).recorded();
    let capture = run.capture();
    assert_eq!(line(&run, "realloc_to_zero")[1], "(nil)");
    assert_eq!(story(&capture, 50021), ["malloc 50021", "free"]);
    assert_eq!(line(&run, "realloc_fails")[1..], ["(nil)", "1"]);
    assert_eq!(
        story(&capture, 50023),
        ["malloc 50023", "free", "not freed", "free"]
    );
    assert_eq!(line(&run, "reallocarray_overflows")[1..], ["(nil)", "1"]);
    assert_eq!(
        story(&capture, 50033),
        ["malloc 50033", "free", "not freed", "free"]
    );
    let in_place = line(&run, "in_place");
    assert_eq!(in_place[0], in_place[1]);
    assert_eq!(
        story(&capture, 50047),
        ["malloc 50047", "free", "realloc 49999", "free"]
    );
    let moves = line(&run, "moves");
    assert_ne!(moves[0], moves[1]);
    assert_eq!(
        story(&capture, 50051),
        ["malloc 50051", "free", "realloc 90001", "free"]
    );
    assert_eq!(capture.only(90001).address, address(moves[1]));
}

#[test]
fn calls_that_fail_record_nothing() {
    let run = Scenario::program(c("corners")).recorded();
    let capture = run.capture();
    assert_eq!(line(&run, "malloc_fails"), ["(nil)"]);
    assert_eq!(line(&run, "calloc_overflows"), ["(nil)"]);
    assert_eq!(line(&run, "bad_alignment"), ["1", "0x4d"]);
    assert_eq!(line(&run, "memalign_fails"), ["1", "0x4d"]);
    assert_eq!(line(&run, "memalign_huge"), ["(nil)"]);
    assert_eq!(capture.of_size(50069), []);
    let largest = capture.allocations().map(|it| it.size).max();
    assert!(largest < Some(1 << 30), "{largest:?}");
    assert!(capture.allocations().all(|it| it.address != 0));
    let null = What::Free { address: 0 };
    assert!(capture.events.iter().all(|it| it.what != null));
}

#[test]
fn errno_is_left_as_it_was() {
    let run = Scenario::program(c("corners")).recorded();
    assert_eq!(line(&run, "errno"), ["4242"; 4]);
    assert_eq!(line(&run, "usable"), ["1"]);
}
