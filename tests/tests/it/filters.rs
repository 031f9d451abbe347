//! A filter means the same in every report: what passes it and what does not are everything.

use crate::binaries::memprof;
use crate::exports::heaptrack_events;
use crate::interpreters::usual;
use crate::scenario::{Run, Scenario, finish};
use serde_json::Value;
use std::fs;
use std::process::Command;

const CONDITIONS: [&str; 6] = [
    "type==__main__.Slots",
    "size>1KiB",
    "lifetime<100s",
    "freed==never",
    "domain==obj and not file~\"*frozen\"",
    "stack~\"make (\"",
];

fn recorded() -> Run {
    Scenario::script(usual(), "kinds.py").recorded()
}

/// Checks that what a report says of each condition and of its opposite adds up to what it says
/// without any.
fn divides(what: &str, sums: impl Fn(Option<&str>) -> Vec<i64>) {
    let all = sums(None);
    for condition in CONDITIONS {
        let some = sums(Some(condition));
        let others = sums(Some(&format!("not ({condition})")));
        let both: Vec<i64> = some.iter().zip(&others).map(|(a, b)| a + b).collect();
        assert_eq!(both, all, "{what}: {condition}");
        assert!(
            some.iter().any(|&it| it > 0),
            "{what}: {condition}: {some:?}"
        );
        assert_ne!(some, all, "{what}: {condition}");
    }
}

fn words<'a>(words: &[&'a str], filter: Option<&'a str>) -> Vec<&'a str> {
    let filter = filter.into_iter().flat_map(|filter| ["--filter", filter]);
    words.iter().copied().chain(filter).collect()
}

fn number(value: &Value) -> i64 {
    value
        .as_i64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

#[test]
fn filters_divide_the_numbers_of_a_recording() {
    let run = recorded();
    divides("stats", |filter| {
        let stats = run.json(&words(&["stats"], filter));
        assert_eq!(stats["filter"].as_str(), filter);
        let sizes = stats["sizes"].as_array().unwrap().iter();
        let allocators = stats["by_allocator"].as_object().unwrap().values();
        let threads = stats["threads"].as_array().unwrap().iter();
        vec![
            number(&stats["allocations"]),
            number(&stats["bytes_allocated"]),
            number(&stats["frees"]),
            number(&stats["peak"]["bytes"]),
            number(&stats["peak"]["blocks"]),
            number(&stats["end"]["bytes"]),
            number(&stats["end"]["blocks"]),
            sizes.map(|it| number(&it["count"])).sum(),
            allocators.map(|it| number(&it["bytes"])).sum(),
            threads.map(|it| number(&it["allocations"])).sum(),
        ]
    });
}

#[test]
fn filters_divide_lines() {
    let run = recorded();
    divides("lines", |filter| {
        let lines = run.json(&words(&["lines", "--function", "^make$"], filter));
        // lines without anything that passes are not there
        let functions = lines["functions"].as_array().unwrap().iter();
        let rows = functions.flat_map(|it| it["lines"].as_array().unwrap());
        let amounts = rows.fold([0; 3], |mut sums, row| {
            let keys = ["bytes", "allocated_bytes", "net_bytes"];
            for (sum, key) in sums.iter_mut().zip(keys) {
                *sum += number(&row[key]);
            }
            sums
        });
        [amounts.to_vec(), vec![number(&lines["total"]["bytes"])]].concat()
    });
}

/// The varint at the front.
fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}

/// The blocks of one field of a protobuf message.
fn blocks(mut bytes: &[u8], wanted: u64) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let value = varint(&mut bytes);
        if key & 7 == 2 {
            let (block, rest) = bytes.split_at(usize::try_from(value).unwrap());
            bytes = rest;
            if key >> 3 == wanted {
                found.push(block);
            }
        }
    }
    found
}

