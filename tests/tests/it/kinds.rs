//! What the memory is: types, heapy's table, differences, filters and marks.

use crate::interpreters;
use crate::programs::source;
use crate::scenario::{Run, Scenario};
use serde_json::Value;

/// What `kinds.py` holds of each kind, in one thread.
const HELD: [(&str, i64); 9] = [
    ("__main__.Plain", 100),
    ("__main__.Slots", 200),
    ("__main__.Data", 300),
    ("collections.OrderedDict", 400),
    ("__main__.Deque", 500),
    ("complex", 600),
    ("bytearray", 700),
    ("__main__.Texts", 800),
    ("collections.Counter", 900),
];

fn count(partition: &Value, kind: &str) -> i64 {
    let rows = partition["rows"].as_array().unwrap().iter();
    rows.filter(|row| row["kind"] == kind)
        .map(|row| row["count"].as_i64().unwrap())
        .sum()
}

#[test]
fn objects_of_a_known_number_are_counted_exactly_at_the_peak() {
    for interpreter in interpreters::all() {
        let run = Scenario::script(interpreter, "kinds.py").recorded();
        let partition = run.json(&["partition"]);
        for (kind, number) in HELD {
            assert_eq!(count(&partition, kind), 2 * number, "{interpreter} {kind}");
        }
        let rows = partition["rows"].as_array().unwrap();
        let bytes: i64 = rows.iter().map(|row| row["bytes"].as_i64().unwrap()).sum();
        assert_eq!(partition["total"]["bytes"], bytes, "{interpreter}");
        assert_eq!(partition["total"], run.json(&["table"])["total"]);
    }
}

#[test]
fn a_type_and_a_line_together_tell_who_made_what() {
    let run = Scenario::script(interpreters::usual(), "kinds.py").recorded();
    let partition = run.json(&["partition", "--by", "type,line"]);
    let rows = partition["rows"].as_array().unwrap();
    let slots: Vec<&Value> = rows
        .iter()
        .filter(|row| row["kind"] == "__main__.Slots")
        .collect();
    assert_eq!(slots.len(), 1, "{slots:?}");
    assert_eq!(slots[0]["count"], 400);
    let text = std::fs::read_to_string(source("kinds.py")).unwrap();
    let line = text.lines().position(|line| line.contains("Slots() for"));
    assert_eq!(slots[0]["line"], line.unwrap() + 1);
}

#[test]
fn filters_divide_what_is_there() {
    let run = Scenario::script(interpreters::usual(), "kinds.py").recorded();
    let bytes = |filter: &str| {
        let table = run.json(&["table", "--filter", filter]);
        table["total"]["bytes"].as_i64().unwrap()
    };
    let all = run.json(&["table"])["total"]["bytes"].as_i64().unwrap();
    // half of all was allocated later, and most of what the program holds
    let events = run.report(&["events", "--all"]);
    let events = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let allocations = events.filter(|event: &Value| event["size"].is_u64());
    let mut times: Vec<f64> = allocations.map(|it| it["t"].as_f64().unwrap()).collect();
    times.sort_by(f64::total_cmp);
    let allocated = format!("allocated>{:.6}s", times[times.len() / 2]);
    for condition in [
        "type==__main__.Slots",
        "size>1KiB",
        "age>1ms",
        "lifetime<100s",
        &allocated,
        "freed==never",
        "depth>=3",
        "domain==obj and not file~\"*frozen\"",
        "thread==MainThread or stack~\"make (\"",
    ] {
        let part = bytes(condition);
        assert!(part > 0 && part < all, "{condition}: {part} of {all}");
        assert_eq!(
            part + bytes(&format!("not ({condition})")),
            all,
            "{condition}"
        );
    }
    let one = run.json(&["partition", "--filter", "type==__main__.Slots"]);
    assert_eq!(one["total"]["blocks"], 400);
}

fn holding(number: u32, above: &str) -> Run {
    let code = format!(
        "{above}def load():\n    return [bytearray(1000) for _ in range({number})]\n\
         held = load()\nheld.append(bytes(32 << 20))\n"
    );
    Scenario::code(interpreters::usual(), &code).recorded()
}

