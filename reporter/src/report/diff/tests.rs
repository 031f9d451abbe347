use super::{Change, Diff};
use crate::profile::{By, Grouping, Profile, Sources, Totals, sample};
use proptest::prelude::*;

const FILE: &str = "/home/me/app/main.py";

/// A program of one file, in which functions begin, given with their first lines, and hold so many
/// bytes at lines, given with the functions they are in.
fn program(text: &str, functions: &[(&str, u32)], held: &[(usize, u32, i64)]) -> Profile {
    let frames: Vec<(&str, &str, u32)> = held
        .iter()
        .map(|(function, line, _)| (functions[*function].0, FILE, *line))
        .collect();
    let stacks: Vec<[usize; 1]> = (0..held.len()).map(|frame| [frame]).collect();
    let blocks: Vec<(&[usize], i64)> = stacks
        .iter()
        .zip(held)
        .map(|(stack, (.., bytes))| (stack.as_slice(), *bytes))
        .collect();
    let mut profile = sample::of_stacks(&frames, &blocks);
    for (function, line) in functions {
        profile.starts.add(function, FILE, *line);
    }
    profile.sources = Sources::saying(&[(FILE, text)]);
    profile
}

/// The changes by line: their lines in the newer one, and how many bytes.
fn changes(a: &Profile, b: &Profile) -> Vec<(String, i64)> {
    let diff = Diff::new(a, b, &Grouping::one(By::Line), None);
    let rows = diff.rows.iter();
    rows.map(|row| (row.labels[0].to_string(), row.totals().bytes))
        .collect()
}

fn at(function: &str, line: u32) -> String {
    format!("{function} ({FILE}:{line})")
}

const LOAD: &str = "def load():\n    a = make()\n    b = make_more()\n    a = make()\n";

#[test]
fn lines_below_inserted_ones_are_the_same_lines() {
    let a = program(LOAD, &[("load", 1)], &[(0, 2, 100), (0, 3, 50), (0, 4, 10)]);
    let moved = "import this\n\ndef load():\n    # more\n    a = make()\n    if a:\n        \
                 b = make_more()\n    a = make()\n";
    let held = [(0, 5, 100), (0, 7, 57), (0, 8, 10)];
    let b = program(moved, &[("load", 3)], &held);
    assert_eq!(changes(&a, &b), [(at("load", 7), 7)]);
    assert_eq!(changes(&b, &a), [(at("load", 3), -7)]);
    assert_eq!(changes(&a, &a), []);
}

#[test]
fn a_line_that_says_what_another_one_does_is_known_by_its_place_among_them() {
    let a = program(LOAD, &[("load", 1)], &[(0, 2, 100), (0, 4, 10)]);
    let b = program(
        &format!("\n{LOAD}"),
        &[("load", 2)],
        &[(0, 3, 10), (0, 5, 100)],
    );
    assert_eq!(changes(&a, &b), [(at("load", 5), 90), (at("load", 3), -90)]);
}

#[test]
fn a_line_that_both_have_is_no_other_one() {
    let a = program(LOAD, &[("load", 1)], &[(0, 2, 100)]);
    let b = program(LOAD, &[("load", 1)], &[(0, 3, 30)]);
    assert_eq!(
        changes(&a, &b),
        [(at("load", 3), 30), (at("load", 2), -100)]
    );
    // but one that was rewritten is
    let rewritten = LOAD.replace("make_more()", "make_much_more()");
    let a = program(LOAD, &[("load", 1)], &[(0, 3, 100)]);
    let b = program(&rewritten, &[("load", 1)], &[(0, 3, 130)]);
    assert_eq!(changes(&a, &b), [(at("load", 3), 30)]);
}

#[test]
fn a_function_of_another_name_is_another_function() {
    let a = program(LOAD, &[("load", 1)], &[(0, 3, 100)]);
    let renamed = LOAD.replace("load", "fetch");
    let b = program(&renamed, &[("fetch", 1)], &[(0, 3, 130)]);
    assert_eq!(
        changes(&a, &b),
        [(at("fetch", 3), 130), (at("load", 3), -100)]
    );
}

