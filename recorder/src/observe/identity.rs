//! Who a process is: its executable, its command line, its parent.

use crate::capture::ImageStart;
use memprof_wire::units::Microseconds;
use std::fs;

/// Describes the program that a process runs now. What cannot be read (it may have ended by now)
/// stays empty; of a process that was not reaped yet at least the short name is left, in brackets.
pub fn identify(image: u32, process: u32, time: Microseconds) -> ImageStart {
    let proc = format!("/proc/{process}");
    let stat = fs::read(format!("{proc}/stat")).unwrap_or_default();
    let executable = fs::read_link(format!("{proc}/exe")).map_or_else(
        |_| short_name(&stat),
        |path| path.to_string_lossy().into_owned(),
    );
    let arguments = fs::read(format!("{proc}/cmdline")).unwrap_or_default();
    let arguments = split(&arguments);
    let parent = parent(&stat).unwrap_or_default();
    ImageStart {
        image,
        process,
        parent,
        executable,
        arguments,
        time: time.0,
    }
}

/// Arguments that each end with zero.
fn split(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes
        .split(|&byte| byte == 0)
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .collect()
}

/// The name in `PID (name) …`, in brackets as `ps` shows it.
fn short_name(stat: &[u8]) -> String {
    let start = stat.iter().position(|&byte| byte == b'(');
    let end = stat.iter().rposition(|&byte| byte == b')');
    match (start, end) {
        (Some(start), Some(end)) if start < end => {
            format!("[{}]", String::from_utf8_lossy(&stat[start + 1..end]))
        }
        _ => String::new(),
    }
}

/// The parent in `PID (name, which may hold anything) state PARENT …`.
fn parent(stat: &[u8]) -> Option<u32> {
    let name_end = stat.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(stat.get(name_end + 2..)?).ok()?;
    rest.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{identify, parent, short_name, split};
    use memprof_wire::units::Microseconds;

    #[test]
    fn this_process_is_known() {
        let known = identify(3, std::process::id(), Microseconds(7));
        assert_eq!(
            known.executable,
            std::env::current_exe().expect("it is").to_string_lossy()
        );
        assert_eq!(known.arguments, std::env::args().collect::<Vec<_>>());
        assert_eq!(known.parent, std::os::unix::process::parent_id());
        assert_eq!((known.image, known.time), (3, 7));
    }

    #[test]
    fn names_cannot_confuse() {
        assert_eq!(parent(b"12 (a) S 99) R 34 56"), Some(34));
        assert_eq!(parent(b"12 (a"), None);
        assert_eq!(short_name(b"12 (a) S 99) R 34 56"), "[a) S 99]");
        assert_eq!(short_name(b"12 a"), "");
        assert_eq!(split(b"a\0\0b\0"), ["a", "", "b"]);
        assert_eq!(split(b""), [""; 0]);
    }
}
