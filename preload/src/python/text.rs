//! Reading the interpreter's texts and bytes, as UTF-8 in pieces.

use super::layout::Layout;
use super::layout::objects::OBJECT_SIZE;
use super::reader::Reader;

/// `PyUnicodeObject.length` and `PyBytesObject.ob_size`
const LENGTH: usize = OBJECT_SIZE;
/// Bytes that are compared of a text.
pub const LENGTH_LIMIT: usize = 16;
/// The word of flags in a text.
const STATE: usize = 32;
/// `PyBytesObject.ob_sval`
const BYTES_DATA: usize = 32;

/// The characters of a text object, in the form the interpreter keeps them.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    data: usize,
    length: usize,
    /// Bytes of one character: 1, 2 or 4.
    width: usize,
    ascii: bool,
}

impl Text {
    /// No characters.
    pub const EMPTY: Self = Self {
        data: 0,
        length: 0,
        width: 1,
        ascii: true,
    };

    /// The text of a `str` object; empty when it is not stored compactly.
    ///
    /// # Safety
    ///
    /// `object` must be a live `str`, or null.
    pub unsafe fn of<L: Layout>(object: usize) -> Self {
        if object == 0 {
            return Self::EMPTY;
        }
        // SAFETY: every str has these two fields.
        unsafe {
            let length = ((object + LENGTH) as *const usize).read();
            let state = ((object + STATE) as *const u32).read();
            Self::with::<L>(object, length, state)
        }
    }

    /// The first characters of a `str` that may not be there, copied into `characters`; `None` where
    /// nothing is. What is returned is good for as long as these are.
    pub fn copy<L: Layout>(reader: Reader, object: usize, characters: &mut [u64]) -> Option<Self> {
        let head = reader.words::<{ STATE / 8 + 1 }>(object)?;
        let whole = Self::with::<L>(object, head[LENGTH / 8] as usize, head[STATE / 8] as u32);
        let length = whole.length.min(size_of_val(characters) / whole.width);
        let words = &mut characters[..(length * whole.width).div_ceil(8)];
        let data = words.as_ptr().expose_provenance();
        // blocks end at multiples of a word
        let is_there = words.is_empty() || reader.read(whole.data, words);
        is_there.then_some(Self {
            data,
            length,
            ..whole
        })
    }

    /// The text of a `str` object of so many characters and these flags.
    fn with<L: Layout>(object: usize, length: usize, state: u32) -> Self {
        let kind = state >> L::TEXT_KIND_BIT & 7;
        let compact = state >> (L::TEXT_KIND_BIT + 3) & 1 == 1;
        let ascii = state >> (L::TEXT_KIND_BIT + 4) & 1 == 1;
        if !compact || !matches!(kind, 1 | 2 | 4) {
            return Self::EMPTY;
        }
        let data = object + if ascii { L::TEXT_ASCII } else { L::TEXT_WIDE };
        Self {
            data,
            length,
            width: kind as usize,
            ascii,
        }
    }

    /// The bytes of a `bytes` object.
    ///
    /// # Safety
    ///
    /// `object` must be a live `bytes`, or null.
    pub unsafe fn of_bytes(object: usize) -> Self {
        if object == 0 {
            return Self::EMPTY;
        }
        // SAFETY: every bytes object has this field.
        let length = unsafe { ((object + LENGTH) as *const usize).read() };
        Self {
            data: object + BYTES_DATA,
            length,
            width: 1,
            ascii: true,
        }
    }

    /// How many bytes of UTF-8 [`Text::pieces`] gives.
    pub fn bytes(&self) -> usize {
        if self.ascii {
            return self.length;
        }
        (0..self.length)
            .map(|index| self.character(index).len_utf8())
            .sum()
    }

    /// Gives the text as UTF-8, in pieces of at most 256 bytes.
    pub fn pieces(&self, mut piece: impl FnMut(&[u8])) {
        if self.length == 0 {
            // the text of no object has no address either
            return;
        }
        if self.ascii {
            // SAFETY: the characters of an ASCII text are its bytes.
            let bytes = unsafe { core::slice::from_raw_parts(self.data as *const u8, self.length) };
            bytes.chunks(256).for_each(piece);
            return;
        }
        let mut buffer = [0u8; 256];
        let mut used = 0;
        for index in 0..self.length {
            let character = self.character(index);
            if used + character.len_utf8() > buffer.len() {
                piece(&buffer[..used]);
                used = 0;
            }
            used += character.encode_utf8(&mut buffer[used..]).len();
        }
        if used > 0 {
            piece(&buffer[..used]);
        }
    }

    fn character(&self, index: usize) -> char {
        let place = self.data + index * self.width;
        // SAFETY: a compact text has `length` characters of `width` bytes behind its header.
        let number = unsafe {
            match self.width {
                1 => u32::from((place as *const u8).read()),
                2 => u32::from((place as *const u16).read()),
                _ => (place as *const u32).read(),
            }
        };
        // lone surrogates, which a file name may hold, have no UTF-8
        char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}
