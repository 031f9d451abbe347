//! What two recordings can call the same.

use super::join::{Key, Row};
use crate::profile::{Group, Label, Profile};
use crate::report::versions::Shared;

/// The code of a profile, as far as another one has it too.
#[derive(Clone, Copy, Debug)]
pub(super) struct SharedCode<'a> {
    pub profile: &'a Profile,
    pub lines: Shared<'a>,
}

impl<'a> SharedCode<'a> {
    pub(super) fn new(profile: &'a Profile, other: &'a Profile) -> Self {
        let lines = Shared {
            one: profile.into(),
            other: other.into(),
        };
        Self { profile, lines }
    }

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
        let inside = |file: &str| self.lines.inside(file).to_owned();
        let label = match label.clone() {
            Label::Place {
                function,
                file,
                line,
            } => {
                let (line, is_there) = self.lines.line(&function, &file, line);
                let file = inside(&file);
                let label = Label::Function { function, file };
                let line = Some(line);
                return (Key { label, line }, is_there);
            }
            Label::Function { function, file } => Label::Function {
                function,
                file: inside(&file),
            },
            Label::File(file) => Label::File(inside(&file)),
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
        (Key { label, line: None }, false)
    }
}
