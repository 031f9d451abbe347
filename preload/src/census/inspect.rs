//! One living block: what object is in it, and what this object keeps elsewhere.

use super::memory::Memory;
use super::regions;
use super::shapes::{Dict, Kind, Shape, Shapes};
use super::unreadable;
use crate::python::layout::objects::{
    BYTE_ARRAY_BUFFER, DICT_END, DICT_IN_FRONT, DICT_KEYS, DICT_VALUES, LIST_ITEMS, MODULE_DICT,
    OBJECT_SIZE, SET_SMALL_TABLE, SET_TABLE, TYPE_DICT, TYPE_DOC, VALUES_IN_FRONT,
};
use crate::python::layout::{Attributes, Layout};
use crate::python::reader::Reader;
use crate::python::types::{self, Living};
use crate::raw;
use crate::thread::Thread;
use memprof_wire::event::{Event, Role};
use memprof_wire::units::{Address, TypeId};

/// Words of an object that may be pointers to buffers.
const MOST_WORDS: usize = 40;
/// No pointer is below this.
const LOWEST: usize = 1 << 16;

/// What a census keeps at hand.
#[derive(Debug)]
pub struct Inspector {
    /// How memory is read.
    pub memory: Memory,
    /// What is known of types.
    pub shapes: Shapes,
}

/// An object in a block.
#[derive(Clone, Copy, Debug)]
struct Object<'a> {
    address: usize,
    /// The words of its block.
    words: &'a [u64],
    /// Where in them it begins.
    base: usize,
    type_id: TypeId,
}

impl Object<'_> {
    /// The word of the object at an offset in bytes. Zero where the block ends.
    fn word(&self, offset: usize) -> usize {
        let place = self.base + offset / 8;
        self.words.get(place).copied().unwrap_or(0) as usize
    }

    /// The word so many bytes in front of the object.
    fn word_in_front(&self, bytes: usize) -> usize {
        let place = self.base.wrapping_sub(bytes / 8);
        self.words.get(place).copied().unwrap_or(0) as usize
    }

    fn owns(&self, thread: &mut Thread, pointer: usize, role: Role) {
        if pointer >= LOWEST && pointer >> 47 == 0 {
            thread.census(&Event::CensusOwned {
                address: Address(pointer as u64),
                role,
                owner: self.type_id,
            });
        }
    }
}

/// Whether a word cannot be the address of a type nobody knows yet: it points into the heap, and
/// the types that are there were all looked at first; or there is nothing at all.
fn is_no_new_type(word: usize) -> bool {
    regions::is_in_arena(word)
        || regions::is_large(word)
        || regions::is_large(word.wrapping_sub(16))
        || word >> 47 == 0 && unreadable::has(word)
}

impl Inspector {
    /// Records what object is in a block, if any.
    pub fn block<L: Layout>(&mut self, thread: &mut Thread, block: usize, words: &[u64]) {
        let Some(living) = types::of_living::<L>(thread, words, is_no_new_type) else {
            return;
        };
        let object = Object {
            address: block + living.offset as usize,
            words,
            base: living.offset as usize / 8,
            type_id: living.type_id,
        };
        let waiting = is_dead::<L>(object.word(0) as u64);
        thread.census(&Event::CensusObject {
            address: Address(block as u64),
            type_id: living.type_id,
            waiting,
        });
        if !waiting {
            let shape = self.shapes.of::<L>(living);
            dictionary::<L>(thread, &object, shape.dict);
            self.belongings::<L>(thread, &object, shape);
        }
    }

    /// The types in a block, before anything else is looked at.
    pub fn types_first<L: Layout>(thread: &mut Thread, block: usize, words: &[u64]) {
        let living = types::of_living::<L>(thread, words, unreadable::has);
        if let Some(Living {
            offset,
            is_metatype: true,
            ..
        }) = living
        {
            types::note_type::<L>(thread, block + offset as usize);
        }
    }

