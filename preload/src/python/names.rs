//! What types and threads are called, as people know them.

use super::attributes::{Key, text_attribute, text_in_dict};
use super::layout::Layout;
use super::layout::objects::TYPE_DICT;
use super::load;
use super::reader::Reader;
use super::text::Text;
use crate::raw::PAGE;
use memprof_wire::codec::MAX_TEXT;

/// Where a type has the name of its module.
static MODULE: Key = Key::new(b"__module__");
/// Where a `threading.Thread` has its name.
static THREAD_NAME: Key = Key::new(b"_name");

/// Words of a C string that are read in one go.
const STRING_WORDS: usize = 8;

/// A text of at most [`MAX_TEXT`] bytes.
#[derive(Debug)]
pub struct Name {
    bytes: [u8; MAX_TEXT],
    used: usize,
}

impl Name {
    const fn empty() -> Self {
        Self {
            bytes: [0; MAX_TEXT],
            used: 0,
        }
    }

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

    /// Adds what a text object holds; `None` where there is none.
    fn push_text<L: Layout>(&mut self, reader: Reader, object: usize) -> Option<()> {
        let mut characters = [0; MAX_TEXT / 8];
        Text::copy::<L>(reader, object, &mut characters)?.pieces(|piece| self.push(piece));
        Some(())
    }

    /// Adds a C string, as far as it is there; `None` where there is none.
    fn push_string(&mut self, reader: Reader, address: usize) -> Option<()> {
        let mut words = [0; STRING_WORDS];
        let mut place = address;
        while self.used < MAX_TEXT {
            // the string may end with its page, and memory, too
            let start = place & !7;
            let count = ((PAGE - start % PAGE) / 8).min(STRING_WORDS);
            if start == 0 || !reader.read(start, &mut words[..count]) {
                return (place != address).then_some(());
            }
            for byte in words[..count]
                .iter()
                .flat_map(|word| word.to_ne_bytes())
                .skip(place - start)
            {
                if byte == 0 {
                    return Some(());
                }
                self.push(&[byte]);
            }
            place = start + count * 8;
        }
        Some(())
    }

    /// The text in UTF-8.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}

/// What a type is called by itself: `module.name` where it belongs to a module, as the manual of C types
/// asks for (`tp_name`). `None` where nothing is. The lock must be held.
pub fn of_static_type(name: usize) -> Option<Name> {
    let mut whole = Name::empty();
    whole.push_string(Reader::doubtful(), name)?;
    Some(whole)
}

/// The name of a type that was made at run time: `module.Qualname`, without a module for what is built
/// in. `None` if there is no such type. The lock must be held.
pub fn of_heap_type<L: Layout>(kind: usize) -> Option<Name> {
    let reader = Reader::doubtful();
    let mut name = Name::empty();
    let dict = reader.word(kind + TYPE_DICT)?;
    if let Some(module) = text_in_dict::<L>(reader, dict, &MODULE) {
        name.push_text::<L>(reader, module)?;
    }
    if name.bytes() == b"builtins" {
        name.used = 0;
    } else if name.used > 0 {
        name.push(b".");
    }
    name.push_text::<L>(reader, reader.word(kind + L::TYPE_QUALIFIED_NAME)?)?;
    Some(name)
}

/// The name of the thread whose outermost frame this is, as `threading` has it: that frame runs
/// `Thread._bootstrap(self)`. `None` for any other frame.
///
/// # Safety
///
/// `frame` must be a live frame of the calling thread that runs `code`, and the interpreter lock
/// be held.
pub unsafe fn of_thread<L: Layout>(frame: usize, code: usize) -> Option<Name> {
    let mut name = Name::empty();
    // SAFETY: a live code object has a name; the first local variable of that function is `self`,
    // an instance of a class made at run time, or a cell or nothing while the frame begins.
    unsafe {
        let reader = Reader::live();
        let mut function = Name::empty();
        function.push_text::<L>(reader, load(code, L::CODE_NAME))?;
        if !matches!(function.bytes(), b"Thread._bootstrap" | b"_bootstrap") {
            return None;
        }
        let thread = load(frame, L::FRAME_LOCALS) & !3;
        if thread == 0 {
            return None;
        }
        let text = text_attribute::<L>(reader, thread, &THREAD_NAME)?;
        name.push_text::<L>(reader, text)?;
    }
    (name.used > 0).then_some(name)
}
