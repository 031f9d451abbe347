//! Libraries that end a program in which another library stands before them.
//!
//! `AddressSanitizer` as a library takes `malloc` over, and looks at the start whether it is the first to be
//! loaded. It is told so by the program, among the libraries that this needs.

use crate::elf::{Bytes, Elf, Extent, eight};
use std::fs::File;
use std::path::Path;

/// The section with what the loader is told (`SHT_DYNAMIC`), and the bytes of an entry.
const DYNAMIC: u32 = 6;
const ENTRY_BYTES: usize = 16;
/// The entry that names a library (`DT_NEEDED`).
const NEEDED: u64 = 1;

/// How the libraries of GCC and of Clang are called.
const NAMES: [&str; 2] = ["libasan.so", "libclang_rt.asan"];
/// As much of a name as is looked at.
const MOST: u64 = 64;

/// By this its users tell it not to look.
const OPTIONS: &str = "ASAN_OPTIONS";
const NO_LOOK: &str = "verify_asan_link_order=0";

/// The library that a program needs and that would end it, if it does not let that pass.
pub(super) fn insisting_on_being_first(program: &Path) -> Option<String> {
    let options = std::env::var(OPTIONS).unwrap_or_default();
    if options.contains(NO_LOOK) {
        return None;
    }
    needed(&File::open(program).ok()?)
}

fn needed(bytes: &(impl Bytes + ?Sized)) -> Option<String> {
    let elf = Elf::new(bytes)?;
    let sections = elf.sections()?;
    let dynamic = sections.iter().find(|section| section.kind == DYNAMIC)?;
    let names = sections.get(dynamic.link as usize)?.extent;
    let entries = elf.read(dynamic.extent)?;
    let mut libraries = entries.chunks_exact(ENTRY_BYTES).filter_map(|entry| {
        let place = (eight(entry, 0)? == NEEDED).then_some(eight(entry, 8)?)?;
        let name = elf.read(Extent {
            offset: names.offset.checked_add(place)?,
            length: names.length.checked_sub(place)?.min(MOST),
        })?;
        let name = name.split(|&byte| byte == 0).next()?;
        Some(String::from_utf8_lossy(name).into_owned())
    });
    libraries.find(|library| NAMES.iter().any(|name| library.starts_with(name)))
}

#[cfg(test)]
mod tests {
    use super::{DYNAMIC, needed};
    use crate::elf::tests::{damaged, file};

    #[test]
    fn a_library_that_insists_is_found_among_those_that_are_needed() {
        let names = b"\0libc.so.6\0libasan.so.8\0";
        let entry = |tag: u64, value: u64| [tag.to_le_bytes(), value.to_le_bytes()].concat();
        let with = |entries: &[Vec<u8>]| file(&[(3, 0, names), (DYNAMIC, 0, &entries.concat())]);
        let insisting = with(&[entry(1, 1), entry(1, 11), entry(0, 0)]);
        assert_eq!(needed(&insisting[..]).as_deref(), Some("libasan.so.8"));
        // the same name for something else
        assert_eq!(needed(&with(&[entry(1, 1), entry(14, 11)])[..]), None);
        assert_eq!(needed(&with(&[entry(1, 1 << 40)])[..]), None);
        damaged(&insisting, |bytes| drop(needed(bytes)));
    }
}
