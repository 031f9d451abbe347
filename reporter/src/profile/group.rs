//! Adding the rows of a profile up by what a report shows.

use super::site::Sites;
use super::{FrameId, NameId, Profile, ProfileRow, Totals};
use crate::replay::Detail;
use crate::symbols::origin;
use memprof_wire::allocator::Domain;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// A property that rows are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// The type of the objects.
    Type,
    /// The innermost frame in the user's own code.
    Site,
    /// The innermost frame.
    Line,
    /// The innermost function.
    Function,
    /// The file of the innermost frame.
    File,
    /// The module of the innermost frame.
    Module,
    /// The thread that allocated.
    Thread,
    /// The size of each block.
    Size,
    /// The family of allocating functions.
    Domain,
}

impl By {
    /// Every property, with its name on the command line.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Type, "type"),
        (Self::Site, "site"),
        (Self::Line, "line"),
        (Self::Function, "function"),
        (Self::File, "file"),
        (Self::Module, "module"),
        (Self::Thread, "thread"),
        (Self::Size, "size"),
        (Self::Domain, "domain"),
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        Self::ALL
            .into_iter()
            .find(|(by, _)| *by == self)
            .expect("all are listed")
            .1
    }
}

/// One property, or two at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping(Vec<By>);

/// A grouping that was written in no known way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoGrouping {
    /// There is no such property.
    #[error("{0:?} is nothing to group by: choose one or two, joined by a comma, of {1}")]
    Unknown(String, String),
    /// There are too many.
    #[error("{0:?} names {1} properties: group by one, or by two at once")]
    Number(String, usize),
}

impl Grouping {
    /// By one property.
    pub fn one(by: By) -> Self {
        Self(vec![by])
    }

    /// What a profile has to tell apart for it.
    pub fn detail(&self) -> Detail {
        match (self.0.contains(&By::Type), self.0.contains(&By::Size)) {
            (true, true) => Detail::TypeAndSize,
            (false, true) => Detail::Size,
            (_, false) => Detail::Type,
        }
    }

    /// The properties, one or two.
    pub fn properties(&self) -> &[By] {
        &self.0
    }
}

impl FromStr for Grouping {
    type Err = NoGrouping;

    fn from_str(text: &str) -> Result<Self, NoGrouping> {
        let mut properties = Vec::new();
        for name in text.split(',').map(str::trim) {
            match By::ALL.into_iter().find(|(_, known)| *known == name) {
                Some((by, _)) if !properties.contains(&by) => properties.push(by),
                Some(_) => {}
                None => {
                    let known: Vec<&str> = By::ALL.iter().map(|(_, name)| *name).collect();
                    return Err(NoGrouping::Unknown(name.to_owned(), known.join(", ")));
                }
            }
        }
        match properties.len() {
            1 | 2 => Ok(Self(properties)),
            number => Err(NoGrouping::Number(text.to_owned(), number)),
        }
    }
}

impl fmt::Display for Grouping {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|by| by.name()).collect();
        out.write_str(&names.join(","))
    }
}

/// What a group has in common, for one property.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// A type, or what else is known of blocks that are no objects.
    Kind(String),
    /// A line.
    Place {
        /// The function.
        function: String,
        /// Its file.
        file: String,
        /// The line, 0 where none is known.
        line: u32,
    },
    /// A function.
    Function {
        /// Its name.
        function: String,
        /// Its file.
        file: String,
    },
    /// A file.
    File(String),
    /// A module.
    Module(String),
    /// A thread.
    Thread {
        /// The kernel's number.
        id: u32,
        /// Its name, empty where none is known.
        name: String,
    },
    /// The size of each block in bytes; mappings have none.
    Size(Option<u64>),
    /// A family of allocating functions.
    Domain(&'static str),
}

impl fmt::Display for Label {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(name) | Self::File(name) | Self::Module(name) => out.write_str(name),
            Self::Place {
                function,
                file,
                line: 0,
            }
            | Self::Function { function, file } => match file.as_str() {
                "" => out.write_str(function),
                _ => write!(out, "{function} ({file})"),
            },
            Self::Place {
                function,
                file,
                line,
            } => write!(out, "{function} ({file}:{line})"),
            Self::Thread { id, name } if name.is_empty() => write!(out, "{id}"),
            Self::Thread { id, name } => write!(out, "{name} ({id})"),
            Self::Size(Some(size)) => write!(out, "{size}"),
            Self::Size(None) => out.write_str("mapping"),
            Self::Domain(name) => out.write_str(name),
        }
    }
}

/// Rows that have their labels in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// One label for each property of the grouping.
    pub labels: Vec<Label>,
    /// The sum of the rows.
    pub totals: Totals,
}

