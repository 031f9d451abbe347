//! The little of protocol buffers that a profile needs.

/// A message that is being written.
#[derive(Debug, Default)]
pub(super) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A number; 0 is the default and need not be written.
    pub(super) fn number(&mut self, field: u32, number: u64) {
        if number != 0 {
            self.varint(u64::from(field << 3));
            self.varint(number);
        }
    }

    /// A text, also an empty one.
    pub(super) fn text(&mut self, field: u32, text: &str) {
        self.block(field, text.as_bytes());
    }

    /// A message in this one.
    pub(super) fn message(&mut self, field: u32, message: &Self) {
        self.block(field, &message.bytes);
    }

    /// Numbers in one block.
    pub(super) fn packed(&mut self, field: u32, numbers: impl Iterator<Item = u64>) {
        let mut packed = Self::default();
        for number in numbers {
            packed.varint(number);
        }
        if !packed.bytes.is_empty() {
            self.block(field, &packed.bytes);
        }
    }

    fn block(&mut self, field: u32, bytes: &[u8]) {
        self.varint(u64::from(field << 3 | 2));
        self.varint(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}
