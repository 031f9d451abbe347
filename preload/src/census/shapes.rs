//! What the objects of a type point to and keep for themselves alone.

use crate::elf;
use crate::memory::Array;
use crate::python::layout::{Attributes, Layout};
use crate::python::types::Living;
use crate::raw;
use core::ffi::{CStr, c_char};

// offsets within a type, in words
const NAME: usize = 3;
const BASIC_SIZE: usize = 4;
const ITEM_SIZE: usize = 5;
const FLAGS: usize = 21;
const BASE: usize = 32;
const DICT_OFFSET: usize = 36;

const FLAG_MANAGED_DICT: u64 = 1 << 4;
const FLAG_HEAP: u64 = 1 << 9;
const FLAG_LIST: u64 = 1 << 25;
const FLAG_DICT: u64 = 1 << 29;
const FLAG_TYPE: u64 = 1 << 31;
/// `int`, `tuple`, `bytes`, `str` and what is below them.
const FLAGS_PLAIN: u64 = 0b1_1101 << 24 & !FLAG_LIST;

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
        let mut words = [0u64; DICT_OFFSET + 1];
        if !raw::read(address, &mut words) {
            return Shape {
                kind: Kind::Plain,
                ..Shape::default()
            };
        }
        let flags = words[FLAGS];
        let offset = words[DICT_OFFSET] as i64;
        let dict = if L::ATTRIBUTES != Attributes::Dict && flags & FLAG_MANAGED_DICT != 0 {
            Dict::Managed
        } else {
            match offset {
                1..=4096 => Dict::At(offset as u32),
                -4096..=-1 => Dict::Behind {
                    size: words[BASIC_SIZE] as u32,
                    item: words[ITEM_SIZE] as u32,
                    back: -offset as u32,
                },
                _ => Dict::Nowhere,
            }
        };
        let kind = if flags & FLAG_TYPE != 0 {
            Kind::Type
        } else if flags & FLAG_LIST != 0 {
            Kind::List
        } else if flags & FLAG_DICT != 0 {
            Kind::Dict
        } else if flags & FLAGS_PLAIN != 0 {
            Kind::Plain
        } else {
            self.root(address, words[BASE] as usize)
        };
        Shape {
            kind,
            dict: if kind == Kind::Type {
                Dict::Nowhere
            } else {
                dict
            },
            size: size_before_slots(&words),
            foreign: has_module(words[NAME] as usize),
        }
    }

    /// Whether a type is one of the known ones, or below one.
    fn root(&self, address: usize, base: usize) -> Kind {
        let mut address = address;
        let mut base = base;
        for _ in 0..32 {
            if let Some((_, kind)) = self.roots.iter().find(|(root, _)| *root == address) {
                return *kind;
            }
            let mut next = [0u64; 1];
            if base == 0 || !raw::read(base + BASE * 8, &mut next) {
                break;
            }
            (address, base) = (base, next[0] as usize);
        }
        Kind::Other
    }
}

/// Bytes of an object that Python code did not lay out: what a `class` statement adds to its base
/// are slots, and these hold objects.
fn size_before_slots(words: &[u64; DICT_OFFSET + 1]) -> u32 {
    let mut words = *words;
    for _ in 0..32 {
        let is_of_code = words[FLAGS] & FLAG_HEAP != 0 && !has_module(words[NAME] as usize);
        let base = words[BASE] as usize;
        let mut next = [0u64; DICT_OFFSET + 1];
        if !is_of_code || base == 0 || !raw::read(base, &mut next) {
            break;
        }
        words = next;
    }
    words[BASIC_SIZE] as u32
}

/// Whether `tp_name` is that of a type of some module, and not of Python code.
fn has_module(name: usize) -> bool {
    if name == 0 {
        return false;
    }
    // SAFETY: the name of a live type is a C string.
    let name = unsafe { CStr::from_ptr(name as *const c_char) };
    name.to_bytes().contains(&b'.')
}
