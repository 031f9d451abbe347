//! Sites that are kept, and found again as long as they hold.

use super::{Key, Python, Sites, StackId, Way, Word};
use crate::python::layout::V310;
use crate::stack::marks::Marks;
use crate::stack::native::trunk::Trunks;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

const PYTHON: Python = Python {
    depth: 3,
    stack: StackId(5),
    ..Python::NONE
};
const KEY: Key = Key {
    ip: 0x7000,
    sp: 0x8000,
    bp: 0,
};

fn word(place: &AtomicUsize) -> Word {
    // SAFETY: a word that is there.
    unsafe { Word::at(place.as_ptr().addr()) }
}

fn rooms() -> (Sites, Trunks) {
    let (mut sites, mut trunks) = (Sites::new(), Trunks::new());
    assert!(sites.begin() && trunks.begin());
    (sites, trunks)
}

/// A trunk of one word.
fn add_trunk(trunks: &mut Trunks, outer: Key, place: &AtomicUsize) {
    let trunk = trunks.make_room(outer, PYTHON, true).expect("room");
    trunk.push(word(place)).expect("room");
    trunk.complete(outer, StackId(7)).expect("room");
}

/// Keeps a site of these words, and a trunk that is there.
fn keep(sites: &mut Sites, trunks: &Trunks, outer: Key, words: &[Word], stack: StackId) {
    // SAFETY: the words are there, and so is the trunk.
    unsafe {
        let trunk = trunks
            .find::<V310>(outer, PYTHON, &Marks::new())
            .expect("a trunk");
        let way = Way {
            words,
            base_slot: 0,
            needs_base: false,
        };
        sites.keep(KEY, way, trunk, PYTHON, stack).expect("room");
    }
}

/// Keeps a site for each of so many callers, whose stacks are their numbers.
fn keep_callers(
    count: usize,
    sites: &mut Sites,
    trunks: &Trunks,
    outer: Key,
    caller: &AtomicUsize,
) {
    for number in 1..=count {
        caller.store(number, Relaxed);
        let stack = StackId(number as u32);
        keep(sites, trunks, outer, &[word(caller)], stack);
    }
}

fn find(sites: &mut Sites, python: Python) -> Option<StackId> {
    // SAFETY: all words that were kept are there.
    unsafe { sites.find::<V310>(KEY, python, &Marks::new()) }
}

#[test]
fn sites_that_begin_at_one_frame_are_told_apart_by_their_words() {
    let (mut sites, mut trunks) = rooms();
    let (caller, outside) = (AtomicUsize::new(0), AtomicUsize::new(9));
    let outer = Key { ip: 0x9000, ..KEY };
    add_trunk(&mut trunks, outer, &outside);
    keep_callers(3, &mut sites, &trunks, outer, &caller);
    for number in (1..=3).rev() {
        caller.store(number, Relaxed);
        assert_eq!(find(&mut sites, PYTHON), Some(StackId(number as u32)));
    }
    caller.store(4, Relaxed);
    assert_eq!(
        find(&mut sites, PYTHON),
        None,
        "a caller that was never seen"
    );
}

#[test]
fn a_site_is_no_longer_known_when_anything_behind_it_changed() {
    let (mut sites, mut trunks) = rooms();
    let (caller, outside) = (AtomicUsize::new(1), AtomicUsize::new(9));
    let outer = Key { ip: 0x9000, ..KEY };
    add_trunk(&mut trunks, outer, &outside);
    keep(&mut sites, &trunks, outer, &[word(&caller)], StackId(1));
    assert_eq!(find(&mut sites, PYTHON), Some(StackId(1)));
    let deeper = Python { depth: 4, ..PYTHON };
    assert_eq!(find(&mut sites, deeper), None, "another Python frame");
    let elsewhere = Python { entry: 8, ..PYTHON };
    assert_eq!(
        find(&mut sites, elsewhere),
        None,
        "another link of the interpreter"
    );
    outside.store(10, Relaxed);
    assert_eq!(find(&mut sites, PYTHON), None, "a word of the trunk");
    outside.store(9, Relaxed);
    assert_eq!(find(&mut sites, PYTHON), Some(StackId(1)));
    // all places of the trunk are given to others
    for _ in 0..2 * crate::stack::native::tags::WAYS {
        add_trunk(&mut trunks, outer, &outside);
    }
    assert_eq!(find(&mut sites, PYTHON), None, "the trunk");
}

#[test]
fn what_followed_a_site_the_last_time_is_looked_at_again() {
    let (mut sites, mut trunks) = rooms();
    let (caller, outside) = (AtomicUsize::new(0), AtomicUsize::new(9));
    let outer = Key { ip: 0x9000, ..KEY };
    add_trunk(&mut trunks, outer, &outside);
    keep_callers(4, &mut sites, &trunks, outer, &caller);
    let orders = [[1, 2, 3, 4], [1, 2, 3, 4], [4, 1, 1, 3], [2, 9, 2, 9]];
    for number in orders.into_iter().flatten() {
        caller.store(number, Relaxed);
        let known = (number < 5).then_some(StackId(number as u32));
        assert_eq!(find(&mut sites, PYTHON), known, "{number}");
    }
    sites.clear();
    assert!(sites.begin());
    assert_eq!(find(&mut sites, PYTHON), None, "nothing is left");
}

#[test]
fn a_stack_is_worth_a_site_when_it_is_missed_twice() {
    let (mut sites, _) = rooms();
    assert!(!sites.is_missed_again(StackId(3)));
    assert!(!sites.is_missed_again(StackId(4)));
    assert!(sites.is_missed_again(StackId(3)));
    assert!(sites.is_missed_again(StackId(4)));
    assert!(!sites.is_missed_again(StackId(3)), "it has a site now");
}
