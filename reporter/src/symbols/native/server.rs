//! Executables and their debug files from the servers that the user's environment names (debuginfod).
//!
//! The files are kept where elfutils' own client keeps them, so that each is fetched once by either:
//! `BUILD-ID/debuginfo` (or `executable`) in `DEBUGINFOD_CACHE_PATH`, or else in `debuginfod_client` in the user's
//! cache. The protocol is that of <https://man7.org/linux/man-pages/man8/debuginfod.8.html>: the file
//! is at `URL/buildid/BUILD-ID/debuginfo`. It is fetched by `curl`, which knows proxies and
//! certificates; without curl there are no such files.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Seconds that one file may take.
const PATIENCE: &str = "90";

/// What there is of a build id.
#[derive(Clone, Copy, Debug)]
pub enum Artifact {
    /// The file with its debug information.
    Debug,
    /// The file itself.
    Executable,
}

impl Artifact {
    fn name(self) -> &'static str {
        match self {
            Self::Debug => "debuginfo",
            Self::Executable => "executable",
        }
    }
}

/// A file of a build id, from the cache or from the first server that has it.
pub fn fetch(build_id: &str, artifact: Artifact, servers: &[String]) -> Option<PathBuf> {
    let name = artifact.name();
    let is_id = |id: &str| id.len() > 2 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    if servers.is_empty() || !is_id(build_id) {
        return None;
    }
    let folder = cache()?.join(build_id);
    let kept = folder.join(name);
    // an empty file notes that no server had it
    if let Ok(there) = fs::metadata(&kept) {
        return (there.len() > 0).then_some(kept);
    }
    fs::create_dir_all(&folder).ok()?;
    let part = folder.join(format!("{name}.{}", std::process::id()));
    let found = servers.iter().any(|server| {
        let server = server.trim_end_matches('/');
        download(&format!("{server}/buildid/{build_id}/{name}"), &part)
    });
    if !found {
        // whatever stands there is no debug file
        let _ = fs::remove_file(&part);
        return None;
    }
    fs::rename(&part, &kept).ok()?;
    Some(kept)
}

fn download(url: &str, to: &Path) -> bool {
    Command::new("curl")
        .args(["--fail", "--silent", "--location", "--max-time", PATIENCE])
        .arg("--output")
        .arg(to)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn cache() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|path| !path.is_empty());
    if let Some(own) = folder("DEBUGINFOD_CACHE_PATH") {
        return Some(own.into());
    }
    let users = folder("XDG_CACHE_HOME").map(PathBuf::from);
    let users = users.or_else(|| Some(Path::new(&folder("HOME")?).join(".cache")));
    Some(users?.join("debuginfod_client"))
}
