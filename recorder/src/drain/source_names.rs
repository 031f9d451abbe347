//! Which source files the code of a program comes from, by what its threads say of code objects.

use std::collections::BTreeSet;

/// Longer names are no paths.
const LONGEST: usize = 4096;
/// A program that makes up names of files must not fill the recorder's memory with them.
const MOST: usize = 20_000;

/// The names of Python's source files in one stream.
#[derive(Debug, Default)]
pub(super) struct SourceNames {
    known: BTreeSet<Vec<u8>>,
    /// The beginning of the name that was announced last.
    pending: Vec<u8>,
    /// How many bytes of it are still to come.
    missing: usize,
}

impl SourceNames {
    /// A code object was announced, whose file has a name of so many bytes.
    pub(super) fn announce(&mut self, length: u32) {
        self.pending.clear();
        let length = length as usize;
        self.missing = if length > LONGEST { 0 } else { length };
    }

    /// The next piece of what was announced, which begins with the name of the file.
    pub(super) fn piece(&mut self, bytes: &[u8]) {
        if self.missing == 0 {
            return;
        }
        let (name, _) = bytes.split_at(self.missing.min(bytes.len()));
        self.pending.extend_from_slice(name);
        self.missing -= name.len();
        if self.missing == 0 {
            self.insert();
        }
    }

    fn insert(&mut self) {
        let is_source = self.pending.ends_with(b".py");
        if is_source && self.known.len() < MOST && !self.known.contains(&self.pending) {
            self.known.insert(self.pending.clone());
        }
    }

    /// Adds those of another stream.
    pub(super) fn add(&mut self, other: Self) {
        self.known.extend(other.known);
    }

    /// All of them that are text.
    pub(super) fn finish(self) -> BTreeSet<String> {
        let names = self.known.into_iter();
        names
            .filter_map(|name| String::from_utf8(name).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::SourceNames;

    #[test]
    fn a_name_is_put_together_from_its_pieces() {
        let mut names = SourceNames::default();
        names.announce(7);
        names.piece(b"/a/b");
        names.piece(b".pyload");
        names.piece(b"ignored");
        names.announce(8);
        names.piece(b"<string>load");
        names.announce(u32::MAX);
        names.piece(b"/c.py");
        let mut other = SourceNames::default();
        other.announce(5);
        other.piece(b"/d.py");
        names.add(other);
        assert_eq!(
            names.finish().into_iter().collect::<Vec<_>>(),
            ["/a/b.py", "/d.py"]
        );
    }
}
