//! What two recordings can call the same.

use super::join::{Key, Row, Text};
use crate::profile::{Group, Label, Profile};

/// The code of a profile, as far as another one has it too.
#[derive(Clone, Copy, Debug)]
pub(super) struct SharedCode<'a> {
    pub profile: &'a Profile,
    pub other: &'a Profile,
}

impl SharedCode<'_> {
    /// A group under the names that the other recording has for it.
    pub(super) fn row(self, group: Group) -> Row {
        let keys = group.labels.iter().map(|label| self.key(label));
        let (key, is_there): (Vec<Key>, Vec<bool>) = keys.unzip();
        Row {
            key,
            labels: group.labels,
            totals: group.totals,
            is_there: is_there.contains(&true),
        }
    }

    /// A label as the other recording has it, too, if it has the same code; and whether it is a
    /// line that is known to stand there.
    fn key(self, label: &Label) -> (Key, bool) {
        if let Label::Place {
            function,
            file,
            line,
        } = label
        {
            return self.line(function, file, *line);
        }
        let label = match label.clone() {
            Label::Function { function, file } => Label::Function {
                function,
                file: self.inside(&file),
            },
            Label::File(file) => Label::File(self.inside(&file)),
            // the kernel gives a thread another number each time
            Label::Thread { id, name } if name.is_empty() => {
                let mut threads = self.profile.threads.iter();
                let place = threads.position(|thread| thread.id == id);
                let id = place.map_or(id, |place| place as u32);
                Label::Thread { id, name }
            }
            Label::Thread { name, .. } => Label::Thread { id: 0, name },
            label => label,
        };
        (Key { label, text: None }, false)
    }

    /// The place of a file in the folder where the program was started.
    fn inside(self, file: &str) -> String {
        let rest = file.strip_prefix(self.profile.folder.as_str());
        let rest = rest.and_then(|rest| rest.strip_prefix('/'));
        rest.unwrap_or(file).to_owned()
    }

    /// By what it says, if that is known of both recordings, or else counted from where its
    /// function begins.
    fn line(self, function: &str, name: &str, line: u32) -> (Key, bool) {
        let (profile, other) = (self.profile, self.other);
        let file = self.inside(name);
        let outside = format!("{}/{file}", other.folder);
        let begins = other.starts.of(function, &outside);
        let there = begins.or_else(|| other.starts.of(function, &file));
        // of several functions of one name none can be told from another but by its line
        let starts = profile.starts.of(function, name).zip(there);
        let says = other
            .sources
            .of(&outside)
            .or_else(|| other.sources.of(&file));
        let key = |line, text| Key {
            label: Label::Place {
                function: function.to_owned(),
                file,
                line,
            },
            text,
        };
        if let (Some(lines), Some(other_lines)) = (profile.sources.of(name), says) {
            let (start, there) = starts.unwrap_or((1, 1));
            if let Some(text) = text(lines, start, line) {
                let same = |hash: &&u32| **hash == text.hash;
                let behind = other_lines.iter().skip(index(there)).filter(same);
                return (key(0, Some(text)), behind.count() >= text.number);
            }
        }
        let line = starts.map_or(line, |(start, _)| line.saturating_sub(start));
        (key(line, None), false)
    }
}

/// What a line of a function says that begins at `start`; nothing, if it is empty.
fn text(lines: &[u32], start: u32, line: u32) -> Option<Text> {
    let hash = *lines.get(line.checked_sub(1)? as usize)?;
    let from = index(start.min(line));
    let same = |other: &&u32| **other == hash;
    let number = lines[from..=index(line)].iter().filter(same).count();
    (hash != 0).then_some(Text { hash, number })
}

/// Lines are counted from 1.
fn index(line: u32) -> usize {
    line.saturating_sub(1) as usize
}