#[test]
fn filters_divide_a_profile_for_pprof() {
    let run = recorded();
    divides("pprof", |filter| {
        let file = run.folder().join("profile.pb");
        run.report(&words(
            &["export", "pprof", "-f", "-o", file.to_str().unwrap()],
            filter,
        ));
        let bytes = fs::read(&file).unwrap();
        let mut sums = vec![0; 4];
        // samples are field 2, and their values again
        for sample in blocks(&bytes, 2) {
            let mut values = blocks(sample, 2)[0];
            for sum in &mut sums {
                *sum += i64::try_from(varint(&mut values)).unwrap();
            }
        }
        sums
    });
}

#[test]
fn ages_are_those_that_a_filter_finds() {
    let code = "import time\n\
                old = [bytearray(200_000) for _ in range(7)]\ntime.sleep(0.12)\n\
                new = [bytearray(200_000) for _ in range(5)]\n";
    let run = Scenario::code(usual(), code).recorded();
    let size = "size==200001";
    let of = |words: &[&str]| run.json(&[&["partition", "--at", "main-end"], words].concat());
    let report = of(&["--by", "age", "--filter", size]);
    assert_eq!(report["total"]["blocks"], 12);
    let rows = report["rows"].as_array().unwrap();
    for row in rows {
        let from = row["age_from"].as_f64().unwrap();
        let to = row["age_to"].as_f64();
        let to = to.map_or(String::new(), |to| format!(" and age<={to}s"));
        let filter = format!("{size} and age>{from}s{to}");
        let filter = if from == 0.0 {
            format!("{size}{to}")
        } else {
            filter
        };
        let same = of(&["--filter", &filter]);
        assert_eq!(same["total"]["blocks"], row["count"], "{filter}: {row}");
    }
    let old = rows
        .iter()
        .filter(|row| row["age_from"].as_f64() >= Some(0.1));
    let old: i64 = old.map(|row| number(&row["count"])).sum();
    // where the machine was busy the others are old as well
    assert!(old == 7 || old == 12, "{report}");
    let kinds = of(&["--by", "age,type", "--filter", size]);
    assert_eq!(kinds["rows"].as_array().unwrap().len(), rows.len());

    // what is left is of the same ages
    let leaks = run.json(&[
        "leaks",
        "--by",
        "age",
        "--filter",
        size,
        "--no-default-suppressions",
    ]);
    let mut left = blocks_by_age(&leaks, "blocks");
    let mut expected = blocks_by_age(&report, "count");
    left.sort_unstable();
    expected.sort_unstable();
    assert_eq!(left, expected, "{leaks}");
    for row in leaks["rows"].as_array().unwrap() {
        assert!(row["survival"].is_null() && row["allocated"].is_null());
    }
    // and the run grew old: what there is at each moment is of some age then
    let growth = run.json(&["growth", "--by", "age", "--moments", "9", "--filter", size]);
    let rows = growth["rows"].as_array().unwrap();
    let at = |row: &Value, moment: usize| number(&row["blocks"][moment]);
    for moment in 0..growth["times"].as_array().unwrap().len() {
        let sum: i64 = rows.iter().map(|row| at(row, moment)).sum();
        assert_eq!(sum, at(&growth["total"], moment), "{growth}");
    }
    let last = growth["times"].as_array().unwrap().len() - 1;
    let mut at_end: Vec<(String, i64)> = rows
        .iter()
        .map(|row| (row["age"].as_str().unwrap().to_owned(), at(row, last)))
        .filter(|(_, blocks)| *blocks != 0)
        .collect();
    at_end.sort_unstable();
    assert_eq!(at_end, expected, "{growth}");
    let young = rows.iter().find(|row| row["age_from"] == 0.0);
    assert!(
        young.is_some_and(|row| number(&row["maximum"]["blocks"]) >= 5),
        "{growth}"
    );
    let together = run.json(&["growth", "--by", "age,site", "--filter", size]);
    assert_eq!(together["total"]["maximum"]["blocks"], 12, "{together}");
}

/// How many blocks there are of each age.
fn blocks_by_age(report: &Value, key: &str) -> Vec<(String, i64)> {
    let rows = report["rows"].as_array().unwrap().iter();
    rows.map(|row| (row["age"].as_str().unwrap().to_owned(), number(&row[key])))
        .collect()
}

