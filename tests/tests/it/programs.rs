//! The small programs of `programs/`, compiled on first use.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Where everything goes that the tests write.
pub fn scratch() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// A file of `programs/`.
pub fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("programs")
        .join(name)
}

/// The program of `programs/NAME.c`.
pub fn c(name: &str) -> PathBuf {
    c_with(name, name, &[])
}

/// The program of `programs/NAME.c`, compiled with more options and called `output`.
pub fn c_with(name: &str, output: &str, options: &[&str]) -> PathBuf {
    static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);
    let mut built = BUILT
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let built = built.get_or_insert_default();
    if let Some(path) = built.get(output) {
        return path.clone();
    }
    let folder = scratch().join(format!("programs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(output);
    // without -fno-builtin a pair of malloc and free is optimised away
    let compiled = Command::new("cc")
        .args(["-O1", "-g", "-fno-builtin", "-D_GNU_SOURCE", "-pthread"])
        .args(["-Wno-deprecated-declarations", "-o"])
        .arg(&path)
        .arg(source(&format!("{name}.c")))
        .args(options)
        .output()
        .expect("a C compiler is needed, as cc");
    assert!(
        compiled.status.success(),
        "{name}.c: {}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    built.insert(output.to_owned(), path.clone());
    path
}
