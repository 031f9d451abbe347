//! Whether a word that nobody knows yet is the address of a type.

use super::{CODE, Entry, METATYPE, TYPES};
use crate::python::layout::Layout;
use crate::python::layout::objects::{FLAG_COLLECTED, FLAG_HEAP, FLAG_READY, FLAG_TYPE};
use crate::python::{TypeHead, code_type, names};
use crate::thread::Thread;
use core::sync::atomic::{AtomicUsize, Ordering};
use memprof_wire::event::Event;
use memprof_wire::units::TypeId;

/// The address of `PyType_Type`.
pub(super) static TYPE_OF_TYPES: AtomicUsize = AtomicUsize::new(0);

/// Looks whether a word points to a type, and defines it if so.
#[cold]
pub(super) fn look<L: Layout>(thread: &mut Thread, word: usize) -> Entry {
    let no = Entry {
        word,
        number: 0,
        detail: 0,
    };
    let Some(head) = TypeHead::read(word) else {
        return no;
    };
    // what is static is never gone
    let is_alive = !head.has(FLAG_HEAP) || head.is_alive();
    let sound = is_alive && head.has(FLAG_READY) && is_size(head.basic_size());
    if !sound || !is_metatype(head.kind()) {
        return no;
    }
    let name = if head.has(FLAG_HEAP) {
        names::of_heap_type::<L>(word)
    } else {
        names::of_static_type(head.name())
    };
    let Some(name) = name else { return no };
    let offset = if !head.has(FLAG_COLLECTED) {
        0
    } else if !head.has_any(L::PRE_HEADER_FLAGS) {
        16
    } else {
        32
    };
    let metatype = if head.is_metatype() { METATYPE } else { 0 };
    let code = if word == code_type() { CODE } else { 0 };
    let Some(known) = TYPES.insert(word, offset | metatype | code) else {
        return no;
    };
    thread.event(&Event::Type {
        type_id: TypeId(known.number),
        name: name.bytes(),
    });
    Entry {
        word,
        number: known.number,
        detail: known.detail,
    }
}

/// Whether a word points to a type of types: `type`, or a type below it that is itself of such a
/// type. Words at random can look like one type, but not like a chain of them that ends at `type`.
fn is_metatype(word: usize) -> bool {
    let mut word = word;
    for _ in 0..4 {
        if word == TYPE_OF_TYPES.load(Ordering::Relaxed) {
            return true;
        }
        if !word.is_multiple_of(8) {
            return false;
        }
        let Some(head) = TypeHead::read(word) else {
            return false;
        };
        if !head.has(FLAG_TYPE | FLAG_READY) || !is_size(head.basic_size()) {
            return false;
        }
        word = head.kind();
    }
    false
}

/// Whether a number can be `tp_basicsize`.
fn is_size(number: u64) -> bool {
    (16..1 << 20).contains(&number)
}
