//! Which executables run Python.

use crate::elf::{Bytes, DYNAMIC_SYMBOLS, Elf, Extent, any_ends_like};
use std::fs::File;
use std::path::Path;

/// So much of a file is looked at that does not tell where the names are that it exports or imports: they come before
/// its code.
const LOOKED_AT: u64 = 16 << 20;
/// So much of it is read to see whether it is a script.
const FIRST_LINE: usize = 256;
/// What the main function of every CPython calls, or exports.
const MAIN: &str = "Py_BytesMain";

/// Whether a file to be executed is a Python interpreter, or a script for one.
pub(super) fn is_python(program: &Path) -> bool {
    let by_name = program
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("python"));
    by_name || File::open(program).is_ok_and(|file| is_python_file(&file) == Some(true))
}

/// `None` where the file is damaged.
fn is_python_file(bytes: &(impl Bytes + ?Sized)) -> Option<bool> {
    let length = bytes.length()?;
    let mut start = vec![0; FIRST_LINE.min(length as usize)];
    bytes.fill(&mut start, 0)?;
    if is_for_python(&start) {
        return Some(true);
    }
    let front = Extent {
        offset: 0,
        length: length.min(LOOKED_AT),
    };
    let names = names(bytes).unwrap_or(front);
    any_ends_like(bytes, names, &[MAIN])
}

/// Where the names are that a program exports or imports, if it tells.
fn names(bytes: &(impl Bytes + ?Sized)) -> Option<Extent> {
    let sections = Elf::new(bytes)?.sections()?;
    let symbols = sections.iter().find(|it| it.kind == DYNAMIC_SYMBOLS)?;
    Some(sections.get(symbols.link as usize)?.extent)
}

/// Whether the first line of a script names Python.
pub(super) fn is_for_python(start: &[u8]) -> bool {
    let line = start.split(|&byte| byte == b'\n').next();
    let line = line.unwrap_or_default();
    line.starts_with(b"#!") && line.windows(6).any(|word| word == b"python")
}

#[cfg(test)]
mod tests {
    use super::{DYNAMIC_SYMBOLS, is_for_python, is_python, is_python_file};
    use crate::elf::tests::{damaged, file};
    use std::path::Path;

    #[test]
    fn an_interpreter_is_known_by_what_it_calls() {
        let is_one = |bytes: &[u8]| is_python_file(bytes);
        let names = b"\0Py_Initialize\0Py_BytesMain\0";
        let program = file(&[(3, 0, names), (DYNAMIC_SYMBOLS, 0, b"")]);
        assert_eq!(is_one(&program), Some(true));
        let program = file(&[(3, 0, &names[..names.len() - 6]), (DYNAMIC_SYMBOLS, 0, b"")]);
        assert_eq!(is_one(&program), Some(false));
        // what is no name of its own may be anything
        let program = file(&[
            (3, 0, b"\0main\0"),
            (DYNAMIC_SYMBOLS, 0, b""),
            (1, 0, names),
        ]);
        assert_eq!(is_one(&program), Some(false));
        // and of one without sections all may be names
        assert_eq!(is_one(&file(&[(1, 0, names)])), Some(true));
        damaged(&program, |bytes| {
            is_one(bytes);
        });
        assert!(!is_python(Path::new("/bin/sh")));
        assert!(is_python(Path::new("/no/such/python3.11")));
    }

    #[test]
    fn a_script_is_known_by_its_first_line() {
        assert!(is_for_python(b"#!/usr/bin/env python3\nprint()"));
        assert!(!is_for_python(b"#!/bin/sh\npython"));
    }
}
