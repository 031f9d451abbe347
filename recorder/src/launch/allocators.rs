//! Allocators that a program is linked with under names of their own, such as `_rjem_malloc`.
//!
//! Nothing can be put in front of them, as it can in front of `malloc`: a call goes straight to the
//! function. Their names stand in the symbol tables of the program, unless these were stripped or
//! the functions hidden in a library; then nobody can know.
//!
//! The program waits for this, and there are programs with millions of symbols. So at first only the names are gone
//! through, without a look at whose they are: few programs have one that ends like these.

use crate::elf::{Bytes, DYNAMIC_SYMBOLS, Elf, SYMBOLS, Section, any_ends_like, four, two};
use std::fs::File;
use std::path::Path;

/// Functions that hand out memory, all with the same last letter, and the allocators they are of.
const KNOWN: [(&str, &str); 6] = [
    ("_rjem_malloc", "jemalloc"),
    ("je_malloc", "jemalloc"),
    ("mi_malloc", "mimalloc"),
    ("tc_malloc", "tcmalloc"),
    ("rpmalloc", "rpmalloc"),
    ("sn_rust_alloc", "snmalloc"),
];

const SYMBOL_BYTES: usize = 24;

/// An allocator that a program has besides `malloc`: its function and its name. One that has
/// `malloc` for a name, too, is none of these: see `Note::OwnAllocator`.
pub(super) fn find(program: &Path) -> Option<String> {
    let (function, allocator) = in_file(&File::open(program).ok()?)?;
    Some(format!("{allocator} ({function})"))
}

/// Its entry of [`KNOWN`]. `None` where the file is damaged.
fn in_file(bytes: &(impl Bytes + ?Sized)) -> Option<(&'static str, &'static str)> {
    let elf = Elf::new(bytes)?;
    let sections = elf.sections()?;
    let tables = sections
        .iter()
        .filter(|section| [SYMBOLS, DYNAMIC_SYMBOLS].contains(&section.kind));
    let tables: Vec<(&Section, &Section)> = tables
        .map(|table| Some((table, sections.get(table.link as usize)?)))
        .collect::<Option<_>>()?;
    let known = KNOWN.map(|(function, _)| function);
    let mut may_have = false;
    for (_, names) in &tables {
        may_have |= any_ends_like(bytes, names.extent, &known)?;
    }
    if !may_have {
        return None;
    }
    let mut found = Vec::new();
    for (table, names) in tables {
        let (table, names) = (elf.read(table.extent)?, elf.read(names.extent)?);
        for symbol in table.chunks_exact(SYMBOL_BYTES) {
            let is_defined = two(symbol, 6)? != 0;
            let name = names.get(four(symbol, 0)? as usize..).unwrap_or_default();
            found.extend(matching(name, is_defined));
        }
    }
    if found.contains(&Symbol::Malloc) {
        return None;
    }
    found.into_iter().find_map(|symbol| match symbol {
        Symbol::Known(function, allocator) => Some((function, allocator)),
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

/// What a name, followed by a zero byte, stands for.
fn matching(name: &[u8], is_defined: bool) -> Option<Symbol> {
    let is = |text: &str| name.starts_with(text.as_bytes()) && name.get(text.len()) == Some(&0);
    if is_defined && is("malloc") {
        return Some(Symbol::Malloc);
    }
    let known = KNOWN.iter().find(|(function, _)| is(function))?;
    Some(Symbol::Known(known.0, known.1))
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, SYMBOL_BYTES, Symbol, find, in_file, matching};
    use crate::elf::tests::{damaged, file};

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

    /// A program with these functions, all defined.
    fn program(functions: &[&str]) -> Vec<u8> {
        let mut names = vec![0];
        let mut symbols = Vec::new();
        for function in functions {
            let mut symbol = [0; SYMBOL_BYTES];
            symbol[..4].copy_from_slice(&(names.len() as u32).to_le_bytes());
            symbol[6] = 1;
            symbols.extend_from_slice(&symbol);
            names.extend_from_slice(function.as_bytes());
            names.push(0);
        }
        file(&[(3, 0, &names), (2, 0, &symbols)])
    }

    #[test]
    fn a_function_is_found_unless_malloc_is_the_programs_own() {
        let found = |functions: &[&str]| in_file(&*program(functions));
        assert_eq!(
            found(&["main", "mi_malloc"]),
            Some(("mi_malloc", "mimalloc"))
        );
        assert_eq!(found(&["main", "my_mi_malloc"]), None);
        assert_eq!(found(&["malloc", "mi_malloc"]), None);
        assert_eq!(found(&["main"]), None);
        for (function, allocator) in KNOWN {
            assert_eq!(found(&["main", function]), Some((function, allocator)));
        }
    }

    #[test]
    fn ordinary_and_damaged_programs_have_none() {
        assert_eq!(find("/bin/sh".as_ref()), None);
        let own = std::env::current_exe().expect("there is one");
        assert_eq!(find(&own), None);
        // whatever it finds, it ends
        damaged(&program(&["main", "mi_malloc"]), |bytes| {
            in_file(bytes);
        });
    }
}
