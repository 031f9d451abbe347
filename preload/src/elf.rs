//! Looking symbols up in the objects that are loaded, without `dlsym`.
//!
//! `dlsym` allocates (which would come back into the hooks before they know their originals), takes
//! the loader's lock, and its symbol version differs between C libraries. The loader's own list of
//! objects and their hash tables are all that is needed. The formats are those of the System V gABI
//! and, for `DT_GNU_HASH`, of the GNU tools.

mod held;

use core::ffi::{CStr, c_char};
pub use held::held;

/// The head of the loader's record of an object (`struct link_map` of `<link.h>`).
#[derive(Debug)]
#[repr(C)]
pub struct Object {
    base: usize,
    name: *const c_char,
    dynamic: *const Dynamic,
    next: *const Object,
    previous: *const Object,
}

/// The loader's notice for debuggers (`struct r_debug` of `<link.h>`).
#[repr(C)]
struct Debug {
    version: i32,
    first: *const Object,
}

#[derive(Debug)]
#[repr(C)]
struct Dynamic {
    tag: i64,
    value: usize,
}

#[derive(Debug)]
#[repr(C)]
struct Symbol {
    name: u32,
    info: u8,
    other: u8,
    section: u16,
    value: usize,
    size: u64,
}

const TAG_STRINGS: i64 = 5;
const TAG_SYMBOLS: i64 = 6;
const TAG_RPATH: i64 = 15;
const TAG_RUNPATH: i64 = 29;
const TAG_GNU_HASH: i64 = 0x6fff_fef5;
const TAG_HASH: i64 = 4;
const TYPE_INDIRECT: u8 = 10;

#[cfg(not(test))]
unsafe extern "C" {
    #[link_name = "_r_debug"]
    static LOADER: Debug;
    #[link_name = "_DYNAMIC"]
    static OWN_DYNAMIC: Dynamic;
}

/// The tables of an object that a look-up needs.
struct Tables {
    strings: *const u8,
    symbols: *const Symbol,
    gnu_hash: *const u32,
    hash: *const u32,
}

/// The loaded objects, in the order in which symbols are looked for.
pub fn objects() -> Objects {
    #[cfg(not(test))]
    // SAFETY: the loader fills its notice in before any code of ours runs.
    let first = unsafe { (&raw const LOADER.first).read_volatile() };
    #[cfg(test)]
    let first = core::ptr::null();
    Objects { next: first }
}

/// The loaded objects behind this library: where its originals are.
pub fn objects_behind() -> Objects {
    #[cfg(not(test))]
    let own = &raw const OWN_DYNAMIC;
    #[cfg(test)]
    let own = core::ptr::null();
    let mut all = objects();
    for object in all.by_ref() {
        if core::ptr::eq(object.dynamic, own) {
            return all;
        }
    }
    objects()
}

/// See [`objects`].
pub struct Objects {
    next: *const Object,
}

impl Iterator for Objects {
    type Item = &'static Object;

    fn next(&mut self) -> Option<&'static Object> {
        // SAFETY: the loader's list is only appended to, or unlinked from by dlclose, which waits
        // for who looks through `held`; others look before the program has threads, or for an
        // interpreter, which comes once.
        let object = unsafe { self.next.as_ref()? };
        self.next = object.next;
        Some(object)
    }
}

impl Object {
    /// Whether this is the program itself rather than a library.
    pub fn is_program(&self) -> bool {
        self.previous.is_null()
    }

    /// The file that it was loaded from; empty for the program.
    pub fn name(&self) -> *const c_char {
        self.name
    }

    /// Whether the object says where its own libraries are to be looked for.
    pub fn has_search_path(&self) -> bool {
        self.value(TAG_RPATH).is_some() || self.value(TAG_RUNPATH).is_some()
    }

    /// Where the object is loaded.
    pub fn base(&self) -> usize {
        self.base
    }

    /// The address of a symbol that this object defines.
    pub fn find(&self, name: &CStr) -> Option<usize> {
        let tables = self.tables()?;
        let symbol = if tables.gnu_hash.is_null() {
            tables.find_by_hash(name.to_bytes())
        } else {
            tables.find_by_gnu_hash(name.to_bytes())
        }?;
        if symbol.section == 0 || symbol.value == 0 {
            return None;
        }
        let address = self.base + symbol.value;
        if symbol.info & 15 == TYPE_INDIRECT {
            // SAFETY: the gABI of indirect functions: the symbol is a function without arguments
            // that returns the address.
            let resolve: extern "C" fn() -> usize = unsafe { core::mem::transmute(address) };
            return Some(resolve());
        }
        Some(address)
    }

