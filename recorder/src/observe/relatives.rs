//! Processes that belong to a recording although they have not written anything yet.

use memprof_wire::environment::SESSION;
use std::fs;
use std::os::linux::fs::MetadataExt;
use std::path::Path;

/// The processes, other than this one, that have a session mapped (a child that was just born, a
/// daemon that sleeps) or began with its path in their environment (a program that is being
/// loaded).
///
/// Reads something of every process of the system, which takes some milliseconds.
pub fn relatives(session: &str) -> Vec<u32> {
    let (Ok(metadata), Ok(folder)) = (fs::metadata(session), fs::read_dir("/proc")) else {
        return Vec::new();
    };
    let inode = metadata.st_ino().to_string();
    let variable = format!("{SESSION}={session}");
    folder
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|&process| process != std::process::id())
        .filter(|&process| is_relative(process, &inode, &variable))
        .collect()
}

fn is_relative(process: u32, inode: &str, variable: &str) -> bool {
    let proc = Path::new("/proc").join(process.to_string());
    let environment = fs::read(proc.join("environ")).unwrap_or_default();
    let mut variables = environment.split(|&byte| byte == 0);
    variables.any(|text| text == variable.as_bytes())
        || fs::read_to_string(proc.join("maps"))
            .is_ok_and(|maps| maps.lines().any(|line| maps_session(line, inode)))
}

/// Whether a line such as `7f…-7f… rw-s 00000000 00:01 1234    /memfd:memprof (deleted)` is of
/// the memory file with this number.
fn maps_session(line: &str, inode: &str) -> bool {
    line.contains("/memfd:memprof") && line.split(' ').nth(4) == Some(inode)
}

#[cfg(test)]
mod tests {
    use super::{maps_session, relatives};
    use crate::session::Session;
    use std::process::Command;

    #[test]
    fn a_process_with_the_session_in_its_environment_is_found() {
        let session = Session::create(0).expect("there is memory");
        assert!(relatives(&session.path()).is_empty());
        let mut child = Command::new("sleep")
            .arg("1000")
            .env("MEMPROF_SESSION", session.path())
            .spawn()
            .expect("sleep is there");
        let found = relatives(&session.path());
        child.kill().expect("it is a child");
        child.wait().expect("it is a child");
        assert_eq!(found, [child.id()]);
        assert!(relatives(&session.path()).is_empty());
    }

    #[test]
    fn mappings_are_told_apart() {
        let line = "7f10-7f20 rw-s 00000000 00:01 1234      /memfd:memprof (deleted)";
        assert!(maps_session(line, "1234"));
        assert!(!maps_session(line, "123"));
        assert!(!maps_session(
            "7f10-7f20 rw-s 00000000 00:01 1234      /memfd:other",
            "1234"
        ));
    }
}
