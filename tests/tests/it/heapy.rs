//! heapy in the same process at the same moment: where guppy3 can be installed.

use crate::behaviours::python_importing;
use crate::programs::source;
use crate::scenario::{Folder, Run, Scenario, finish};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

type Kinds = BTreeMap<String, i64>;

fn guppy() -> Option<PathBuf> {
    python_importing(&["guppy3"], &["guppy"])
}

fn record(python: &Path) -> (Run, Kinds) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../preload/marks");
    let run = Scenario::program(python)
        .argument(source("heapy.py"))
        .environment("PYTHONPATH", folder)
        .recorded();
    let theirs: BTreeMap<String, (i64, i64)> = serde_json::from_str(&run.stdout).unwrap();
    let counts = theirs.into_iter().map(|(kind, (count, _))| (kind, count));
    let counts = counts.collect();
    (run, counts)
}

/// The kinds that heapy reads in our table, by its own reader.
fn read_by_heapy(python: &Path, run: &Run) -> Kinds {
    let folder = Folder::new();
    let file = folder.0.join("table.hpy");
    run.report(&[
        "export",
        "heapy",
        "--at",
        "mark:heapy",
        "-o",
        file.to_str().unwrap(),
    ]);
    let code = "import sys, json\nfrom guppy import hpy\nstat = hpy().load(sys.argv[1])\n\
                print(str(stat).splitlines()[0])\n\
                print(json.dumps({row.name: row.count for row in stat.get_rows()}))";
    let mut command = Command::new(python);
    command.args(["-c", code]).arg(&file);
    let output = finish(command, b"");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    let (first, rest) = text.split_once('\n').unwrap();
    let kinds: Kinds = serde_json::from_str(rest).unwrap();
    let sum: i64 = kinds.values().sum();
    assert!(
        first.starts_with(&format!("Partition of a set of {sum} objects.")),
        "{first}"
    );
    kinds
}

/// What heapy cannot see as memprof does; the guide to types explains each.
const EXPLAINED: [&str; 9] = [
    // in part heapy's own, which it leaves out
    "function",
    // in part of the interpreter's program file, never allocated
    "types.CodeType",
    "type",
    "dict of type",
    "types.BuiltinMethodType",
    "types.GetSetDescriptorType",
    "types.MemberDescriptorType",
    "types.MethodDescriptorType",
    "types.WrapperDescriptorType",
];

#[test]
fn counts_by_kind_are_those_of_heapy_within_one_per_cent() {
    let Some(python) = guppy() else { return };
    let (run, theirs) = record(&python);
    let ours = read_by_heapy(&python, &run);
    let mut compared = 0;
    for (kind, &count) in theirs.iter().filter(|(_, count)| **count >= 1000) {
        let got = ours.get(kind).copied().unwrap_or(0);
        let near = (got - count).abs() * 100 <= count;
        assert!(
            near || EXPLAINED.contains(&kind.as_str()),
            "{kind}: {got} for {count}"
        );
        compared += i64::from(near);
    }
    assert!(compared >= 12, "{theirs:?}");
    for (kind, number) in [
        ("__main__.Thing", 3000),
        ("dict of __main__.Thing", 3000),
        ("__main__.Slots", 2500),
        ("collections.deque", 1100),
        ("complex", 1200),
    ] {
        assert_eq!(theirs[kind], number, "{kind}");
        let values = "<values of __main__.Thing>";
        let without_dicts = kind == "dict of __main__.Thing" && !ours.contains_key(kind);
        assert!(
            ours.get(kind) == Some(&number) || without_dicts,
            "{kind}: {:?}, {:?}",
            ours.get(kind),
            ours.get(values)
        );
    }
}

#[test]
fn charged_sizes_add_up_and_count_objects_alone() {
    let run = Scenario::script(crate::interpreters::usual(), "kinds_and_lines.py").recorded();
    let at = |more: &[&str]| run.json(&[&["partition", "--at", "main-end"], more].concat());
    let (plain, charged) = (at(&[]), at(&["--charge"]));
    assert_eq!(plain["total"]["bytes"], charged["total"]["bytes"]);
    let find = |table: &Value, kind: &str| {
        let rows = table["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["kind"] == kind);
        row.map_or((0, 0), |row| {
            (
                row["count"].as_i64().unwrap(),
                row["bytes"].as_i64().unwrap(),
            )
        })
    };
    let (arrays, buffers) = ("array.array", "<buffer of array.array>");
    let ((count, bytes), (_, more)) = (find(&plain, arrays), find(&plain, buffers));
    assert!(more > 500_000, "{more}");
    assert_eq!(find(&charged, arrays), (count, bytes + more));
    assert_eq!(find(&charged, buffers), (0, 0));
}
