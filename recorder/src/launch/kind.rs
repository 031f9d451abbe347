//! As much of an executable's header as tells whether a library can be preloaded into it.

use crate::elf::{Elf, HEADER_BYTES};

const INTERPRETER_SEGMENT: u32 = 3;
const TYPE_EXECUTABLE: u16 = 2;
const TYPE_SHARED: u16 = 3;
/// The machine that this is built for.
#[cfg(target_arch = "x86_64")]
const OWN_MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const OWN_MACHINE: u16 = 183;

/// What an executable is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// No executable of this format.
    NotElf,
    /// Built for another machine, with a name for people.
    OtherMachine(String),
    /// An object file or the like.
    NotExecutable,
    /// Without a dynamic loader.
    Static,
    /// Started by this dynamic loader.
    Dynamic(String),
}

/// Looks at the first bytes of a file; a few kilobytes are enough.
pub(super) fn kind(start: &[u8]) -> Kind {
    if !start.starts_with(b"\x7fELF") {
        return Kind::NotElf;
    }
    let Some(header) = start.first_chunk::<HEADER_BYTES>() else {
        return Kind::NotExecutable;
    };
    let two = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    // the machine is at the same place in files of other widths and orders
    let elf = Elf::new(start).filter(|_| two(18) == OWN_MACHINE);
    let Some(elf) = elf else {
        return Kind::OtherMachine(machine(header[4], header[5], two(18)));
    };
    if ![TYPE_EXECUTABLE, TYPE_SHARED].contains(&two(16)) {
        return Kind::NotExecutable;
    }
    let mut segments = elf.segments().into_iter().flatten();
    match segments.find(|segment| segment.kind == INTERPRETER_SEGMENT) {
        Some(segment) => {
            let text = elf.read(segment.extent).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            Kind::Dynamic(text.trim_end_matches('\0').to_owned())
        }
        None => Kind::Static,
    }
}

fn machine(class: u8, order: u8, number: u16) -> String {
    let number = if order == 2 {
        number.swap_bytes()
    } else {
        number
    };
    let bits = if class == 1 { "32-bit " } else { "" };
    let name = match number {
        3 | 62 => "x86",
        8 => "MIPS",
        20 | 21 => "PowerPC",
        22 => "S/390",
        40 | 183 => "ARM",
        243 => "RISC-V",
        _ => return format!("{bits}machine number {number}"),
    };
    format!("{bits}{name}")
}

#[cfg(test)]
mod tests {
    use super::{INTERPRETER_SEGMENT, Kind, OWN_MACHINE, kind};
    use crate::elf::tests::{damaged, file};

    fn executable(interpreter: Option<&str>) -> Vec<u8> {
        let name = format!("{}\0", interpreter.unwrap_or_default());
        let kind = interpreter.map_or(0, |_| INTERPRETER_SEGMENT);
        let mut bytes = file(&[(kind, 0, name.as_bytes())]);
        bytes[16] = 3;
        bytes[18..20].copy_from_slice(&OWN_MACHINE.to_le_bytes());
        bytes
    }

    #[test]
    fn executables_are_told_apart() {
        let dynamic = executable(Some("/lib64/ld-linux-x86-64.so.2"));
        assert_eq!(
            kind(&dynamic),
            Kind::Dynamic("/lib64/ld-linux-x86-64.so.2".into())
        );
        assert_eq!(kind(&executable(None)), Kind::Static);
        assert_eq!(kind(b"#!/bin/sh\n"), Kind::NotElf);
        assert_eq!(kind(b"\x7fELF"), Kind::NotExecutable);
        let mut old = executable(None);
        old[4] = 1;
        old[18] = 3;
        assert_eq!(kind(&old), Kind::OtherMachine("32-bit x86".into()));
        let mut object = executable(None);
        object[16] = 1;
        assert_eq!(kind(&object), Kind::NotExecutable);
    }

    #[test]
    fn a_header_that_lies_is_harmless() {
        damaged(&executable(Some("/lib/ld.so")), |bytes| {
            kind(bytes);
        });
    }
}