    fn belongings<L: Layout>(&self, thread: &mut Thread, object: &Object<'_>, shape: Shape) {
        match shape.kind {
            Kind::List => object.owns(thread, object.word(LIST_ITEMS), Role::Items),
            Kind::Dict => {
                object.owns(thread, object.word(DICT_KEYS), Role::Keys);
                object.owns(thread, object.word(DICT_VALUES), Role::Values);
                self.others::<L>(thread, object, shape, DICT_END);
            }
            Kind::Set => {
                let table = object.word(SET_TABLE);
                // a small table is part of the object
                if table != object.address + SET_SMALL_TABLE {
                    object.owns(thread, table, Role::Table);
                }
            }
            Kind::ByteArray => object.owns(thread, object.word(BYTE_ARRAY_BUFFER), Role::Buffer),
            Kind::Module => {
                object.owns(thread, object.word(MODULE_DICT), Role::Dict);
                self.others::<L>(thread, object, shape, MODULE_DICT + 8);
            }
            Kind::Type => {
                object.owns(thread, object.word(TYPE_DICT), Role::Dict);
                object.owns(thread, object.word(TYPE_DOC), Role::Buffer);
                // the keys that the dictionaries of its instances share, beyond the words at hand
                let place = object.address + L::TYPE_CACHED_KEYS;
                // SAFETY: a census is taken with the lock.
                if let Some(keys) = unsafe { Reader::doubtful() }.word(place) {
                    object.owns(thread, keys, Role::Keys);
                }
            }
            Kind::Other => self.others::<L>(thread, object, shape, OBJECT_SIZE),
            Kind::Plain | Kind::Unseen => {}
        }
    }

    /// Pointers from an offset on that lead to something that is no object.
    fn others<L: Layout>(
        &self,
        thread: &mut Thread,
        object: &Object<'_>,
        shape: Shape,
        from: usize,
    ) {
        let end = (shape.size as usize).min(MOST_WORDS * 8);
        for offset in (from..end).step_by(8) {
            let pointer = object.word(offset);
            let plausible = pointer >= LOWEST && pointer >> 47 == 0 && pointer.is_multiple_of(16);
            if plausible && self.is_buffer::<L>(thread, pointer, shape.foreign) {
                object.owns(thread, pointer, Role::Buffer);
            }
        }
    }

    /// Whether what begins at an address may be a buffer: in the heap of the interpreter it must
    /// not look like an object; elsewhere only some types have any.
    fn is_buffer<L: Layout>(&self, thread: &mut Thread, pointer: usize, foreign: bool) -> bool {
        let mut words = [0u64; 2];
        let is_there = if regions::is_in_arena(pointer) || regions::is_large(pointer) {
            self.memory.read(pointer, &mut words)
        } else if foreign && regions::is_large(pointer.wrapping_sub(16)) {
            // an object behind its links; asked of the kernel, as the pointer may be any number
            raw::read(pointer, &mut words)
        } else {
            return foreign;
        };
        is_there && !types::is_known(thread, words[1] as usize)
    }
}

/// Where an object has its attributes, if not in itself.
fn dictionary<L: Layout>(thread: &mut Thread, object: &Object<'_>, place: Dict) {
    match place {
        Dict::Nowhere => {}
        Dict::At(offset) => object.owns(thread, object.word(offset as usize), Role::Dict),
        Dict::Behind { size, item, back } => {
            let items = (object.word(OBJECT_SIZE) as isize).unsigned_abs();
            let end = items
                .saturating_mul(item as usize)
                .saturating_add(size as usize)
                .min(1 << 30)
                .next_multiple_of(8);
            let place = end.wrapping_sub(back as usize);
            object.owns(thread, object.word(place), Role::Dict);
        }
        Dict::Managed => match L::ATTRIBUTES {
            Attributes::Dict => {}
            Attributes::ValuesAndDict => {
                object.owns(thread, object.word_in_front(VALUES_IN_FRONT), Role::Values);
                object.owns(thread, object.word_in_front(DICT_IN_FRONT), Role::Dict);
            }
            Attributes::Tagged => {
                let word = object.word_in_front(DICT_IN_FRONT);
                if word & 1 == 0 {
                    object.owns(thread, word, Role::Dict);
                } else {
                    object.owns(thread, word + 1, Role::Values);
                }
            }
            Attributes::Inline => {
                object.owns(thread, object.word_in_front(DICT_IN_FRONT), Role::Dict);
            }
        },
    }
}

/// Whether an object is dead by its count of references, and only kept to be used again.
fn is_dead<L: Layout>(references: u64) -> bool {
    if L::LINKS_IN_REFERENCES {
        // the link to the next dead object stands there; a count has nothing in these bits
        references as u32 == 0 || references >> 32 & 0xffff != 0
    } else {
        references == 0
    }
}
