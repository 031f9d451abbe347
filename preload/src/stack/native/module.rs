//! Which loaded object an address is in, and where its unwind tables are.
//!
//! From 2.35 on the C library answers that itself, without a lock (`_dl_find_object`), and knows of
//! an object before its constructors run. For older ones the loader's list is searched. Neither is
//! asked for an address whose rule is at hand.

use crate::{elf, raw};
use core::sync::atomic::{AtomicUsize, Ordering};

/// An object's code and its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Its `.eh_frame_hdr`; zero without one.
    pub table: usize,
}

/// `struct dl_find_object` of `<dlfcn.h>`
#[repr(C)]
struct FoundObject {
    flags: u64,
    start: usize,
    end: usize,
    link_map: usize,
    table: usize,
    reserved: [u64; 7],
}

type FindObject = unsafe extern "C" fn(usize, *mut FoundObject) -> i32;

/// The address of the C library's function; 0 before it was looked for, 1 if there is none.
static FIND_OBJECT: AtomicUsize = AtomicUsize::new(0);

/// The object that an address is in.
#[cold]
pub fn find(address: usize) -> Option<Module> {
    let mut function = FIND_OBJECT.load(Ordering::Relaxed);
    if function == 0 {
        function = look_up().unwrap_or(1);
        FIND_OBJECT.store(function, Ordering::Relaxed);
    }
    if function == 1 {
        return elf::objects().find_map(|object| loaded_at(object, address));
    }
    let mut found = core::mem::MaybeUninit::<FoundObject>::zeroed();
    // SAFETY: the C library's function, which fills the structure in if it returns zero.
    unsafe {
        let function: FindObject = core::mem::transmute(function);
        if function(address, found.as_mut_ptr()) != 0 {
            return None;
        }
        let found = found.assume_init();
        Some(Module {
            start: found.start,
            end: found.end,
            table: found.table,
        })
    }
}

#[cfg(not(test))]
fn look_up() -> Option<usize> {
    elf::find(c"_dl_find_object")
}

#[cfg(test)]
fn look_up() -> Option<usize> {
    // SAFETY: looks a name up in the test's own process.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"_dl_find_object".as_ptr()) };
    (!found.is_null()).then(|| found.addr())
}

#[repr(C)]
struct ProgramHeader {
    kind: u32,
    flags: u32,
    offset: u64,
    address: usize,
    physical: usize,
    file_bytes: usize,
    bytes: usize,
    alignment: usize,
}

const LOADED: u32 = 1;
const EH_FRAME: u32 = 0x6474_e550;

/// The module of an object, if the address is in it.
fn loaded_at(object: &elf::Object, address: usize) -> Option<Module> {
    let base = object.base();
    let (headers, count) = if object.is_program() {
        crate::session::program_headers()?
    } else {
        if base == 0 || !raw::is_readable(base) {
            return None;
        }
        let at = |offset: usize| base + offset;
        // SAFETY: the page is readable; the fields are those of an ELF header, if it is one.
        unsafe {
            if (base as *const u32).read() != u32::from_le_bytes(*b"\x7fELF") {
                return None;
            }
            let offset = (at(32) as *const u64).read() as usize;
            let count = (at(56) as *const u16).read();
            (base + offset, usize::from(count))
        }
    };
    let mut module = Module {
        start: usize::MAX,
        end: 0,
        table: 0,
    };
    for number in 0..count {
        // SAFETY: the loader keeps the headers of an object readable as long as it is loaded.
        let header = unsafe { &*(headers as *const ProgramHeader).add(number) };
        let start = base + header.address;
        if header.kind == LOADED {
            module.start = module.start.min(start);
            module.end = module.end.max(start + header.bytes);
        } else if header.kind == EH_FRAME {
            module.table = start;
        }
    }
    (module.start..module.end)
        .contains(&address)
        .then_some(module)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn code_is_in_a_module_and_the_stack_is_in_none() {
        let own = find as *const () as usize;
        let module = find(own).expect("loaded");
        assert!((module.start..module.end).contains(&own));
        assert_ne!(module.table, 0);
        let local = 0u64;
        assert_eq!(find((&raw const local).addr()), None);
    }
}
