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

/// Words that hold the characters of a text as the interpreter keeps them: four bytes each at the most.
const CHARACTER_WORDS: usize = MAX_TEXT / 2;
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
        let mut characters = [0; CHARACTER_WORDS];
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
            let mut bytes = [0; STRING_WORDS * 8];
            for (bytes, word) in bytes.chunks_exact_mut(8).zip(&words[..count]) {
                bytes.copy_from_slice(&word.to_ne_bytes());
            }
            let piece = &bytes[place - start..count * 8];
            let end = piece.iter().position(|&byte| byte == 0);
            self.push(&piece[..end.unwrap_or(piece.len())]);
            if end.is_some() {
                return Some(());
            }
            place = start + count * 8;
        }
        // the last piece may have ended within a character
        if let Err(error) = core::str::from_utf8(self.bytes())
            && error.error_len().is_none()
        {
            self.used = error.valid_up_to();
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
    // SAFETY: as said above.
    whole.push_string(unsafe { Reader::doubtful() }, name)?;
    Some(whole)
}

/// The name of a type that was made at run time: `module.Qualname`, without a module for what is built
/// in. `None` if there is no such type. The lock must be held.
pub fn of_heap_type<L: Layout>(kind: usize) -> Option<Name> {
    // SAFETY: as said above.
    let reader = unsafe { Reader::doubtful() };
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

#[cfg(test)]
mod tests {
    use super::of_static_type;

    fn name(text: &std::ffi::CStr) -> Vec<u8> {
        let name = of_static_type(text.as_ptr().addr());
        name.expect("it is there").bytes().to_vec()
    }

    #[test]
    fn a_string_is_read_to_its_end_or_to_the_last_whole_character() {
        // at every place within a word
        let text = *b"12345678module.Kind\0";
        for start in 0..8 {
            let read = of_static_type(text.as_ptr().addr() + start).expect("it is there");
            assert_eq!(read.bytes(), &text[start..19]);
        }
        assert_eq!(name(c""), b"");
        for front in 0..9 {
            let text = format!("{}{}", "x".repeat(248 + front), "\u{e9}".repeat(9));
            let whole = 248 + front + (256 - 248 - front) / 2 * 2;
            let text = std::ffi::CString::new(text).expect("no zero");
            let read = name(&text);
            assert_eq!(read, &text.as_bytes()[..whole], "{front}");
        }
        assert!(of_static_type(0).is_none());
        assert!(of_static_type(0x10_0000_0008).is_none());
    }
}
