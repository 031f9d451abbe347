//! What the report says of a small program.

use super::{Circumstances, Leaks, Suppressions};
use crate::profile::{Development, Part, Profile, Totals, sample};

/// Everything in a profile was left, and nothing else is known.
fn leaks(profile: Profile, suppressions: Suppressions, top: Option<usize>) -> Leaks {
    let total = profile.total;
    let parts = vec![Part::Alive; profile.rows.len()];
    let mut development = Development::of(profile, parts);
    development.profile.moment = "end".into();
    let circumstances = Circumstances {
        time: 1.5,
        at_end: total,
        python: true,
        python_allocators: true,
    };
    Leaks::new(&development, None, suppressions, &circumstances, top)
}

#[test]
fn stacks_are_shown_innermost_first() {
    let expected = "\
Never freed: 10.4 KiB in 13 blocks
of which 50 B in 1 blocks by no code of your own: the interpreter and libraries keep some until the end

10.0 KiB in 10 blocks, 95.8%
    decode (/usr/lib/python3.11/json/decoder.py:355)
    load (/home/me/app/models.py:12)
    <module> (/home/me/app/main.py:3)

400 B in 2 blocks, 3.7%
    load (/home/me/app/models.py:12)
    <module> (/home/me/app/main.py:3)

50 B in 1 blocks, 0.5%
    <no stack>
";
    let leaks = leaks(sample::profile(), Suppressions::default(), None);
    assert_eq!(leaks.to_string(), expected);
}

#[test]
fn what_is_left_out_is_counted_and_said() {
    let suppressions = Suppressions::default().with_defaults(true);
    let leaks = leaks(sample::profile(), suppressions, None);
    assert_eq!(leaks.rows.len(), 2);
    assert_eq!(leaks.total.blocks, 13);
    assert_eq!((leaks.suppressed.bytes, leaks.suppressed.blocks), (50, 1));
    assert_eq!(leaks.suppressed.by[0].pattern, "inner:^<no stack>$");
    let text = leaks.to_string();
    assert!(
        text.contains("Left out by 1 suppressions: 50 B in 1 blocks;"),
        "{text}"
    );
}

#[test]
fn arenas_are_not_taken_for_leaks() {
    let development = Development::of(Profile::default(), Vec::new());
    let circumstances = Circumstances {
        time: 0.0,
        at_end: Totals::ZERO,
        python: true,
        python_allocators: false,
    };
    let leaks = Leaks::new(
        &development,
        None,
        Suppressions::default(),
        &circumstances,
        None,
    );
    let text = leaks.to_string();
    assert!(
        text.starts_with("Warning: CPython's own allocators were not recorded"),
        "{text}"
    );
}

#[test]
fn the_import_system_is_one_line() {
    let text = leaks(sample::import(), Suppressions::default(), None).to_string();
    let expected = "
    <module> (/home/me/models.py:1)
    … 2 frames of the import system
    <module> (/home/me/main.py:3)
";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn of_deep_stacks_both_ends_are_shown() {
    let leaks = leaks(sample::nested(1000), Suppressions::default(), Some(10));
    assert_eq!(leaks.rows[0].frames.as_ref().map(Vec::len), Some(1000));
    let text = leaks.to_string();
    assert!(text.contains("    … 975 more frames\n"), "{text}");
    assert_eq!(text.lines().count(), 3 + 20 + 1 + 5);
}
