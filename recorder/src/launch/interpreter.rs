//! Which executables run Python.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// So much of a file is looked at: the names that an executable exports or imports come before its
/// code.
const LOOKED_AT: u64 = 16 << 20;
/// What the main function of every CPython calls, or exports.
const MAIN: &[u8] = b"Py_BytesMain\0";

/// Whether a file to be executed is a Python interpreter, or a script for one.
pub(super) fn is_python(program: &Path) -> bool {
    let by_name = program
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("python"));
    if by_name {
        return true;
    }
    let mut bytes = Vec::new();
    let Ok(file) = File::open(program) else {
        return false;
    };
    if file.take(LOOKED_AT).read_to_end(&mut bytes).is_err() {
        return false;
    }
    is_for_python(&bytes) || calls_python_main(&bytes)
}

/// Whether the first line of a script names Python.
pub(super) fn is_for_python(start: &[u8]) -> bool {
    let line = start.split(|&byte| byte == b'\n').next();
    let line = line.unwrap_or_default();
    line.starts_with(b"#!") && line.windows(6).any(|word| word == b"python")
}

fn calls_python_main(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == b'P') {
        if rest[at..].starts_with(MAIN) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{calls_python_main, is_for_python, is_python};
    use std::path::Path;

    #[test]
    fn an_interpreter_is_known_by_what_it_calls() {
        assert!(calls_python_main(b"\x7fELF\0Py_Initialize\0Py_BytesMain\0"));
        assert!(!calls_python_main(b"\x7fELF\0Py_Initialize\0Py_BytesMain"));
        assert!(!is_python(Path::new("/bin/sh")));
        assert!(is_python(Path::new("/no/such/python3.11")));
    }

    #[test]
    fn a_script_is_known_by_its_first_line() {
        assert!(is_for_python(b"#!/usr/bin/env python3\nprint()"));
        assert!(!is_for_python(b"#!/bin/sh\npython"));
    }
}