    /// Whether the object names a symbol at all, defined here or wanted from elsewhere.
    pub fn mentions(&self, name: &CStr) -> bool {
        self.find(name).is_some() || self.imports(name)
    }

    /// Whether the object wants a symbol from elsewhere. Undefined symbols are in no hash table,
    /// but stand before all defined ones.
    fn imports(&self, name: &CStr) -> bool {
        let Some(tables) = self.tables() else {
            return false;
        };
        if tables.gnu_hash.is_null() {
            return false;
        }
        // SAFETY: the second word of the table is the number of the first symbol that it covers.
        let covered = unsafe { tables.gnu_hash.add(1).read() };
        (1..covered).any(|number| {
            // SAFETY: symbols up to `covered` exist.
            let symbol = unsafe { &*tables.symbols.add(number as usize) };
            tables.has_name(symbol, name.to_bytes())
        })
    }

    fn value(&self, tag: i64) -> Option<usize> {
        let mut entry = self.dynamic;
        if entry.is_null() {
            return None;
        }
        // SAFETY: the loader checked the section; it ends with a zero tag.
        unsafe {
            while (*entry).tag != 0 {
                if (*entry).tag == tag {
                    return Some((*entry).value);
                }
                entry = entry.add(1);
            }
        }
        None
    }

    fn tables(&self) -> Option<Tables> {
        // the loader has turned most values into addresses, but not for the kernel's own object
        let place = |tag| {
            let value = self.value(tag)?;
            Some(if value < self.base {
                value + self.base
            } else {
                value
            })
        };
        Some(Tables {
            strings: place(TAG_STRINGS)? as *const u8,
            symbols: place(TAG_SYMBOLS)? as *const Symbol,
            gnu_hash: place(TAG_GNU_HASH).unwrap_or(0) as *const u32,
            hash: place(TAG_HASH).unwrap_or(0) as *const u32,
        })
    }
}

impl Tables {
    fn has_name(&self, symbol: &Symbol, name: &[u8]) -> bool {
        // SAFETY: names are offsets into the string table, and end in a zero byte.
        let own = unsafe { CStr::from_ptr(self.strings.add(symbol.name as usize).cast()) };
        own.to_bytes() == name
    }

    fn find_by_gnu_hash(&self, name: &[u8]) -> Option<&'static Symbol> {
        let wanted = gnu_hash(name);
        // SAFETY: the layout of the table: counts of buckets, first symbol, size of the filter,
        // shift; the filter in 64-bit words; the buckets; one hash for each covered symbol, whose
        // lowest bit ends a chain.
        unsafe {
            let table = self.gnu_hash;
            let (buckets, first, filter) = (table.read(), table.add(1).read(), table.add(2).read());
            let bucket = table.add(4 + 2 * filter as usize);
            let chain = bucket.add(buckets as usize);
            if buckets == 0 {
                return None;
            }
            let mut number = bucket.add((wanted % buckets) as usize).read();
            if number < first {
                return None;
            }
            loop {
                let hash = chain.add((number - first) as usize).read();
                let symbol = &*self.symbols.add(number as usize);
                if hash | 1 == wanted | 1 && symbol.section != 0 && self.has_name(symbol, name) {
                    return Some(symbol);
                }
                if hash & 1 != 0 {
                    return None;
                }
                number += 1;
            }
        }
    }

    fn find_by_hash(&self, name: &[u8]) -> Option<&'static Symbol> {
        if self.hash.is_null() {
            return None;
        }
        // SAFETY: the gABI's table: the second word counts the symbols.
        let symbols = unsafe { self.hash.add(1).read() };
        (1..symbols).find_map(|number| {
            // SAFETY: so many symbols exist.
            let symbol = unsafe { &*self.symbols.add(number as usize) };
            (symbol.section != 0 && self.has_name(symbol, name)).then_some(symbol)
        })
    }
}

fn gnu_hash(name: &[u8]) -> u32 {
    name.iter().fold(5381, |hash, &byte| {
        hash.wrapping_mul(33).wrapping_add(u32::from(byte))
    })
}

/// The first definition of a symbol in any object.
pub fn find(name: &CStr) -> Option<usize> {
    objects().find_map(|object| object.find(name))
}

/// The first definition of a symbol behind this library.
pub fn find_behind(name: &CStr) -> Option<usize> {
    objects_behind().find_map(|object| object.find(name))
}

#[cfg(test)]
mod tests {
    use super::gnu_hash;

    #[test]
    fn hashes_are_those_of_the_gnu_tools() {
        assert_eq!(gnu_hash(b""), 0x1505);
        assert_eq!(gnu_hash(b"printf"), 0x156b_2bb8);
        assert_eq!(gnu_hash(b"exit"), 0x7c96_7e3f);
    }
}
