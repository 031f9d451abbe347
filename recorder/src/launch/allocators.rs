//! Allocators that a program is linked with under names of their own, such as `_rjem_malloc`.
//!
//! Nothing can be put in front of them, as it can in front of `malloc`: a call goes straight to the
//! function. Their names stand in the symbol tables of the program, unless these were stripped or
//! the functions hidden in a library; then nobody can know.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Functions that hand out memory, and the allocators they are of.
const KNOWN: [(&str, &str); 6] = [
    ("_rjem_malloc", "jemalloc"),
    ("je_malloc", "jemalloc"),
    ("mi_malloc", "mimalloc"),
    ("tc_malloc", "tcmalloc"),
    ("rpmalloc", "rpmalloc"),
    ("sn_rust_alloc", "snmalloc"),
];

/// The tables of symbols: all of them, and those that the loader needs.
const SYMBOL_TABLES: [u32; 2] = [2, 11];
const SECTION_HEADER_BYTES: usize = 64;
const SYMBOL_BYTES: usize = 24;
/// No table that is worth reading is longer, in bytes.
const MOST: u64 = 256 << 20;

/// An allocator that a program has besides `malloc`: its function and its name. One that has
/// `malloc` for a name, too, is none of these: see `Note::OwnAllocator`.
pub(super) fn find(program: &Path) -> Option<String> {
    let file = File::open(program).ok()?;
    let names = symbols(&file)?;
    if names.contains(&Symbol::Malloc) {
        return None;
    }
    names.into_iter().find_map(|symbol| match symbol {
        Symbol::Known(function, allocator) => Some(format!("{allocator} ({function})")),
        Symbol::Malloc => None,
    })
}

/// A function that matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Symbol {
    /// The program defines `malloc` itself.
    Malloc,
    /// A function of [`KNOWN`], and its allocator.
    Known(&'static str, &'static str),
}

/// The symbols that matter, of a 64-bit little-endian ELF file. `None` where the file is damaged.
fn symbols(file: &File) -> Option<Vec<Symbol>> {
    let header = read(file, 0, 64)?;
    let (offset, count) = (eight(&header, 40)?, two(&header, 60)?);
    let bytes = u64::from(count) * SECTION_HEADER_BYTES as u64;
    let sections = read(file, offset, bytes)?;
    let sections: Vec<&[u8]> = sections.chunks_exact(SECTION_HEADER_BYTES).collect();
    let mut found = Vec::new();
    for section in &sections {
        if !SYMBOL_TABLES.contains(&four(section, 4)?) {
            continue;
        }
        let names = sections.get(four(section, 40)? as usize)?;
        let names = read(file, eight(names, 24)?, eight(names, 32)?)?;
        let table = read(file, eight(section, 24)?, eight(section, 32)?)?;
        for symbol in table.chunks_exact(SYMBOL_BYTES) {
            let is_defined = two(symbol, 6)? != 0;
            let name = names.get(four(symbol, 0)? as usize..).unwrap_or_default();
            found.extend(matching(name, is_defined));
        }
    }
    Some(found)
}

/// What a name, followed by a zero byte, stands for.
fn matching(name: &[u8], is_defined: bool) -> Option<Symbol> {
    let is = |text: &str| name.starts_with(text.as_bytes()) && name.get(text.len()) == Some(&0);
    if is_defined && is("malloc") {
        return Some(Symbol::Malloc);
    }
    let known = KNOWN.iter().find(|(function, _)| is(function))?;
    Some(Symbol::Known(known.0, known.1))
}

fn read(file: &File, offset: u64, bytes: u64) -> Option<Vec<u8>> {
    // a header that lies shall not make us ask for more than there is
    if bytes > MOST || offset.checked_add(bytes)? > file.metadata().ok()?.len() {
        return None;
    }
    let mut content = vec![0; bytes as usize];
    file.read_exact_at(&mut content, offset).ok()?;
    Some(content)
}

fn two(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn four(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::{Symbol, find, matching, symbols};
    use std::fs::{self, File};

    #[test]
    fn names_are_compared_whole() {
        let known = Some(Symbol::Known("je_malloc", "jemalloc"));
        assert_eq!(matching(b"je_malloc\0more\0", true), known);
        assert_eq!(matching(b"je_malloc\0", false), known);
        assert_eq!(matching(b"je_mallocx\0", true), None);
        assert_eq!(matching(b"je_malloc", true), None);
        assert_eq!(matching(b"malloc\0", true), Some(Symbol::Malloc));
        assert_eq!(matching(b"malloc\0", false), None);
        assert_eq!(matching(b"", true), None);
    }

    #[test]
    fn ordinary_and_damaged_programs_have_none() {
        assert_eq!(find("/bin/sh".as_ref()), None);
        let own = std::env::current_exe().expect("there is one");
        assert_eq!(find(&own), None);
        let path = std::env::temp_dir().join(format!("memprof-symbols-{}", std::process::id()));
        let mut bytes = fs::read("/bin/sh").expect("there is a shell");
        for place in 0..64 {
            let before = bytes[place];
            for value in [0, 0x7f, 0xff] {
                bytes[place] = value;
                fs::write(&path, &bytes).expect("it is writable");
                // whatever it finds, it ends
                let _ = symbols(&File::open(&path).expect("it is there"));
            }
            bytes[place] = before;
        }
        fs::remove_file(&path).expect("it is ours");
    }
}