#[test]
fn without_what_one_of_them_says_lines_are_counted() {
    let a = program(LOAD, &[("load", 1)], &[(0, 2, 100), (0, 3, 50)]);
    let moved = format!("import this\n{LOAD}");
    let held = [(0, 3, 101), (0, 4, 50)];
    let mut b = program(&moved, &[("load", 2)], &held);
    b.sources = Sources::default();
    assert_eq!(changes(&a, &b), [(at("load", 3), 1)]);
    assert_eq!(changes(&b, &a), [(at("load", 2), -1)]);
}

/// Versions of a file with one function: each line is one of a few, and holds something or not.
fn version() -> impl Strategy<Value = Profile> {
    let line = (0u8..6, 0i64..50);
    proptest::collection::vec(line, 1..20).prop_map(|lines| {
        let texts = lines.iter().map(|(text, _)| match text {
            0 => "\n".to_owned(),
            text => format!("    a = {text}\n"),
        });
        let text = std::iter::once("def load():\n".to_owned()).chain(texts);
        let held: Vec<(usize, u32, i64)> = (2..)
            .zip(&lines)
            .map(|(line, (_, bytes))| (0, line, *bytes))
            .filter(|(.., bytes)| *bytes > 20)
            .collect();
        program(&text.collect::<String>(), &[("load", 1)], &held)
    })
}

proptest! {
    #[test]
    fn of_any_two_versions_the_opposite_difference_is_the_negative_one(
        a in version(), b in version()
    ) {
        let by_line = Grouping::one(By::Line);
        let amounts = |a, b| {
            let diff = Diff::new(a, b, &by_line, None);
            let mut rows: Vec<(Totals, Totals)> =
                diff.rows.iter().map(|row: &Change| (row.a, row.b)).collect();
            rows.sort_by_key(|(a, b)| (a.bytes, b.bytes));
            rows
        };
        let mut back: Vec<_> = amounts(&b, &a).into_iter().map(|(b, a)| (a, b)).collect();
        back.sort_by_key(|(a, b)| (a.bytes, b.bytes));
        let forth = amounts(&a, &b);
        let sum: i64 = forth.iter().map(|(a, b)| b.bytes - a.bytes).sum();
        prop_assert_eq!(sum, b.total.bytes - a.total.bytes);
        prop_assert_eq!(forth, back);
        prop_assert_eq!(amounts(&a, &a), []);
    }
}

#[test]
fn lines_that_moved_with_their_function_are_the_same() {
    let file = FILE;
    let mut a = sample::of_stacks(&[("load", file, 12)], &[(&[0], 100)]);
    let mut b = sample::of_stacks(&[("load", file, 15)], &[(&[0], 100), (&[0], 7)]);
    a.starts.add("load", file, 10);
    b.starts.add("load", file, 13);
    let diff = Diff::new(&a, &b, &Grouping::one(By::Line), None);
    assert_eq!(diff.rows.len(), 1, "{diff}");
    assert_eq!(diff.rows[0].totals(), Totals::block(7));
    assert_eq!(
        diff.rows[0].labels[0].to_string(),
        format!("load ({file}:15)")
    );
    // another function of that name: lines are all there is to go by, and their order
    b.starts.add("load", file, 90);
    let diff = Diff::new(&a, &b, &Grouping::one(By::Line), None);
    assert_eq!(diff.rows.len(), 1, "{diff}");
    assert_eq!(diff.rows[0].totals(), Totals::block(7));
    // as many lines on both sides there must be
    let functions = [("load", file, 15), ("load", file, 16)];
    let b = sample::of_stacks(&functions, &[(&[0], 100), (&[1], 7)]);
    let diff = Diff::new(&a, &b, &Grouping::one(By::Line), None);
    assert_eq!(diff.rows.len(), 3, "{diff}");
}

#[test]
fn as_text() {
    let (a, b) = (sample::branches(), sample::recursion());
    let text = Diff::new(&a, &b, &Grouping::one(By::Function), Some(1)).to_string();
    let expected = "\
A  peak: 1.1 KiB
B  peak: 70 B
B holds -1.0 KiB (-93.7%) and -1 blocks more than A

Bytes    %  Blocks    A     B  function
+70 B  new      +3  0 B  70 B  walk (/home/me/walk.py)
<3 more rows. Use --top N to view.>
";
    assert_eq!(text, expected);
}
