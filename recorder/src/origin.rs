//! Whose code a file is.

use std::path::Path;

/// Whose code a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The user's own.
    Own,
    /// Python's standard library.
    StandardLibrary,
    /// An installed package.
    Package,
    /// Part of the interpreter: frozen modules, the import system.
    Frozen,
    /// Made at run time, from a string: `<string>`, `<stdin>`, `<attrs generated …>`.
    Generated,
}

impl Origin {
    /// By the name of the file alone.
    pub fn of(file: &str) -> Self {
        if file.starts_with("<frozen ") {
            return Self::Frozen;
        }
        if file.starts_with('<') {
            return Self::Generated;
        }
        if file.contains("/.cargo/registry/") || file.contains("/.cargo/git/") {
            return Self::Package;
        }
        if is_of_the_system(file) {
            return Self::StandardLibrary;
        }
        let mut parts = file.split('/').peekable();
        let mut standard = false;
        while let Some(part) = parts.next() {
            match part {
                "site-packages" | "dist-packages" => return Self::Package,
                // a folder named for a version, under lib: no user's code is called so
                "lib" | "lib64" => {
                    standard |= parts.peek().is_some_and(|next| is_python_folder(next));
                }
                _ => standard |= is_library_archive(part),
            }
        }
        if standard {
            Self::StandardLibrary
        } else {
            Self::Own
        }
    }
}

/// The sources and modules that a native program stands on: headers of the C++ library, Rust's
/// library as compilers name it, the C library, and whatever else lies in the system's folders.
/// Python's own folders there are looked at more closely.
fn is_of_the_system(file: &str) -> bool {
    const FOLDERS: &[&str] = &["/usr/include/", "/rustc/", "/rust/deps/"];
    const LIBRARIES: &[&str] = &[
        "/usr/lib/",
        "/lib/",
        "/lib64/",
        "/usr/lib64/",
        "/usr/libexec/",
    ];
    let below = |folders: &[&str]| folders.iter().any(|folder| file.starts_with(folder));
    let extension = Path::new(file).extension();
    let has_extension = |wanted: &str| extension.is_some_and(|found| found == wanted);
    below(FOLDERS)
        || file.starts_with("./") && (has_extension("c") || has_extension("h"))
        || file == "[vdso]"
        || file.contains("/rustlib/src/rust/library/")
        || file.contains("/include/c++/")
        || below(LIBRARIES) && !file.contains("/python") && !has_extension("py")
}

/// Whether a folder below `lib` is that of an interpreter: `python3.11`, `python3`, `pypy3.10`.
pub fn is_python_folder(part: &str) -> bool {
    part.starts_with("python3") || part.starts_with("pypy3")
}

/// `python311.zip`
fn is_library_archive(part: &str) -> bool {
    part.strip_prefix("python3")
        .and_then(|rest| rest.strip_suffix(".zip"))
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn files_have_the_origin_that_their_path_shows() {
        for (file, origin) in [
            ("/home/me/app/models.py", Origin::Own),
            ("script.py", Origin::Own),
            (
                "/usr/lib/python3.11/json/decoder.py",
                Origin::StandardLibrary,
            ),
            (
                "/opt/python/lib/python3.13/threading.py",
                Origin::StandardLibrary,
            ),
            (
                "/usr/lib/python3/dist-packages/yaml/__init__.py",
                Origin::Package,
            ),
            (
                "/venv/lib/python3.11/site-packages/numpy/core/numeric.py",
                Origin::Package,
            ),
            ("<frozen importlib._bootstrap>", Origin::Frozen),
            ("<string>", Origin::Generated),
            ("/home/me/lib/tools.py", Origin::Own),
            (
                "/usr/include/c++/12/bits/stl_vector.h",
                Origin::StandardLibrary,
            ),
            (
                "/rust/deps/hashbrown-0.16.1/src/raw/alloc.rs",
                Origin::StandardLibrary,
            ),
            (
                "/rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/alloc/src/vec/mod.rs",
                Origin::StandardLibrary,
            ),
            (
                "/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30",
                Origin::StandardLibrary,
            ),
            (
                "/home/me/.cargo/registry/src/index/serde-1.0/src/lib.rs",
                Origin::Package,
            ),
            ("/home/me/server/src/main.cpp", Origin::Own),
        ] {
            assert_eq!(Origin::of(file), origin, "{file}");
        }
    }
}
