//! The program under test. `cargo test` builds no binaries of other packages, so this does.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Names a folder with `memprof` and its library, to test what is installed there.
pub const INSTALLED: &str = "MEMPROF_TEST_BINARIES";

/// The `memprof` executable, beside which is the library that it preloads. Built on first use.
pub fn memprof() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| match env::var_os(INSTALLED) {
        Some(folder) => Path::new(&folder).join("memprof"),
        None => build(),
    })
}

/// This executable is `TARGET/PROFILE/deps/it-HASH`: what is built goes to the same place.
fn build() -> PathBuf {
    let own = env::current_exe().unwrap();
    let profile = own.ancestors().nth(2).unwrap();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo
        .args(["build", "--quiet", "--package", "memprof-reporter"])
        .args(["--package", "memprof-preload", "--target-dir"])
        .arg(profile.parent().unwrap())
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.status().unwrap();
    assert!(status.success(), "memprof cannot be built");
    profile.join("memprof")
}
