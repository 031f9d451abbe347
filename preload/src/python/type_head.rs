//! The front of a type, up to the last of what is asked of it.

use super::layout::objects::{
    FLAG_TYPE, OBJECT_REFERENCES, OBJECT_TYPE, TYPE_BASE, TYPE_BASIC_SIZE, TYPE_DICT_OFFSET,
    TYPE_FLAGS, TYPE_ITEM_SIZE, TYPE_NAME,
};
use super::reader::Reader;

/// A copy of the words at the front of what may be a type.
#[derive(Clone, Copy, Debug)]
pub struct TypeHead([u64; TYPE_DICT_OFFSET / 8 + 1]);

impl TypeHead {
    /// What is at an address; `None` where nothing is. The lock must be held.
    pub fn read(address: usize) -> Option<Self> {
        // SAFETY: as said above.
        unsafe { Reader::doubtful() }.words(address).map(Self)
    }

    /// Whether somebody refers to it. A type that is gone looks like one for as long as nobody else uses
    /// its memory, but its objects held a reference each.
    pub fn is_alive(&self) -> bool {
        self.word(OBJECT_REFERENCES) as u32 != 0
    }

    fn word(&self, offset: usize) -> u64 {
        self.0[offset / 8]
    }

    /// The address of its own type.
    pub fn kind(&self) -> usize {
        self.word(OBJECT_TYPE) as usize
    }

    /// The address of its name.
    pub fn name(&self) -> usize {
        self.word(TYPE_NAME) as usize
    }

    /// Bytes of an instance without items.
    pub fn basic_size(&self) -> u64 {
        self.word(TYPE_BASIC_SIZE)
    }

    /// Bytes of an item of an instance.
    pub fn item_size(&self) -> u64 {
        self.word(TYPE_ITEM_SIZE)
    }

    /// Whether all of these flags are set.
    pub fn has(&self, flags: u64) -> bool {
        self.word(TYPE_FLAGS) & flags == flags
    }

    /// Whether one of these flags is set.
    pub fn has_any(&self, flags: u64) -> bool {
        self.word(TYPE_FLAGS) & flags != 0
    }

    /// Whether its instances are types.
    pub fn is_metatype(&self) -> bool {
        self.has(FLAG_TYPE)
    }

    /// The address of the type that it is below; 0 for none.
    pub fn base(&self) -> usize {
        self.word(TYPE_BASE) as usize
    }

    /// Where in an instance its dictionary is, from the end if it is negative; 0 for nowhere.
    pub fn dict_offset(&self) -> i64 {
        self.word(TYPE_DICT_OFFSET) as i64
    }
}