#[test]
fn filters_divide_the_events_for_heaptrack() {
    let run = recorded();
    let file = run.folder().join("events");
    divides("heaptrack", |filter| {
        let path = file.to_str().unwrap();
        run.report(&words(&["export", "heaptrack", "-f", "-o", path], filter));
        let text = fs::read_to_string(&file).unwrap();
        let command = text.lines().find(|line| line.starts_with("X ")).unwrap();
        if let Some(filter) = filter {
            assert!(command.ends_with(&format!("(only {filter})")), "{command}");
        }
        let [allocations, bytes, left] = heaptrack_events(&text);
        let stats = run.json(&words(&["stats"], filter));
        // stats counts a mapping that goes in parts where its last part goes
        let of_objects = |filter: &str| filter.contains("type==") || filter.contains("domain==");
        if filter.is_none_or(of_objects) {
            assert_eq!(allocations, number(&stats["allocations"]), "{filter:?}");
        }
        assert_eq!(left, number(&stats["end"]["bytes"]), "{filter:?}");
        vec![allocations, bytes, left]
    });
    for format in ["heaptrack", "chrome"] {
        let mut command = Command::new(memprof());
        command
            .args(["export", format, "--at", "end"])
            .arg(&run.file);
        let output = finish(command, b"");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let wanted = format!("memprof: {format} tells of the whole run: it takes no moment");
        assert!(said.starts_with(&wanted), "{said}");
    }
}

#[test]
fn counters_for_chrome_are_those_of_what_passes() {
    let code = "large = [bytearray(3_000_000) for _ in range(2)]\n\
                small = [bytearray(1_000_000) for _ in range(3)]\n\
                del large\n";
    let run = Scenario::code(usual(), code).recorded();
    let counters = |filter: &str| {
        let text = run.report(&["export", "chrome", "--filter", filter]);
        let trace: Value = serde_json::from_str(&text).unwrap();
        let events = trace["traceEvents"].as_array().unwrap().clone();
        let labels = events.iter().find(|it| it["name"] == "process_labels");
        let labels = labels.unwrap()["args"]["labels"].as_str();
        assert_eq!(labels, Some(&*format!("only {filter}")));
        let counters = events.into_iter().filter(|event| event["ph"] == "C");
        let counters = counters.inspect(|event| assert_eq!(event["name"], "Part of the heap"));
        let bytes: Vec<i64> = counters
            .map(|event| number(&event["args"]["bytes"]))
            .collect();
        bytes
    };
    let large = counters("size>2MB");
    assert_eq!(large.iter().max(), Some(&6_000_002), "{large:?}");
    assert_eq!(large.last(), Some(&0), "{large:?}");
    let small = counters("size>900kB and size<2MB");
    assert_eq!(small.iter().max(), Some(&3_000_003), "{small:?}");
}

#[test]
fn pages_and_images_hold_what_passes_and_say_so() {
    let code = "def keep_large():\n    return [bytearray(3_000_000) for _ in range(2)]\n\
                def keep_small():\n    return [bytearray(1_000_000) for _ in range(3)]\n\
                kept = keep_large(), keep_small()\n";
    let run = Scenario::code(usual(), code).recorded();
    // what is in a page is packed; less of it takes less room
    let page = |filter: &[&str]| {
        let page = run.folder().join("page.html");
        let words = ["flamegraph", "-f", "-o", page.to_str().unwrap()];
        run.report(&[&words[..], filter].concat());
        fs::metadata(&page).unwrap().len()
    };
    let all = page(&[]);
    let some = page(&["--filter", "size>900kB"]);
    let none = page(&["--filter", "size>900MB"]);
    assert!(none < some && some < all, "{none} {some} {all}");

    let image = run.folder().join("image.svg");
    let path = image.to_str().unwrap();
    run.report(&["timeline", "-o", path, "--filter", "size>2MB"]);
    let text = fs::read_to_string(&image).unwrap();
    let peak = format!("peak {:.1} MiB at ", 6_000_002.0 / f64::from(1 << 20));
    assert!(text.contains(&peak), "no {peak} in {text}");
    assert!(text.contains("Part of the heap"), "{text}");
}
