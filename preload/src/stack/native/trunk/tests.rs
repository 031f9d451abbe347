//! Chains of trunks, and what is not looked at again below a mark.

use super::{Key, Link, Python, Trunks, Word};
use crate::python::layout::{Layout, V310};
use crate::stack::marks::{Marks, may_be_at};
use crate::stack::python::Frame;
use core::cell::{Cell, RefCell};
use memprof_wire::units::StackId;

/// The index of the Python frame that is marked.
const MARKED: usize = 96;

/// Words of a stack, and Python frames, of which one is real.
struct Program {
    words: [Cell<usize>; 4],
    frames: [Frame; MARKED + 1],
    objects: [RefCell<[u64; 64]>; 2],
    marks: Marks,
    trunks: Trunks,
}

fn key(number: usize) -> Key {
    Key {
        ip: 0x7000 + number,
        sp: 0x8000,
        bp: 0,
    }
}

impl Program {
    /// It stays where it is: what is kept knows its addresses.
    fn new() -> Box<Self> {
        let mut trunks = Trunks::new();
        assert!(trunks.begin());
        assert!(may_be_at::<V310>(MARKED));
        Box::new(Self {
            words: [const { Cell::new(1) }; 4],
            // SAFETY: a frame is made of numbers.
            frames: unsafe { core::mem::zeroed() },
            objects: [const { RefCell::new([0; 64]) }; 2],
            marks: Marks::new(),
            trunks,
        })
    }

    fn word(&self, number: usize) -> Word {
        // SAFETY: a word that is there.
        unsafe { Word::at(self.words[number].as_ptr().expose_provenance()) }
    }

    fn python(&self, depth: usize) -> Python {
        Python {
            depth,
            frames: self.frames.as_ptr(),
            ..Python::NONE
        }
    }

    /// A call sets the frame object up anew, and is the one that is seen from now on.
    fn call(&mut self, object: usize) {
        let mut words = self.objects[object].borrow_mut();
        words[V310::FRAME_TRACE_LINES / 8] |= 0xff << (V310::FRAME_TRACE_LINES % 8 * 8);
        words[V310::FRAME_TRACE_LINES / 8] ^= 0xfe << (V310::FRAME_TRACE_LINES % 8 * 8);
        self.frames[MARKED].address = words.as_mut_ptr().expose_provenance();
    }

    fn mark(&mut self) {
        // SAFETY: longer than the fields of a frame that are looked at.
        unsafe {
            self.marks
                .put_on::<V310>(MARKED, self.frames[MARKED].address);
        };
    }

    /// Keeps a trunk of one word, which goes on with another one.
    fn keep(&mut self, number: usize, depth: usize, next: Option<usize>) {
        let (word, python) = (self.word(number), self.python(depth));
        let next = next.map(|next| {
            let depth = if next == 1 { MARKED } else { 0 };
            // SAFETY: all words are there.
            let trunk = unsafe {
                self.trunks
                    .find::<V310>(key(next), self.python(depth), &self.marks)
            };
            // SAFETY: it was just found.
            unsafe { Link::to(trunk.expect("it is known")) }
        });
        let trunk = self
            .trunks
            .make_room(key(number), python, depth == 0)
            .expect("room");
        trunk.push(word).expect("room");
        if let Some(next) = next {
            // SAFETY: the trunks are where they were.
            unsafe { trunk.go_on(next, None, 0).expect("room") };
        }
        trunk.complete(key(number), StackId(7)).expect("room");
    }

    /// Three trunks, the second of which can be settled: it was called from by the marked frame.
    fn with_chain() -> Box<Self> {
        let mut program = Self::new();
        program.call(0);
        program.mark();
        program.keep(0, 0, None);
        program.keep(1, MARKED, Some(0));
        program.keep(2, MARKED + 1, Some(1));
        assert!(program.holds());
        program
    }

    fn holds(&self) -> bool {
        let python = self.python(MARKED + 1);
        // SAFETY: all words are there, and so are the frame objects.
        unsafe {
            self.trunks
                .find::<V310>(key(2), python, &self.marks)
                .is_some()
        }
    }

    fn change(&self, number: usize) {
        self.words[number].set(self.words[number].get() + 1);
    }
}

#[test]
fn a_chain_holds_as_long_as_all_its_words_do() {
    for number in 0..3 {
        let program = Program::with_chain();
        *program.objects[0].borrow_mut() = [0; 64];
        assert!(program.holds(), "the mark is gone, and nothing else");
        program.change(number);
        assert!(!program.holds(), "{number}");
    }
}

#[test]
fn what_is_further_out_than_a_mark_is_not_looked_at_again() {
    let program = Program::with_chain();
    program.change(1);
    assert!(program.holds());
    program.change(0);
    assert!(!program.holds(), "the outermost one is not the frame's own");
}

#[test]
fn all_that_is_further_out_than_python_is_looked_at() {
    let mut program = Program::new();
    program.call(0);
    program.mark();
    program.keep(0, 0, None);
    program.keep(3, 0, Some(0));
    program.keep(1, MARKED, Some(3));
    program.keep(2, MARKED + 1, Some(1));
    assert!(program.holds());
    program.change(1);
    assert!(program.holds(), "it is settled");
    program.change(3);
    assert!(!program.holds());
}

#[test]
fn a_mark_that_was_put_on_since_tells_nothing_of_what_was_before() {
    let mut program = Program::with_chain();
    program.call(0);
    program.mark();
    program.change(1);
    assert!(!program.holds());
}

#[test]
fn the_mark_of_another_frame_tells_nothing() {
    let mut program = Program::with_chain();
    let before = program.marks;
    program.marks = Marks::new();
    program.call(1);
    program.mark();
    program.marks = before;
    program.change(1);
    assert!(!program.holds());
}

#[test]
fn a_trunk_that_gave_way_is_no_part_of_a_chain() {
    let mut program = Program::with_chain();
    for _ in 0..2 * crate::stack::native::tags::WAYS {
        program.keep(1, MARKED, None);
    }
    assert!(!program.holds());
}

#[test]
fn a_base_that_decides_further_out_is_looked_at_where_it_was_saved() {
    let mut program = Program::new();
    let python = program.python(0);
    let further = program
        .trunks
        .make_room(key(0), python, true)
        .expect("room");
    further.rely_on_base(program.words[0].get());
    further.complete(key(0), StackId(7)).expect("room");
    let link = {
        let key = Key {
            bp: program.words[0].get(),
            ..key(0)
        };
        // SAFETY: it has no words.
        let further = unsafe { program.trunks.find::<V310>(key, python, &program.marks) };
        // SAFETY: it was just found.
        unsafe { Link::to(further.expect("it is known")) }
    };
    let slot = program.word(0).slot;
    for (number, base_slot) in [(1, Some(slot)), (2, None)] {
        let trunk = program
            .trunks
            .make_room(key(number), python, true)
            .expect("room");
        // SAFETY: the trunks are where they were.
        unsafe { trunk.go_on(link, base_slot, 5).expect("room") };
        trunk.complete(key(number), StackId(7)).expect("room");
    }
    let holds = |number: usize, bp: usize| {
        let key = Key { bp, ..key(number) };
        // SAFETY: all words are there.
        unsafe {
            program
                .trunks
                .find::<V310>(key, python, &program.marks)
                .is_some()
        }
    };
    assert!(holds(1, 0) && holds(2, 5));
    assert!(
        !holds(2, 6),
        "nobody saved it: it is the innermost frame's own"
    );
    program.change(0);
    assert!(!holds(1, 0));
}
