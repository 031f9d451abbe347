//! What a program maps: exact sizes, whatever is done to them, and what counts as heap.

use crate::capture::What;
use crate::programs::c;
use crate::scenario::{Run, Scenario};
use serde_json::Value;
use std::collections::HashSet;

const PAGE: i64 = 4096;

/// What is mapped at the end, and how much at most, in bytes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mapped {
    peak: i64,
    end: i64,
    blocks: i64,
    reserved: i64,
    files: i64,
}

/// Bytes of blocks that are alive at the end; these programs free no block while they map.
fn blocks(run: &Run) -> (i64, i64) {
    let capture = run.capture();
    let mut alive = std::collections::HashMap::new();
    for happening in &capture.events {
        match happening.what {
            What::Allocation { address, size, .. } => {
                alive.insert(address, size as i64);
            }
            What::Free { address } => {
                alive.remove(&address);
            }
            _ => {}
        }
    }
    (alive.values().sum(), alive.len() as i64)
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

/// What `memprof stats` says, without the blocks.
fn mapped(run: &Run) -> Mapped {
    let stats = run.json(&["stats"]);
    let (bytes, count) = blocks(run);
    let not_heap = &stats["not_heap"];
    Mapped {
        peak: number(&stats["peak"]["bytes"]) - bytes,
        end: number(&stats["end"]["bytes"]) - bytes,
        blocks: number(&stats["end"]["blocks"]) - count,
        reserved: number(&not_heap["reserved_at_end"]),
        files: number(&not_heap["files_at_end"]),
    }
}

fn after(what: &str) -> Mapped {
    let run = Scenario::program(c("mappings")).argument(what).recorded();
    mapped(&run)
}

fn heap(peak: i64, end: i64, blocks: i64) -> Mapped {
    Mapped {
        peak: peak * PAGE,
        end: end * PAGE,
        blocks,
        ..Mapped::default()
    }
}

#[test]
fn a_mapping_counts_what_was_asked_for() {
    let mapped = after("small");
    assert_eq!((mapped.peak, mapped.end), (2048, 0));
}

#[test]
fn the_tail_or_the_head_of_a_mapping_can_be_unmapped() {
    assert_eq!(after("tail"), heap(100, 60, 1));
    assert_eq!(after("head"), heap(100, 70, 1));
}

#[test]
fn a_gap_leaves_the_first_and_the_last_page() {
    assert_eq!(after("gap"), heap(100, 2, 1));
}

#[test]
fn many_holes_leave_one_mapping_with_the_rest_of_its_bytes() {
    assert_eq!(after("holes"), heap(100, 51, 1));
}

#[test]
fn one_unmapping_can_cover_several_mappings() {
    assert_eq!(after("several"), heap(90, 20, 2));
}

#[test]
fn a_fixed_mapping_replaces_what_was_there() {
    let expected = Mapped {
        reserved: 20 * PAGE,
        ..heap(100, 80, 3)
    };
    let found = after("overlay");
    // the first mapping is at both ends of the second
    let blocks = 2;
    assert_eq!(found, Mapped { blocks, ..expected });
}

#[test]
fn calls_that_fail_change_nothing() {
    assert_eq!(after("failing"), heap(100, 100, 1));
}

#[test]
fn a_mapping_that_grows_and_shrinks_where_it_is_counts_its_new_size() {
    let found = after("grow");
    assert_eq!((found.peak, found.end), (300 * PAGE, 150 * PAGE));
}

#[test]
fn a_mapping_that_moves_takes_its_bytes_along() {
    let found = after("move");
    assert_eq!((found.peak, found.end), (600 * PAGE, 400 * PAGE));
}

#[test]
fn addresses_that_are_set_aside_are_no_heap_until_they_are_usable() {
    let expected = Mapped {
        peak: 20 * PAGE,
        end: 15 * PAGE,
        blocks: 0,
        reserved: 985 * PAGE,
        files: 0,
    };
    let found = after("reserve");
    let blocks = found.blocks;
    assert_eq!(Mapped { blocks: 0, ..found }, expected);
    assert!((1..=2).contains(&blocks), "{blocks}");
}

#[test]
fn a_mapped_file_is_no_heap() {
    let expected = Mapped {
        files: 7000 * PAGE,
        ..heap(7, 7, 1)
    };
    assert_eq!(after("file"), expected);
}

/// What stands behind a page of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    None,
    Anonymous,
    File,
    Reserved,
}

/// Does page by page what the program says that it did.
fn model(lines: &[Vec<&str>]) -> Mapped {
    let mut pages = vec![Page::None; 1024];
    let mut mapped = Mapped::default();
    let count = |pages: &[Page], kind| {
        let of_kind = pages.iter().filter(|&&page| page == kind);
        of_kind.count() as i64 * PAGE
    };
    for words in lines {
        let number = |place: usize| words[place].parse::<usize>().unwrap();
        let range = number(1)..number(1) + number(2);
        match words[0] {
            "map" => pages[range].fill(match words[3] {
                "anonymous" => Page::Anonymous,
                "file" => Page::File,
                _ => Page::Reserved,
            }),
            "unmap" => pages[range].fill(Page::None),
            "protect" => {
                for page in &mut pages[range] {
                    *page = match (*page, words[3]) {
                        (Page::Reserved, "1") => Page::Anonymous,
                        (Page::Anonymous, "0") => Page::Reserved,
                        (page, _) => page,
                    }
                }
            }
            "move" => {
                let kind = pages[range.start];
                pages[range].fill(Page::None);
                pages[number(3)..number(3) + number(4)].fill(kind);
            }
            other => panic!("{other}"),
        }
        mapped.peak = mapped.peak.max(count(&pages, Page::Anonymous));
    }
    mapped.end = count(&pages, Page::Anonymous);
    mapped.files = count(&pages, Page::File);
    mapped.reserved = count(&pages, Page::Reserved);
    mapped
}

#[test]
fn random_mappings_agree_with_a_model_of_every_page() {
    for seed in 1..=12 {
        let run = Scenario::program(c("mappings_random"))
            .argument(seed.to_string())
            .argument("3000")
            .recorded();
        let lines = run.words();
        let calls: HashSet<&str> = lines.iter().map(|words| words[0]).collect();
        assert_eq!(calls.len(), 4, "{calls:?}");
        let found = mapped(&run);
        let expected = Mapped {
            blocks: found.blocks,
            ..model(&lines)
        };
        assert_eq!(found, expected, "seed {seed}");
    }
}