/// As one JSON object, with the keys of its labels and then `bytes` and `blocks`.
impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for label in &self.labels {
            match label {
                Label::Kind(name) => map.serialize_entry("kind", name)?,
                Label::Place {
                    function,
                    file,
                    line,
                } => {
                    map.serialize_entry("function", function)?;
                    map.serialize_entry("file", file)?;
                    map.serialize_entry("line", line)?;
                }
                Label::Function { function, file } => {
                    map.serialize_entry("function", function)?;
                    map.serialize_entry("file", file)?;
                }
                Label::File(name) => map.serialize_entry("file", name)?,
                Label::Module(name) => map.serialize_entry("module", name)?,
                Label::Thread { id, name } => {
                    map.serialize_entry("thread", id)?;
                    map.serialize_entry("thread_name", name)?;
                }
                Label::Size(size) => map.serialize_entry("size", size)?,
                Label::Domain(name) => map.serialize_entry("domain", name)?,
            }
        }
        map.serialize_entry("bytes", &self.totals.bytes)?;
        map.serialize_entry("blocks", &self.totals.blocks)?;
        map.end()
    }
}

/// A label before it has become text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Kind(Option<NameId>, Domain),
    Frame(Option<FrameId>),
    Function(NameId, NameId),
    Name(NameId),
    Thread(u32),
    Size(Option<u64>),
    Domain(Domain),
    Nothing,
}

/// The groups of a profile, biggest first.
pub fn group(profile: &Profile, grouping: &Grouping) -> Vec<Group> {
    let mut sites = Sites::new(&profile.stacks);
    let mut sums: HashMap<[Key; 2], Totals> = HashMap::new();
    for row in &profile.rows {
        let mut key = [Key::Nothing; 2];
        for (key, by) in key.iter_mut().zip(&grouping.0) {
            *key = self::key(profile, &mut sites, row, *by);
        }
        *sums.entry(key).or_default() += row.totals;
    }
    // modules of several files, and threads of one name, become one only as text
    let mut groups: HashMap<Vec<Label>, Totals> = HashMap::new();
    for (keys, totals) in sums {
        let keys = keys.into_iter().zip(&grouping.0);
        let labels = keys.map(|(key, by)| label(profile, key, *by)).collect();
        *groups.entry(labels).or_default() += totals;
    }
    let mut groups: Vec<Group> = groups
        .into_iter()
        .map(|(labels, totals)| Group { labels, totals })
        .collect();
    groups.retain(|group| !group.totals.is_zero());
    groups.sort_by(|a, b| {
        let size = |group: &Group| (group.totals.bytes, group.totals.blocks);
        size(b).cmp(&size(a)).then_with(|| a.labels.cmp(&b.labels))
    });
    groups
}

fn key(profile: &Profile, sites: &mut Sites<'_>, row: &ProfileRow, by: By) -> Key {
    let innermost = || profile.stacks.split(row.stack).map(|(_, frame)| frame);
    match by {
        By::Type => Key::Kind(row.kind, row.allocator.domain()),
        By::Site => Key::Frame(sites.site(row.stack)),
        By::Line => Key::Frame(innermost()),
        By::Function | By::File | By::Module => match innermost() {
            Some(frame) => {
                let frame = profile.stacks.frame(frame);
                match by {
                    By::Function => Key::Function(frame.function, frame.file),
                    _ => Key::Name(frame.file),
                }
            }
            None => Key::Nothing,
        },
        By::Thread => Key::Thread(row.thread),
        By::Size => Key::Size(row.size),
        By::Domain => Key::Domain(row.allocator.domain()),
    }
}

/// Allocations without any frame: made before the interpreter ran, by threads that run none of its
/// code, or in a program that has none.
pub const NO_FRAME: &str = "<no stack>";

fn label(profile: &Profile, key: Key, by: By) -> Label {
    let stacks = &profile.stacks;
    let name = |name: NameId| stacks.name(name).to_owned();
    match key {
        Key::Kind(Some(kind), _) => Label::Kind(name(kind)),
        Key::Kind(None, Domain::Obj) => Label::Kind("<unknown type>".to_owned()),
        Key::Kind(None, domain) => Label::Kind(format!("<{}>", domain.name())),
        Key::Frame(Some(frame)) => {
            let frame = stacks.frame(frame);
            Label::Place {
                function: name(frame.function),
                file: name(frame.file),
                line: frame.line,
            }
        }
        Key::Function(function, file) => Label::Function {
            function: name(function),
            file: name(file),
        },
        Key::Name(file) if by == By::Module => {
            Label::Module(origin::module(stacks.name(file), &profile.folder))
        }
        Key::Name(file) => Label::File(name(file)),
        Key::Thread(thread) => {
            let thread = &profile.threads[thread as usize];
            Label::Thread {
                id: thread.id,
                name: thread.name.clone(),
            }
        }
        Key::Size(size) => Label::Size(size),
        Key::Domain(domain) => Label::Domain(domain.name()),
        Key::Frame(None) | Key::Nothing => {
            let none = NO_FRAME.to_owned();
            match by {
                By::Function => Label::Function {
                    function: none,
                    file: String::new(),
                },
                By::File => Label::File(none),
                By::Module => Label::Module(none),
                _ => Label::Place {
                    function: none,
                    file: String::new(),
                    line: 0,
                },
            }
        }
    }
}
