//! What rows have in common: the names in a report.

use super::Age;
use serde::ser::SerializeMap;
use std::fmt;

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
    /// How old the blocks are.
    Age(Age),
    /// A family of allocating functions.
    Domain(&'static str),
    /// An allocating function.
    Allocator(&'static str),
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
            Self::Age(age) => age.fmt(out),
            Self::Domain(name) | Self::Allocator(name) => out.write_str(name),
        }
    }
}

impl Label {
    /// Adds its keys to a JSON object.
    ///
    /// # Errors
    ///
    /// Those of the map.
    pub fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Kind(name) => map.serialize_entry("kind", name),
            Self::Place {
                function,
                file,
                line,
            } => {
                map.serialize_entry("function", function)?;
                map.serialize_entry("file", file)?;
                map.serialize_entry("line", line)
            }
            Self::Function { function, file } => {
                map.serialize_entry("function", function)?;
                map.serialize_entry("file", file)
            }
            Self::File(name) => map.serialize_entry("file", name),
            Self::Module(name) => map.serialize_entry("module", name),
            Self::Thread { id, name } => {
                map.serialize_entry("thread", id)?;
                map.serialize_entry("thread_name", name)
            }
            Self::Size(size) => map.serialize_entry("size", size),
            Self::Age(age) => {
                let (from, to) = age.seconds();
                map.serialize_entry("age", &age.to_string())?;
                map.serialize_entry("age_from", &from)?;
                map.serialize_entry("age_to", &to)
            }
            Self::Domain(name) => map.serialize_entry("domain", name),
            Self::Allocator(name) => map.serialize_entry("allocator", name),
        }
    }
}
