//! What types and threads are called, as people know them.

use super::attributes::{text_attribute, text_in_dict};
use super::layout::Layout;
use super::layout::objects::{TYPE_DICT, TYPE_NAME};
use super::load;
use super::text::Text;
use core::ffi::CStr;
use memprof_wire::codec::MAX_TEXT;

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

    /// The text in UTF-8.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}

/// The name of a type: `module.Qualname`, without a module for what is built in.
///
/// # Safety
///
/// `kind` must be a live type, `heap` tell whether it was made at run time, and the interpreter
/// lock be held.
pub unsafe fn of_type<L: Layout>(kind: usize, heap: bool) -> Name {
    let mut name = Name::empty();
    // SAFETY: a live type has these fields.
    unsafe {
        if heap {
            let module = text_in_dict::<L>(load(kind, TYPE_DICT), b"__module__");
            module.pieces(|piece| name.push(piece));
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
    name
}

/// The name of the thread whose outermost frame this is, as `threading` has it: that frame runs
/// `Thread._bootstrap(self)`. `None` for any other frame.
///
/// # Safety
///
/// `frame` must be a live frame of the calling thread that runs `code`, and the interpreter lock
/// be held.
pub unsafe fn of_thread<L: Layout>(frame: usize, code: usize) -> Option<Name> {
    let mut function = Name::empty();
    let mut name = Name::empty();
    // SAFETY: a live code object has a name; the first local variable of that function is `self`,
    // an instance of a class made at run time, or a cell or nothing while the frame begins.
    unsafe {
        Text::of::<L>(load(code, L::CODE_NAME)).pieces(|piece| function.push(piece));
        if !matches!(function.bytes(), b"Thread._bootstrap" | b"_bootstrap") {
            return None;
        }
        let thread = load(frame, L::FRAME_LOCALS) & !3;
        if thread == 0 {
            return None;
        }
        text_attribute::<L>(thread, b"_name").pieces(|piece| name.push(piece));
    }
    (name.used > 0).then_some(name)
}
