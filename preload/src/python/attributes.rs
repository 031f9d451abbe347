//! Looking a text up in the interpreter's dictionaries, and in the attributes of an object, without
//! calling into the interpreter.

use super::layout::objects::{
    DICT_IN_FRONT, DICT_KEYS, DICT_VALUES, FLAG_INLINE_VALUES, FLAG_MANAGED_DICT, OBJECT_SIZE,
    OBJECT_TYPE, TYPE_BASIC_SIZE, TYPE_DICT_OFFSET, TYPE_FLAGS, VALUES_IN_FRONT,
};
use super::layout::{Attributes, Layout};
use super::reader::Reader;
use super::text::{LENGTH_LIMIT, Text};
use core::sync::atomic::{AtomicUsize, Ordering};

/// The address of `PyUnicode_Type`.
pub static TYPE_OF_TEXTS: AtomicUsize = AtomicUsize::new(0);

/// Keys of a dictionary that are looked at: none that is asked for has nearly as many.
const MOST_KEYS: usize = 1 << 14;
/// Words of a dictionary's entries that are read in one go.
const ENTRY_WORDS: usize = 96;

/// A key that dictionaries are asked for.
#[derive(Debug)]
pub struct Key {
    text: &'static [u8],
    /// The text object that it was last: the interpreter has one for all its dictionaries.
    object: AtomicUsize,
}

impl Key {
    /// A key of at most [`LENGTH_LIMIT`] bytes of ASCII.
    pub const fn new(text: &'static [u8]) -> Self {
        Self {
            text,
            object: AtomicUsize::new(0),
        }
    }

    /// Whether an object is this text; `None` where there is no object.
    fn is<L: Layout>(&self, reader: Reader, object: usize) -> Option<bool> {
        let [.., kind, length] = reader.words::<{ OBJECT_SIZE / 8 + 1 }>(object)?;
        if kind as usize != type_of_texts() || length as usize != self.text.len() {
            return Some(false);
        }
        let mut characters = [0; LENGTH_LIMIT / 8];
        let mut same = false;
        let text = Text::copy::<L>(reader, object, &mut characters)?;
        text.pieces(|piece| same = piece == self.text);
        Some(same)
    }
}

fn type_of_texts() -> usize {
    TYPE_OF_TEXTS.load(Ordering::Relaxed)
}

/// The text object at a key of a dictionary.
pub fn text_in_dict<L: Layout>(reader: Reader, dict: usize, key: &Key) -> Option<usize> {
    // an object gets its dictionary with its first attribute
    if dict == 0 {
        return None;
    }
    let found = find_key::<L>(reader, reader.word(dict.checked_add(DICT_KEYS)?)?, key)?;
    // with values of its own, its keys have none
    let value = match reader.word(dict + DICT_VALUES)? {
        0 => found.value,
        values => found.among::<L>(reader, values)?,
    };
    text(reader, value)
}

/// The text object that an attribute of an object is, whose type must be a heap type.
pub fn text_attribute<L: Layout>(reader: Reader, object: usize, name: &Key) -> Option<usize> {
    let kind = reader.word(object + OBJECT_TYPE)?;
    let flags = reader.word(kind + TYPE_FLAGS)? as u64;
    let cached_keys = reader.word(kind + L::TYPE_CACHED_KEYS)?;
    let (values, dict) = match L::ATTRIBUTES {
        Attributes::Dict => {
            let offset = reader.word(kind + TYPE_DICT_OFFSET)?;
            if offset == 0 || offset > 4096 {
                return None;
            }
            (0, reader.word(object + offset)?)
        }
        _ if flags & FLAG_MANAGED_DICT == 0 => return None,
        Attributes::ValuesAndDict => (
            reader.word(object - VALUES_IN_FRONT)?,
            reader.word(object - DICT_IN_FRONT)?,
        ),
        Attributes::Tagged => {
            let word = reader.word(object - DICT_IN_FRONT)?;
            if word & 1 == 0 {
                (0, word)
            } else {
                (word + 1, 0)
            }
        }
        Attributes::Inline => {
            let dict = reader.word(object - DICT_IN_FRONT)?;
            let values = object + reader.word(kind + TYPE_BASIC_SIZE)?;
            let has_values = flags & FLAG_INLINE_VALUES != 0;
            // `PyDictValues.valid`
            let inline = has_values && reader.word(values)? >> 24 & 0xff != 0;
            if inline { (values, 0) } else { (0, dict) }
        }
    };
    if values == 0 || cached_keys == 0 {
        return text_in_dict::<L>(reader, dict, name);
    }
    let found = find_key::<L>(reader, cached_keys, name)?;
    text(reader, found.among::<L>(reader, values)?)
}

