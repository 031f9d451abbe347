//! What an `.eh_frame` section says of a function, and what it says of several in common.

use crate::stack::native::bytes::{Bytes, Encoding};
use crate::stack::native::registers::number;

/// What there is to know about the functions that share a description.
pub struct Common {
    pub code_factor: u64,
    pub data_factor: i64,
    pub encoding: Encoding,
    augmented: bool,
    pub signal: bool,
    pub instructions: Bytes,
    pub end: usize,
}

/// A function's own part of its description.
pub struct Description {
    pub common: Common,
    /// Where the function begins.
    pub start: usize,
    size: usize,
    pub instructions: Bytes,
    pub end: usize,
}

impl Description {
    /// Reads the one that stands at an address.
    ///
    /// # Safety
    ///
    /// There must be one, of a function, in an `.eh_frame` section.
    pub unsafe fn at(address: usize) -> Option<Self> {
        // SAFETY: the caller's promise.
        let mut bytes = unsafe { Bytes::new(address as *const u8) };
        let end = length(&mut bytes)?;
        let own = bytes.address();
        let distance = bytes.word();
        // SAFETY: each description points back to what it shares with others.
        let common = Common::read(unsafe { Bytes::new((own - distance as usize) as *const u8) })?;
        let start = bytes.pointer(common.encoding)?;
        let size = bytes.pointer(common.encoding.of_length())?;
        if common.augmented {
            let skipped = bytes.unsigned() as usize;
            bytes.skip(skipped);
        }
        Some(Self {
            common,
            start,
            size,
            instructions: bytes,
            end,
        })
    }

    /// Whether an instruction is one of the function.
    pub fn has(&self, address: usize) -> bool {
        address.wrapping_sub(self.start) < self.size
    }

    /// Where the function begins and ends.
    pub fn extent(&self) -> (usize, usize) {
        (self.start, self.start.wrapping_add(self.size))
    }
}

/// Where the descriptions of functions stand in a section; it ends with one of no length.
///
/// # Safety
///
/// It must be a whole `.eh_frame` section, or not be read further than it goes.
pub unsafe fn all_in(section: usize) -> impl Iterator<Item = usize> {
    let mut next = section;
    let every = core::iter::from_fn(move || {
        let own = next;
        // SAFETY: the caller's promise.
        let mut bytes = unsafe { Bytes::new(own as *const u8) };
        next = length(&mut bytes)?;
        // what several share has no distance to that
        Some((own, bytes.word() != 0))
    });
    every.filter_map(|(own, is_of_a_function)| is_of_a_function.then_some(own))
}

/// Reads a length; returns where what it counts ends.
fn length(bytes: &mut Bytes) -> Option<usize> {
    let length = match bytes.word() {
        0 => return None,
        u32::MAX => bytes.long() as usize,
        length => length as usize,
    };
    Some(bytes.address() + length)
}

impl Common {
    fn read(mut bytes: Bytes) -> Option<Self> {
        let end = length(&mut bytes)?;
        if bytes.word() != 0 {
            return None;
        }
        let version = bytes.byte();
        let mut letters = bytes;
        while bytes.byte() != 0 {}
        let code_factor = bytes.unsigned();
        let data_factor = bytes.signed();
        let column = if version == 1 {
            u64::from(bytes.byte())
        } else {
            bytes.unsigned()
        };
        if column != u64::from(number::RETURN) {
            return None;
        }
        let mut common = Self {
            code_factor,
            data_factor,
            encoding: Encoding(0),
            augmented: false,
            signal: false,
            instructions: bytes,
            end,
        };
        loop {
            match letters.byte() {
                0 => break,
                b'z' => {
                    common.augmented = true;
                    let size = bytes.unsigned() as usize;
                    common.instructions = bytes;
                    common.instructions.skip(size);
                }
                b'R' => common.encoding = Encoding(bytes.byte()),
                b'P' => {
                    let encoding = Encoding(bytes.byte());
                    bytes.pointer(encoding.of_length())?;
                }
                b'L' => bytes.skip(1),
                b'S' => common.signal = true,
                b'B' => {}
                _ => return None,
            }
        }
        Some(common)
    }
}
