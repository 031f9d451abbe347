//! What the objects of a type point to and keep for themselves alone.

use crate::elf;
use crate::memory::Array;
use crate::python::layout::objects::{
    FLAG_BYTES, FLAG_DICT, FLAG_HEAP, FLAG_INT, FLAG_LIST, FLAG_MANAGED_DICT, FLAG_TEXT, FLAG_TUPLE,
};
use crate::python::layout::{Attributes, Layout};
use crate::python::types::Living;
use crate::python::{TypeHead, names};
use core::ffi::CStr;

/// `int`, `tuple`, `bytes`, `str` and what is below them.
const FLAGS_PLAIN: u64 = FLAG_INT | FLAG_TUPLE | FLAG_BYTES | FLAG_TEXT;
/// How many bases a type may have above one another; more is no chain of types.
const MOST_BASES: usize = 32;

/// What kind of object it is, as far as pointers go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Not looked at yet.
    #[default]
    Unseen,
    /// It keeps nothing outside.
    Plain,
    /// A list.
    List,
    /// A dictionary.
    Dict,
    /// A set, frozen or not.
    Set,
    /// A `bytearray`.
    ByteArray,
    /// A module.
    Module,
    /// A type.
    Type,
    /// Something else, that may keep buffers anywhere.
    Other,
}

/// Where an object has its dictionary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dict {
    /// It has none, or none that is its own.
    #[default]
    Nowhere,
    /// So many bytes into the object.
    At(u32),
    /// Behind its items, counted from the end of the object.
    Behind {
        /// `tp_basicsize`
        size: u32,
        /// `tp_itemsize`
        item: u32,
        /// How far before the end.
        back: u32,
    },
    /// In front of it, where this version has it.
    Managed,
}

/// What is known of the objects of one type.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shape {
    /// What they are.
    pub kind: Kind,
    /// Where their dictionary is.
    pub dict: Dict,
    /// Bytes at its front that may hold pointers to buffers.
    pub size: u32,
    /// Whether buffers may come straight from the system: the type belongs to some module.
    pub foreign: bool,
}

/// The shapes of types, by their numbers.
#[derive(Debug)]
pub struct Shapes {
    known: Array<Shape>,
    roots: [(usize, Kind); 4],
}

impl Shapes {
    /// Nothing is known yet.
    pub fn new() -> Self {
        let root = |name: &CStr, kind| (elf::find(name).unwrap_or(usize::MAX), kind);
        Self {
            known: Array::empty(),
            roots: [
                root(c"PySet_Type", Kind::Set),
                root(c"PyFrozenSet_Type", Kind::Set),
                root(c"PyByteArray_Type", Kind::ByteArray),
                root(c"PyModule_Type", Kind::Module),
            ],
        }
    }

    /// The shape of the objects of a type.
    pub fn of<L: Layout>(&mut self, living: Living) -> Shape {
        let number = living.type_id.0 as usize;
        if number >= self.known.capacity() && !self.known.grow_to((number + 1).max(4096) * 2) {
            return Shape::default();
        }
        // SAFETY: there is room for so many, and all zeros are a valid shape: one not looked at.
        unsafe {
            let place = self.known.items().add(number);
            if (*place).kind == Kind::Unseen {
                place.write(self.look::<L>(living.kind));
            }
            place.read()
        }
    }

    /// Gives its memory back.
    pub fn release(&mut self) {
        self.known.release();
    }

    fn look<L: Layout>(&self, address: usize) -> Shape {
        let Some(head) = TypeHead::read(address) else {
            return Shape {
                kind: Kind::Plain,
                ..Shape::default()
            };
        };
        let (kind, size) = self.kind_and_size(address, head);
        Shape {
            kind,
            dict: if kind == Kind::Type {
                Dict::Nowhere
            } else {
                dict_of::<L>(&head)
            },
            size,
            foreign: has_module(head.name()),
        }
    }

    /// What the objects of a type are, and how many of their bytes Python code did not lay out:
    /// what a `class` statement adds to its base are slots, and these hold objects.
    fn kind_and_size(&self, mut address: usize, mut head: TypeHead) -> (Kind, u32) {
        let mut kind = kind_by_flags(&head);
        let mut size = None;
        for _ in 0..MOST_BASES {
            kind = kind.or_else(|| self.root(address));
            let is_of_code = head.has(FLAG_HEAP) && !has_module(head.name());
            if !is_of_code {
                size = size.or(Some(head.basic_size()));
            }
            if kind.is_some() && size.is_some() {
                break;
            }
            address = head.base();
            let Some(base) = TypeHead::read(address) else {
                break;
            };
            head = base;
        }
        // a chain without end in sight is taken as far as it was seen
        let size = size.unwrap_or(head.basic_size());
        (kind.unwrap_or(Kind::Other), size as u32)
    }

    /// Which of the known types this is.
    fn root(&self, address: usize) -> Option<Kind> {
        let root = self.roots.iter().find(|(root, _)| *root == address);
        root.map(|(_, kind)| *kind)
    }
}

/// What objects are, as far as the flags of their type say.
fn kind_by_flags(head: &TypeHead) -> Option<Kind> {
    if head.is_metatype() {
        Some(Kind::Type)
    } else if head.has(FLAG_LIST) {
        Some(Kind::List)
    } else if head.has(FLAG_DICT) {
        Some(Kind::Dict)
    } else if head.has_any(FLAGS_PLAIN) {
        Some(Kind::Plain)
    } else {
        None
    }
}

/// Where the objects of a type have their dictionary.
fn dict_of<L: Layout>(head: &TypeHead) -> Dict {
    if L::ATTRIBUTES != Attributes::Dict && head.has(FLAG_MANAGED_DICT) {
        return Dict::Managed;
    }
    match head.dict_offset() {
        offset @ 1..=4096 => Dict::At(offset as u32),
        offset @ -4096..=-1 => Dict::Behind {
            size: head.basic_size() as u32,
            item: head.item_size() as u32,
            back: -offset as u32,
        },
        _ => Dict::Nowhere,
    }
}

/// Whether `tp_name` is that of a type of some module, and not of Python code.
fn has_module(name: usize) -> bool {
    names::of_static_type(name).is_some_and(|name| name.bytes().contains(&b'.'))
}
