//! Lines and columns as the interpreters themselves decode them, over a good part of the standard
//! library of every interpreter that this machine has.

use memprof_reporter::replay::CodeObject;
use memprof_reporter::symbols::python::location;
use memprof_wire::event::LineTable;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(Deserialize)]
struct Code {
    kind: u8,
    first: u32,
    table: String,
    /// Unit, line, column.
    places: Vec<(u32, Option<u32>, Option<u32>)>,
}

/// The system's interpreter and those that pyenv has installed.
fn interpreters() -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/usr/bin/python3")];
    if let Some(home) = std::env::var_os("HOME")
        && let Ok(versions) = Path::new(&home).join(".pyenv/versions").read_dir()
    {
        found.extend(
            versions
                .flatten()
                .map(|version| version.path().join("bin/python3")),
        );
    }
    found.retain(|python| python.exists() && is_supported(python));
    found.sort();
    found
}

fn is_supported(python: &Path) -> bool {
    let check = "import sys; sys.exit(sys.version_info < (3, 9))";
    Command::new(python)
        .args(["-c", check])
        .status()
        .is_ok_and(|status| status.success())
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes().as_chunks::<2>().0;
    let byte = |pair: &[u8; 2]| {
        let pair = std::str::from_utf8(pair).expect("digits");
        u8::from_str_radix(pair, 16).expect("digits")
    };
    digits.iter().map(byte).collect()
}

#[test]
fn every_instruction_has_the_line_and_column_that_its_interpreter_says() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/line_tables.py");
    let interpreters = interpreters();
    if interpreters.is_empty() {
        eprintln!("no interpreter was found: nothing was compared");
    }
    for python in interpreters {
        let output = Command::new(&python).arg(script).output().expect("it runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut compared = 0;
        for line in output
            .stdout
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            let code: Code = serde_json::from_slice(line).expect("JSON of the script");
            let object = CodeObject {
                file: String::new(),
                name: String::new(),
                first_line: code.first,
                table: LineTable::from_number(code.kind).expect("a known kind"),
                lines: bytes(&code.table),
            };
            for (unit, line, column) in code.places {
                let found = location(&object, unit);
                // 0 stands for no line in tables of 3.11 and later
                let line = line.filter(|&line| line > 0);
                let found_line = found.line.filter(|&line| line > 0);
                assert_eq!(
                    found_line,
                    line,
                    "{} {unit} {}",
                    python.display(),
                    code.table
                );
                assert_eq!(
                    found.column,
                    column,
                    "{} {unit} {}",
                    python.display(),
                    code.table
                );
                compared += 1;
            }
        }
        assert!(compared > 50_000, "{}: only {compared}", python.display());
        println!("{}: {compared} instructions", python.display());
    }
}
