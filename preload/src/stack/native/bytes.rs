//! Reading call frame information, byte by byte.

/// A place in the unwind tables of a loaded object.
///
/// The tables were made by a linker and mapped by the loader; they are believed to be whole.
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    at: *const u8,
}

/// How a pointer is written: `DW_EH_PE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding(pub u8);

impl Bytes {
    /// Reads from an address on.
    ///
    /// # Safety
    ///
    /// The bytes that are read from here must be there.
    pub const unsafe fn new(at: *const u8) -> Self {
        Self { at }
    }

    /// Where the next byte is.
    pub fn address(self) -> usize {
        self.at.addr()
    }

    /// Goes on further behind.
    pub fn skip(&mut self, bytes: usize) {
        self.at = self.at.wrapping_add(bytes);
    }

    fn take<T: Copy>(&mut self) -> T {
        // SAFETY: promised when this was made.
        let value = unsafe { self.at.cast::<T>().read_unaligned() };
        self.skip(size_of::<T>());
        value
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.take()
    }

    /// The next two bytes.
    pub fn half(&mut self) -> u16 {
        self.take()
    }

    /// The next four bytes.
    pub fn word(&mut self) -> u32 {
        self.take()
    }

    /// The next eight bytes.
    pub fn long(&mut self) -> u64 {
        self.take()
    }

    /// An unsigned number of variable length.
    pub fn unsigned(&mut self) -> u64 {
        let mut value = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            if shift < 64 {
                value |= u64::from(byte & 0x7f) << shift;
            }
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    }

    /// A signed number of variable length.
    pub fn signed(&mut self) -> i64 {
        let mut value = 0i64;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            if shift < 64 {
                value |= i64::from(byte & 0x7f) << shift;
            }
            shift += 7;
            if byte & 0x80 == 0 {
                if shift < 64 && byte & 0x40 != 0 {
                    value |= -1 << shift;
                }
                return value;
            }
        }
    }

    /// A pointer, absolute or relative to itself; `None` when it is written in another way.
    pub fn pointer(&mut self, encoding: Encoding) -> Option<usize> {
        let own = self.address();
        let value = match encoding.0 & 0x0f {
            0x00 | 0x04 | 0x0c => self.long() as usize,
            0x01 => self.unsigned() as usize,
            0x02 => usize::from(self.half()),
            0x03 => self.word() as usize,
            0x09 => self.signed() as usize,
            0x0a => self.half() as i16 as isize as usize,
            0x0b => self.word() as i32 as isize as usize,
            _ => return None,
        };
        match encoding.0 & 0x70 {
            0x00 => Some(value),
            0x10 => Some(own.wrapping_add(value)),
            _ => None,
        }
    }
}

impl Encoding {
    /// The same without what it is relative to: for lengths.
    pub fn of_length(self) -> Self {
        Self(self.0 & 0x0f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Encoding};

    #[test]
    fn numbers_of_variable_length() {
        let data = [0xe5, 0x8e, 0x26, 0x9b, 0xf1, 0x59, 0x7f, 0x08];
        // SAFETY: all that is read is in the array.
        let mut bytes = unsafe { Bytes::new(data.as_ptr()) };
        assert_eq!(bytes.unsigned(), 624_485);
        assert_eq!(bytes.signed(), -624_485);
        assert_eq!(bytes.signed(), -1);
        assert_eq!(bytes.byte(), 8);
    }

    #[test]
    fn pointers_may_be_relative() {
        let data = (-8i32).to_le_bytes();
        // SAFETY: all that is read is in the array.
        let mut bytes = unsafe { Bytes::new(data.as_ptr()) };
        let own = bytes.address();
        assert_eq!(bytes.pointer(Encoding(0x1b)), Some(own - 8));
        // SAFETY: as above.
        let mut bytes = unsafe { Bytes::new(data.as_ptr()) };
        assert_eq!(bytes.pointer(Encoding(0x33)), None);
    }
}