/// Where a key stands among a dictionary's keys, and the value beside it.
struct Found {
    index: usize,
    value: usize,
}

impl Found {
    /// The value of the same key among values that stand apart from the keys.
    fn among<L: Layout>(&self, reader: Reader, values: usize) -> Option<usize> {
        reader.word(values.checked_add(L::VALUES_OFFSET + 8 * self.index)?)
    }
}

/// Finds a text among a dictionary's keys: from 3.11 on their sizes are logarithms, and entries of a
/// dictionary with text keys alone have no hash.
fn find_key<L: Layout>(reader: Reader, keys: usize, wanted: &Key) -> Option<Found> {
    let head: [u64; 5] = reader.words(keys)?;
    let (count, front, step) = if L::COMPACT_KEYS {
        let [_, logarithm, kind, ..] = (head[1] as u32).to_le_bytes();
        let index_bytes = 1usize.checked_shl(u32::from(logarithm))?;
        let step = if kind != 0 { 2 } else { 3 };
        (head[3], 32usize.checked_add(index_bytes)?, step)
    } else {
        let width = match head[1] {
            0..=0xff => 1,
            0x100..=0xffff => 2,
            _ => 4,
        };
        (
            head[4],
            (head[1] as usize).checked_mul(width)?.checked_add(40)?,
            3,
        )
    };
    let table = Entries {
        start: keys.checked_add(front)?,
        count: usize::try_from(count).ok()?.min(MOST_KEYS),
        step,
    };
    let likely = wanted.object.load(Ordering::Relaxed);
    let is_wanted = |name| match name {
        0 => Some(false),
        name => wanted.is::<L>(reader, name),
    };
    let found = table.find(reader, |name| {
        if name == likely {
            is_wanted(name)
        } else {
            Some(false)
        }
    });
    if found.is_some() {
        return found;
    }
    table.find(reader, |name| {
        let found = is_wanted(name)?;
        if found {
            wanted.object.store(name, Ordering::Relaxed);
        }
        Some(found)
    })
}

/// The entries of a dictionary.
struct Entries {
    start: usize,
    count: usize,
    /// Words of one; the last two are key and value.
    step: usize,
}

impl Entries {
    /// The first whose key is wanted. A key that is no object ends the search: these are no entries.
    fn find(&self, reader: Reader, is_wanted: impl Fn(usize) -> Option<bool>) -> Option<Found> {
        let mut words = [0; ENTRY_WORDS];
        let at_once = ENTRY_WORDS / self.step;
        for first in (0..self.count).step_by(at_once) {
            let words = &mut words[..at_once.min(self.count - first) * self.step];
            if !reader.read(self.start.checked_add(first * self.step * 8)?, words) {
                return None;
            }
            for (index, entry) in words.chunks_exact(self.step).enumerate() {
                if let [.., name, value] = *entry
                    && is_wanted(name as usize)?
                {
                    return Some(Found {
                        index: first + index,
                        value: value as usize,
                    });
                }
            }
        }
        None
    }
}

/// An object that is exactly a `str`; null is not.
fn text(reader: Reader, object: usize) -> Option<usize> {
    let kind = reader.words::<{ OBJECT_TYPE / 8 + 1 }>(object)?[OBJECT_TYPE / 8];
    (kind as usize == type_of_texts()).then_some(object)
}
