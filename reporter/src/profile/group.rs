//! Adding the rows of a profile up by what a report shows.

use super::label::Label;
use super::nearest::suggestion;
use super::site::Sites;
use super::{Age, FrameId, NameId, Profile, ProfileRow, Totals};
use crate::replay::Detail;
use crate::symbols::origin;
use memprof_wire::allocator::{Allocator, Domain};
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
    /// How old each block is.
    Age,
    /// The family of allocating functions.
    Domain,
    /// The allocating function.
    Allocator,
}

impl By {
    /// Every property, with its name on the command line.
    pub const ALL: [(Self, &'static str); 11] = [
        (Self::Type, "type"),
        (Self::Site, "site"),
        (Self::Line, "line"),
        (Self::Function, "function"),
        (Self::File, "file"),
        (Self::Module, "module"),
        (Self::Thread, "thread"),
        (Self::Size, "size"),
        (Self::Age, "age"),
        (Self::Domain, "domain"),
        (Self::Allocator, "allocator"),
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
    #[error("{0:?} is nothing to group by{1}: choose one or two, joined by a comma, of {2}")]
    Unknown(String, String, String),
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
                    let near = suggestion(name, known.iter().copied());
                    return Err(NoGrouping::Unknown(name.to_owned(), near, known.join(", ")));
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
            label.serialize_into(&mut map)?;
        }
        map.serialize_entry("bytes", &self.totals.bytes)?;
        map.serialize_entry("blocks", &self.totals.blocks)?;
        map.end()
    }
}

/// A label before it has become text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Kind(Option<NameId>, Allocator),
    Frame(Option<FrameId>),
    Function(NameId, NameId),
    Name(NameId),
    Thread(u32),
    Size(Option<u64>),
    Age(Option<Age>),
    Domain(Domain),
    Allocator(Allocator),
    Nothing,
}

/// Which group each row of a profile belongs to.
#[derive(Debug)]
pub struct Assignment {
    /// The labels of each group, in the order in which the groups first occur.
    pub labels: Vec<Vec<Label>>,
    /// For each row, the place of its group.
    pub groups: Vec<usize>,
}

/// Gives each row of a profile its group.
pub fn assign(profile: &Profile, grouping: &Grouping) -> Assignment {
    let mut sites = Sites::new(&profile.stacks);
    let mut known: HashMap<[Key; 2], usize> = HashMap::new();
    // modules of several files, and threads of one name, become one only as text
    let mut places: HashMap<Vec<Label>, usize> = HashMap::new();
    let mut labels: Vec<Vec<Label>> = Vec::new();
    let mut groups = Vec::with_capacity(profile.rows.len());
    for row in &profile.rows {
        let mut keys = [Key::Nothing; 2];
        for (key, by) in keys.iter_mut().zip(&grouping.0) {
            *key = self::key(profile, &mut sites, row, *by);
        }
        let place = *known.entry(keys).or_insert_with(|| {
            let keys = keys.into_iter().zip(&grouping.0);
            let names: Vec<Label> = keys.map(|(key, by)| label(profile, key, *by)).collect();
            *places.entry(names).or_insert_with_key(|names| {
                labels.push(names.clone());
                labels.len() - 1
            })
        });
        groups.push(place);
    }
    Assignment { labels, groups }
}

/// The groups of a profile, biggest first.
pub fn group(profile: &Profile, grouping: &Grouping) -> Vec<Group> {
    let Assignment { labels, groups } = assign(profile, grouping);
    let mut sums = vec![Totals::ZERO; labels.len()];
    for (row, place) in profile.rows.iter().zip(groups) {
        sums[place] += row.totals;
    }
    let groups = labels.into_iter().zip(sums);
    let mut groups: Vec<Group> = groups
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
        By::Type => Key::Kind(row.kind, row.allocator),
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
        By::Age => Key::Age(row.age),
        By::Domain => Key::Domain(row.allocator.domain()),
        By::Allocator => Key::Allocator(row.allocator),
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
        Key::Kind(None, allocator) => Label::Kind(untyped(allocator, profile.has_types)),
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
        Key::Age(Some(age)) => Label::Age(age),
        Key::Domain(domain) => Label::Domain(domain.name()),
        Key::Allocator(allocator) => Label::Allocator(allocator.name()),
        Key::Frame(None) | Key::Age(None) | Key::Nothing => {
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

/// What stands in the place of a type where a block has none.
fn untyped(allocator: Allocator, has_types: bool) -> String {
    let name = allocator.name();
    match allocator.domain() {
        // whose type is read when it dies, and it did not
        Domain::Obj if has_types => "<alive at exit, type not read>".to_owned(),
        Domain::Obj => format!("<{name}, types not recorded>"),
        Domain::Mem | Domain::Raw => format!("<{name} buffer>"),
        Domain::System | Domain::Mapping => format!("<{name}>"),
    }
}

/// What a block of the object domain is called that held no object when it was freed: before 3.13
/// the tables of dictionaries are such.
pub fn no_object(allocator: Allocator) -> String {
    format!("<{} buffer>", allocator.name())
}
