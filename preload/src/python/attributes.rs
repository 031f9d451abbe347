//! Looking a text up in the interpreter's dictionaries, and in the attributes of an object, without
//! calling into the interpreter.

use super::layout::objects::{
    DICT_IN_FRONT, DICT_KEYS, DICT_VALUES, FLAG_INLINE_VALUES, FLAG_MANAGED_DICT, OBJECT_TYPE,
    TYPE_BASIC_SIZE, TYPE_DICT_OFFSET, TYPE_FLAGS, VALUES_IN_FRONT,
};
use super::layout::{Attributes, Layout};
use super::load;
use super::text::Text;
use core::sync::atomic::{AtomicUsize, Ordering};

/// The address of `PyUnicode_Type`.
pub static TYPE_OF_TEXTS: AtomicUsize = AtomicUsize::new(0);

/// The text at a text key of a dictionary; empty when there is none.
///
/// # Safety
///
/// `dict` must be a live `dict` or null, and the interpreter lock be held.
pub unsafe fn text_in_dict<L: Layout>(dict: usize, key: &[u8]) -> Text {
    if dict == 0 {
        return Text::EMPTY;
    }
    // SAFETY: a live dict has these fields; with values of its own, its keys have none.
    unsafe {
        let Some(found) = find_key::<L>(load(dict, DICT_KEYS), key) else {
            return Text::EMPTY;
        };
        let values = load(dict, DICT_VALUES);
        let value = if values == 0 {
            found.value
        } else {
            load(values, L::VALUES_OFFSET + 8 * found.index)
        };
        text::<L>(value)
    }
}

/// The text that an attribute of an object holds; empty when it holds none, or another object.
///
/// # Safety
///
/// `object` must be a live object whose type is a heap type, and the interpreter lock be held.
pub unsafe fn text_attribute<L: Layout>(object: usize, name: &[u8]) -> Text {
    // SAFETY: the caller's promise; where attributes are kept is what `L::ATTRIBUTES` says.
    unsafe {
        let kind = load(object, OBJECT_TYPE);
        let flags = load(kind, TYPE_FLAGS) as u64;
        let cached_keys = load(kind, L::TYPE_CACHED_KEYS);
        let (values, dict) = match L::ATTRIBUTES {
            Attributes::Dict => {
                let offset = load(kind, TYPE_DICT_OFFSET);
                if offset == 0 || offset > 4096 {
                    return Text::EMPTY;
                }
                (0, load(object, offset))
            }
            _ if flags & FLAG_MANAGED_DICT == 0 => return Text::EMPTY,
            Attributes::ValuesAndDict => (
                load(object - VALUES_IN_FRONT, 0),
                load(object - DICT_IN_FRONT, 0),
            ),
            Attributes::Tagged => {
                let word = load(object - DICT_IN_FRONT, 0);
                if word & 1 == 0 {
                    (0, word)
                } else {
                    (word + 1, 0)
                }
            }
            Attributes::Inline => {
                let dict = load(object - DICT_IN_FRONT, 0);
                let values = object + load(kind, TYPE_BASIC_SIZE);
                let inline =
                    flags & FLAG_INLINE_VALUES != 0 && ((values + 3) as *const u8).read() != 0;
                if inline { (values, 0) } else { (0, dict) }
            }
        };
        if values == 0 || cached_keys == 0 {
            return text_in_dict::<L>(dict, name);
        }
        match find_key::<L>(cached_keys, name) {
            Some(found) => text::<L>(load(values, L::VALUES_OFFSET + 8 * found.index)),
            None => Text::EMPTY,
        }
    }
}

/// Where a key stands among a dictionary's keys, and the value beside it.
struct Found {
    index: usize,
    value: usize,
}

/// Finds a text among a dictionary's keys.
///
/// # Safety
///
/// `keys` must be live keys of a dictionary.
unsafe fn find_key<L: Layout>(keys: usize, wanted: &[u8]) -> Option<Found> {
    // SAFETY: the layout of the keys: from 3.11 on the sizes are logarithms, and entries of a
    // dictionary with text keys alone have no hash.
    unsafe {
        let (count, entries, step) = if L::COMPACT_KEYS {
            let index_bytes = 1usize << ((keys + 9) as *const u8).read();
            let text_keys = ((keys + 10) as *const u8).read() != 0;
            (
                load(keys, 24),
                keys + 32 + index_bytes,
                if text_keys { 16 } else { 24 },
            )
        } else {
            let size = load(keys, 8);
            let width = match size {
                0..=0xff => 1,
                0x100..=0xffff => 2,
                _ => 4,
            };
            (load(keys, 32), keys + 40 + size * width, 24)
        };
        (0..count).find_map(|index| {
            let entry = entries + index * step + step - 16;
            let (name, value) = (load(entry, 0), load(entry, 8));
            (is_text(name) && equals::<L>(name, wanted)).then_some(Found { index, value })
        })
    }
}

/// An object as a text, if it is one.
unsafe fn text<L: Layout>(object: usize) -> Text {
    // SAFETY: the caller's promise: a live object, or null.
    unsafe {
        if is_text(object) {
            Text::of::<L>(object)
        } else {
            Text::EMPTY
        }
    }
}

/// Whether an object is exactly a `str`; null is not.
unsafe fn is_text(object: usize) -> bool {
    // SAFETY: every object has a type.
    unsafe { object != 0 && load(object, OBJECT_TYPE) == TYPE_OF_TEXTS.load(Ordering::Relaxed) }
}

/// Whether a text is the given one.
unsafe fn equals<L: Layout>(object: usize, wanted: &[u8]) -> bool {
    // SAFETY: the caller's promise: a live text.
    let text = unsafe { Text::of::<L>(object) };
    let mut same = text.bytes() == wanted.len();
    if same {
        text.pieces(|piece| same = piece == wanted);
    }
    same
}
