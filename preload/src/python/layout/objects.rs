//! Where objects keep what is read of them, as far as all known versions (3.9 to 3.15) have it in the
//! same place: bytes from the object's start.
//!
//! The names are those of `Include/cpython/object.h` and its neighbours.

/// `PyObject.ob_refcnt`; its lower half, which 3.12 and later leave as a number by itself
pub const OBJECT_REFERENCES: usize = 0;
/// `PyObject.ob_type`
pub const OBJECT_TYPE: usize = 8;
/// `PyVarObject.ob_size`
pub const OBJECT_SIZE: usize = 16;

/// Bytes in front of an object where the word for its dictionary is, if its type has
/// [`FLAG_MANAGED_DICT`].
pub const DICT_IN_FRONT: usize = 24;
/// Bytes in front of such an object where its values are, in 3.11 alone.
pub const VALUES_IN_FRONT: usize = 32;

/// `PyTypeObject.tp_name`
pub const TYPE_NAME: usize = 24;
/// `PyTypeObject.tp_basicsize`
pub const TYPE_BASIC_SIZE: usize = 32;
/// `PyTypeObject.tp_itemsize`
pub const TYPE_ITEM_SIZE: usize = 40;
/// `PyTypeObject.tp_flags`
pub const TYPE_FLAGS: usize = 168;
/// `PyTypeObject.tp_doc`
pub const TYPE_DOC: usize = 176;
/// `PyTypeObject.tp_base`
pub const TYPE_BASE: usize = 256;
/// `PyTypeObject.tp_dict`
pub const TYPE_DICT: usize = 264;
/// `PyTypeObject.tp_dictoffset`
pub const TYPE_DICT_OFFSET: usize = 288;

/// The values of its instances stand behind them (3.13 and later).
pub const FLAG_INLINE_VALUES: u64 = 1 << 2;
/// The dictionary of its instances stands in front of them (3.11 and later).
pub const FLAG_MANAGED_DICT: u64 = 1 << 4;
/// It was made at run time.
pub const FLAG_HEAP: u64 = 1 << 9;
/// It is complete.
pub const FLAG_READY: u64 = 1 << 12;
/// The garbage collector knows its instances.
pub const FLAG_COLLECTED: u64 = 1 << 14;
/// Its instances are `int`s.
pub const FLAG_INT: u64 = 1 << 24;
/// Its instances are lists.
pub const FLAG_LIST: u64 = 1 << 25;
/// Its instances are tuples.
pub const FLAG_TUPLE: u64 = 1 << 26;
/// Its instances are `bytes`.
pub const FLAG_BYTES: u64 = 1 << 27;
/// Its instances are texts.
pub const FLAG_TEXT: u64 = 1 << 28;
/// Its instances are dictionaries.
pub const FLAG_DICT: u64 = 1 << 29;
/// Its instances are types.
pub const FLAG_TYPE: u64 = 1 << 31;

/// `PyListObject.ob_item`
pub const LIST_ITEMS: usize = 24;
/// `PyDictObject.ma_keys`
pub const DICT_KEYS: usize = 32;
/// `PyDictObject.ma_values`
pub const DICT_VALUES: usize = 40;
/// The first byte behind a `PyDictObject`.
pub const DICT_END: usize = 48;
/// `PySetObject.table`
pub const SET_TABLE: usize = 40;
/// `PySetObject.smalltable`
pub const SET_SMALL_TABLE: usize = 64;
/// `PyByteArrayObject.ob_bytes`
pub const BYTE_ARRAY_BUFFER: usize = 32;
/// `PyModuleObject.md_dict`
pub const MODULE_DICT: usize = 16;