#[test]
fn a_difference_names_what_has_grown_though_its_line_has_moved() {
    let a = holding(1000, "");
    let b = holding(3000, "first = 1\nsecond = 2\n");
    let path = b.file.to_str().unwrap();
    let report = |newer: &str| {
        let output = std::process::Command::new(crate::binaries::memprof())
            .args(["diff", "--json", "--filter", "size==1001"])
            .arg(&a.file)
            .arg(newer)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let diff = report(path);
    let rows = diff["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{diff}");
    // before 3.12 a comprehension is a function of its own
    assert!(rows[0]["function"].as_str().unwrap().starts_with("load"));
    assert_eq!(rows[0]["line"], 4);
    assert_eq!(rows[0]["blocks"], 2000);
    assert_eq!(rows[0]["bytes"], 2_002_000);
    let none = report(a.file.to_str().unwrap());
    assert_eq!(none["rows"].as_array().unwrap().len(), 0);
}

#[test]
fn marks_and_spans_from_python_name_moments() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../preload/marks");
    let code = "import memprof\n\
                class Before: pass\n\
                class Within: pass\n\
                held = [Before() for _ in range(100)]\n\
                memprof.mark('made')\n\
                with memprof.span('work'):\n    held += [Within() for _ in range(50)]\n\
                held.clear()\n\
                print(memprof.listens)\n";
    for interpreter in interpreters::all() {
        let scenario = Scenario::code(interpreter, code).environment("PYTHONPATH", folder);
        assert_eq!(scenario.bare().stdout.trim(), "False", "{interpreter}");
        let run = scenario.recorded();
        assert_eq!(run.stdout.trim(), "True", "{interpreter}");
        let at = |words: &[&str]| run.json(&[&["partition"], words].concat());
        let made = at(&["--at", "mark:made"]);
        assert_eq!(count(&made, "__main__.Before"), 100, "{interpreter}");
        assert_eq!(count(&made, "__main__.Within"), 0, "{interpreter}");
        let work = at(&["--at", "mark:work:end", "--filter", "mark==work"]);
        assert_eq!(count(&work, "__main__.Before"), 0, "{interpreter}");
        assert_eq!(count(&work, "__main__.Within"), 50, "{interpreter}");
        let end = at(&["--between", "made", "work:end"]);
        assert_eq!(count(&end, "__main__.Within"), 50, "{interpreter}");
    }
}

#[test]
fn the_end_of_the_programs_own_code_is_a_moment_before_the_shutdown_frees_what_it_kept() {
    let kept = "class Kept: pass\nkept = [Kept() for _ in range(1234)]\n\
                passing = [Kept() for _ in range(4321)]\ndel passing";
    // a background job of a shell ignores this signal, so that the interpreter never takes it
    let ignoring = "import os, sys, signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n\
                    os.execv(sys.executable, [sys.executable, '-c', sys.argv[1]])";
    for interpreter in interpreters::all() {
        for scenario in [
            Scenario::code(interpreter, kept),
            Scenario::code(interpreter, ignoring).argument(kept),
        ] {
            let run = scenario.recorded();
            let at = |moment| run.json(&["partition", "--at", moment]);
            let number = count(&at("main-end"), "__main__.Kept");
            assert_eq!(number, 1234, "{scenario:?}");
            assert_eq!(count(&at("end"), "__main__.Kept"), 0, "{interpreter}");
        }
    }
}

#[test]
fn short_lives_are_told_by_time_or_by_further_allocations_and_filtered() {
    let code = "import time\nclass Short: pass\nclass Long: pass\n\
                kept = [Long() for _ in range(500)]\n\
                for _ in range(2000): x = Short(); del x\n\
                time.sleep(0.2)\ndel kept\n";
    let run = Scenario::code(interpreters::usual(), code).recorded();
    let blocks = |words: &[&str]| {
        let table = run.json(&[&["temporary"], words].concat());
        table["total"]["blocks"].as_i64().unwrap()
    };
    let short = "type==__main__.Short and size<100";
    let long = "type==__main__.Long";
    assert_eq!(blocks(&["--lifetime", "100ms", "--filter", short]), 2000);
    assert_eq!(blocks(&["--lifetime", "100ms", "--filter", long]), 0);
    assert_eq!(blocks(&["--lifetime", "100s", "--filter", long]), 500);
    assert_eq!(blocks(&["--allocations", "5", "--filter", short]), 2000);
    let all = blocks(&["--within", "5"]);
    let rows = run.json(&["temporary", "--within", "5", "--by", "type"]);
    assert_eq!(rows["total"]["blocks"], all);
    let rows = rows["rows"].as_array().unwrap().iter();
    let row = rows.filter(|row| row["kind"] == "__main__.Short");
    assert_eq!(
        row.map(|row| row["blocks"].as_i64().unwrap()).sum::<i64>(),
        2000
    );
}

#[test]
fn what_is_asked_wrongly_is_answered_with_the_nearest_right_thing() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../preload/marks");
    let scenario = Scenario::code(
        interpreters::usual(),
        "import memprof\nmemprof.mark('loaded')\nimport os\nos._exit(0)",
    );
    let run = scenario
        .environment("PYTHONPATH", folder)
        .option("--no-types")
        .recorded();
    let said = |words: &[&str], status| {
        let output = std::process::Command::new(crate::binaries::memprof())
            .args(words)
            .arg(&run.file)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(status), "{words:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    for (words, status, expected) in [
        (
            &["table", "--at", "mark:laoded"][..],
            1,
            "(did you mean loaded?)",
        ),
        (
            &["table", "--at", "main-end"],
            1,
            "--at end is the nearest moment",
        ),
        (&["table", "--by", "tpye"], 2, "(did you mean type?)"),
        (&["table", "--filter", "sizze>3"], 2, "(did you mean size?)"),
        (
            &["table", "--filter", "type==nowhere"],
            0,
            "nothing passes the filter",
        ),
        (&["partition"], 0, "no types were recorded"),
        (&["leaks", "--by", "type"], 0, "no types were recorded"),
        (&["growth", "--by", "type"], 0, "no types were recorded"),
        (
            &["leaks", "--suppressions", "/nowhere"],
            1,
            "cannot read the suppressions",
        ),
    ] {
        let said = said(words, status);
        assert!(said.contains(expected), "{words:?}: {said}");
    }
    // without types growth is told by line
    assert!(run.json(&["growth"])["rows"][0]["line"].is_u64());
}
