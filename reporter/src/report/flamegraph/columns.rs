//! The bytes of the packed data: varints, texts, and columns of them.

use std::collections::HashMap;

/// Writes the packed form. A varint is LEB128: seven bits a byte, low bits first.
#[derive(Debug, Default)]
pub(super) struct ColumnWriter {
    bytes: Vec<u8>,
}

impl ColumnWriter {
    /// The bytes written so far.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// What another writer wrote.
    pub(super) fn append(&mut self, other: Self) {
        self.bytes.extend(other.bytes);
    }

    /// One number.
    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// One text: its length in bytes, then UTF-8.
    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// A column of numbers; its length must be known to the reader.
    pub(super) fn column(&mut self, values: impl IntoIterator<Item = u64>) {
        for value in values {
            self.number(value);
        }
    }

    /// A column of numbers that never fall, as differences.
    pub(super) fn rising(&mut self, values: impl IntoIterator<Item = u64>) {
        let mut last = 0;
        for value in values {
            self.number(value.saturating_sub(last));
            last = value;
        }
    }

    /// A column of numbers that change little from one to the next, as signed differences (zigzag).
    pub(super) fn drifting(&mut self, values: impl IntoIterator<Item = u64>) {
        let mut last = 0_u64;
        for value in values {
            let step = value.wrapping_sub(last) as i64;
            self.number((step << 1 ^ step >> 63) as u64);
            last = value;
        }
    }
}

/// Each text once. The empty text is always number 0.
#[derive(Debug)]
pub(super) struct Texts<'a> {
    list: Vec<&'a str>,
    numbers: HashMap<&'a str, u64>,
}

impl<'a> Texts<'a> {
    pub(super) fn new() -> Self {
        Self {
            list: vec![""],
            numbers: HashMap::from([("", 0)]),
        }
    }

    /// The number of a text.
    pub(super) fn number(&mut self, text: &'a str) -> u64 {
        *self.numbers.entry(text).or_insert_with(|| {
            self.list.push(text);
            self.list.len() as u64 - 1
        })
    }

    /// Writes all texts: how many, their lengths, their UTF-8.
    pub(super) fn write(&self, out: &mut ColumnWriter) {
        out.number(self.list.len() as u64);
        out.column(self.list.iter().map(|text| text.len() as u64));
        for text in &self.list {
            out.bytes.extend_from_slice(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut ColumnWriter)) -> Vec<u8> {
        let mut out = ColumnWriter::default();
        write(&mut out);
        out.into_bytes()
    }

    #[test]
    fn numbers_take_seven_bits_a_byte() {
        assert_eq!(written(|out| out.number(0)), [0]);
        assert_eq!(written(|out| out.number(127)), [127]);
        assert_eq!(written(|out| out.number(300)), [0xac, 0x02]);
        assert_eq!(written(|out| out.number(u64::MAX)).len(), 10);
    }

    #[test]
    fn differences_are_small() {
        assert_eq!(
            written(|out| out.rising([1000, 1001, 1001])),
            [0xe8, 7, 1, 0]
        );
        assert_eq!(written(|out| out.drifting([5, 4, 6])), [10, 1, 4]);
    }

    #[test]
    fn a_text_has_one_number() {
        let mut texts = Texts::new();
        assert_eq!(texts.number(""), 0);
        assert_eq!(texts.number("a"), 1);
        assert_eq!(texts.number("b"), 2);
        assert_eq!(texts.number("a"), 1);
        assert_eq!(written(|out| texts.write(out)), [3, 0, 1, 1, b'a', b'b']);
    }
}
