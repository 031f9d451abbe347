//! As much of an executable's header as tells whether a library can be preloaded into it.

const HEADER_BYTES: usize = 64;
const PROGRAM_HEADER_BYTES: usize = 56;
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
    let Some(header) = start.get(..HEADER_BYTES) else {
        return Kind::NotExecutable;
    };
    let two = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
    // 64 bits, little-endian; the machine is at the same place in all others.
    if header[4..6] != [2, 1] || two(18) != OWN_MACHINE {
        return Kind::OtherMachine(machine(header[4], header[5], two(18)));
    }
    if ![TYPE_EXECUTABLE, TYPE_SHARED].contains(&two(16)) {
        return Kind::NotExecutable;
    }
    let table = header[32..40]
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes)) as usize;
    for number in 0..usize::from(two(56)) {
        let Some(segment) = table
            .checked_add(number * PROGRAM_HEADER_BYTES)
            .and_then(|from| start.get(from..from.checked_add(PROGRAM_HEADER_BYTES)?))
        else {
            break;
        };
        let eight = |at: usize| {
            segment[at..]
                .first_chunk()
                .map_or(0, |bytes| u64::from_le_bytes(*bytes)) as usize
        };
        if segment[..4] == INTERPRETER_SEGMENT.to_le_bytes() {
            let (offset, length) = (eight(8), eight(32));
            let text = offset
                .checked_add(length)
                .and_then(|end| start.get(offset..end));
            let text = String::from_utf8_lossy(text.unwrap_or_default());
            return Kind::Dynamic(text.trim_end_matches('\0').to_owned());
        }
    }
    Kind::Static
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
    use super::{Kind, OWN_MACHINE, kind};

    fn executable(interpreter: Option<&str>) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[16] = 3;
        bytes[18..20].copy_from_slice(&OWN_MACHINE.to_le_bytes());
        bytes[32] = 64;
        bytes[56] = 1;
        let mut segment = vec![0; 56];
        if let Some(interpreter) = interpreter {
            segment[0] = 3;
            segment[8] = 120;
            segment[32] = interpreter.len() as u8 + 1;
        }
        bytes.extend_from_slice(&segment);
        bytes.extend_from_slice(interpreter.unwrap_or_default().as_bytes());
        bytes.push(0);
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
        let whole = executable(Some("/lib/ld.so"));
        for place in 0..whole.len() {
            for value in [0, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[place] = value;
                kind(&bytes);
                kind(&bytes[..place]);
            }
        }
    }
}
