//! What a type is called: `module.Qualname`, as people know it.

use super::layout::Layout;
use super::text::Text;
use core::ffi::CStr;
use core::sync::atomic::{AtomicUsize, Ordering};
use memprof_wire::codec::MAX_TEXT;

/// The address of `PyUnicode_Type`.
pub static TYPE_OF_TEXTS: AtomicUsize = AtomicUsize::new(0);

const TYPE_NAME: usize = 24;
const TYPE_DICT: usize = 264;
const DICT_KEYS: usize = 32;

/// Calls `then` with the name of a type.
///
/// # Safety
///
/// `kind` must be a live type, and the interpreter lock be held.
pub unsafe fn of_type<L: Layout>(kind: usize, heap: bool, then: impl FnOnce(&[u8])) {
    let mut name = Name {
        bytes: [0; MAX_TEXT],
        used: 0,
    };
    // SAFETY: a live type has these fields.
    unsafe {
        if heap {
            let module = find_in_dict::<L>(load(kind, TYPE_DICT), b"__module__");
            Text::of::<L>(module).pieces(|piece| name.push(piece));
            if name.bytes() == b"builtins" {
                name.used = 0;
            } else if name.used > 0 {
                name.push(b".");
            }
            Text::of::<L>(load(kind, L::TYPE_QUALIFIED_NAME)).pieces(|piece| name.push(piece));
        } else {
            name.push(CStr::from_ptr(load(kind, TYPE_NAME) as *const _).to_bytes());
        }
    }
    then(name.bytes());
}

struct Name {
    bytes: [u8; MAX_TEXT],
    used: usize,
}

impl Name {
    fn push(&mut self, piece: &[u8]) {
        let room = &mut self.bytes[self.used..];
        // a name that is cut must not end within a character
        let mut length = piece.len().min(room.len());
        while length < piece.len() && length > 0 && piece[length] & 0xc0 == 0x80 {
            length -= 1;
        }
        room[..length].copy_from_slice(&piece[..length]);
        self.used += length;
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}

/// The text that stands at a text key in a dictionary that is not split (a type's own never is); 0 for none.
///
/// # Safety
///
/// `dict` must be a live `dict`, or null.
unsafe fn find_in_dict<L: Layout>(dict: usize, key: &[u8]) -> usize {
    if dict == 0 {
        return 0;
    }
    // SAFETY: the layout of the keys: from 3.11 on the sizes are logarithms, and entries of a
    // dictionary with text keys alone have no hash.
    unsafe {
        let keys = load(dict, DICT_KEYS);
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
            let width = if size <= 0xff {
                1
            } else if size <= 0xffff {
                2
            } else {
                4
            };
            (load(keys, 32), keys + 40 + size * width, 24)
        };
        for index in 0..count {
            let entry = entries + index * step + step - 16;
            let (name, value) = (load(entry, 0), load(entry, 8));
            if name != 0 && value != 0 && is_text(name) && equals::<L>(name, key) {
                return if is_text(value) { value } else { 0 };
            }
        }
    }
    0
}

/// Whether an object is exactly a `str`.
///
/// # Safety
///
/// `object` must be a live object.
unsafe fn is_text(object: usize) -> bool {
    // SAFETY: every object has a type.
    unsafe { load(object, 8) == TYPE_OF_TEXTS.load(Ordering::Relaxed) }
}

/// Whether a text is the given one.
///
/// # Safety
///
/// `object` must be a live `str`.
unsafe fn equals<L: Layout>(object: usize, wanted: &[u8]) -> bool {
    // SAFETY: the caller's promise: a live text.
    let text = unsafe { Text::of::<L>(object) };
    let mut same = text.bytes() == wanted.len();
    if same {
        text.pieces(|piece| same = piece == wanted);
    }
    same
}

/// Reads a word of an interpreter structure.
unsafe fn load(address: usize, offset: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { ((address + offset) as *const usize).read() }
}
