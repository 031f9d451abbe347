//! Functions that nobody looks for: they stand between the code of interest and its allocator, or
//! in front of all code.

/// Whether a module is the interpreter itself: its frames stand in a stack as Python frames.
pub fn is_interpreter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let version = |rest: &str| rest.starts_with(|digit: char| digit.is_ascii_digit());
    name.strip_prefix("libpython").is_some_and(version)
        || name
            .strip_prefix("python")
            .is_some_and(|rest| rest.is_empty() || version(rest))
}

/// What a name of an allocator's wrapper begins with.
const WRAPPERS: &[&str] = &[
    "operator new",
    "__gnu_cxx::new_allocator<",
    "std::__new_allocator<",
    "std::allocator<",
    "std::allocator_traits<",
    "std::__allocate_guarded",
    "std::__1::allocator<",
    "std::__1::allocator_traits<",
    "std::__1::__libcpp_allocate",
    "std::__1::__libcpp_operator_new",
    "std::_Vector_base<",
    "std::__detail::_Hashtable_alloc<",
    "alloc::alloc::",
    "alloc::raw_vec::",
    "<alloc::raw_vec::",
    "<alloc::alloc::Global",
    "__rust_alloc",
    "__rust_realloc",
    "__rdl_",
    "__rustc::__r",
    "__rustc[",
    "std::alloc::System",
    "<std::alloc::System",
    "std::sys::alloc::",
];

/// What such a name has in its middle: how containers of libstdc++ ask for memory.
const INNER: &[&str] = &[
    "::_M_allocate(",
    "::_M_get_node(",
    "::_M_create_node",
    "::_M_allocate_node",
    "::_M_allocate_buckets(",
    ">::_M_create(",
    "::allocate(unsigned long",
];

/// Where such functions of Rust stand below `library/`, whatever they are called: of what was inlined
/// the debug information tells no path, but `alloc`.
const RUST_FILES: &[&str] = &[
    "alloc/src/alloc.rs",
    "alloc/src/raw_vec/",
    "std/src/alloc.rs",
    "std/src/sys/alloc/",
    // what starts `main` and threads, and calls of closures
    "std/src/rt.rs",
    "std/src/panic.rs",
    "std/src/sys/backtrace.rs",
    "core/src/ops/function.rs",
    "core/src/panic/unwind_safe.rs",
];

/// What of the file that also panics is between those.
const RUST_CATCH: &[&str] = &["std::panicking::catch_unwind", "catch_unwind<", "do_call<"];

/// What starts programs and threads.
const STARTS: &[&str] = &[
    "_start",
    "__libc_start_main",
    "__libc_start_main_impl",
    "__libc_start_call_main",
    "_dl_start_user",
    "clone",
    "clone3",
    "__clone3",
    "start_thread",
];

/// Whether it is a place in the C library that has no name, as most have where its debug file is not
/// installed: what starts `main` and threads is among them.
pub fn is_nameless_in_c_library(function: &str, file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let is_library = |stem: &str| {
        // as libc.so.6, and libc-2.31.so in earlier versions
        let rest = name.strip_prefix(stem);
        rest.is_some_and(|rest| rest.starts_with(".so") || rest.starts_with("-2"))
    };
    let is_nameless = function.starts_with("0x") && function.ends_with(name);
    is_nameless && (is_library("libc") || is_library("libpthread"))
}

/// Whether a function of a source file is one of those.
pub fn is_plumbing(function: &str, file: &str) -> bool {
    // the second where the compiler came with its sources
    let compiler = || file.strip_prefix("/rustc/")?.split_once("/library/");
    let in_rust = || compiler().or_else(|| file.split_once("/rustlib/src/rust/library/"));
    STARTS.contains(&function)
        || in_rust().is_some_and(|(_, file)| {
            RUST_FILES.iter().any(|own| file.starts_with(own))
                || file == "std/src/panicking.rs"
                    && RUST_CATCH.iter().any(|name| function.starts_with(name))
        })
        || WRAPPERS.iter().any(|wrapper| function.starts_with(wrapper))
        || INNER.iter().any(|inner| function.contains(inner))
}

#[cfg(test)]
mod tests {
    use super::{is_interpreter, is_plumbing};

    #[test]
    fn interpreters_are_known_by_their_files() {
        assert!(is_interpreter("/usr/lib/libpython3.11.so.1.0"));
        assert!(is_interpreter("/usr/bin/python3.13"));
        assert!(is_interpreter("/venv/bin/python"));
        assert!(!is_interpreter("/x/_json.cpython-311-x86_64-linux-gnu.so"));
        assert!(!is_interpreter("/usr/lib/libboost_python311.so"));
        assert!(!is_interpreter("/usr/bin/pythonic"));
    }

    #[test]
    fn wrappers_of_allocators_are_not_who_allocates() {
        let hidden = |function| is_plumbing(function, "/src/a.cpp");
        assert!(hidden("operator new(unsigned long)"));
        assert!(hidden(
            "std::__new_allocator<int>::allocate(unsigned long, void const*)"
        ));
        assert!(hidden(
            "std::_Vector_base<int, std::allocator<int> >::_M_allocate(unsigned long)"
        ));
        assert!(hidden("alloc::alloc::exchange_malloc"));
        assert!(hidden("_start"));
        assert!(!hidden("main"));
        assert!(!hidden("start_threads"));
        assert!(!hidden("std::vector<int>::push_back(int&&)"));
    }
    #[test]
    fn places_in_the_c_library_that_have_no_name_are_known() {
        let nameless = super::is_nameless_in_c_library;
        assert!(nameless("0x29fba in libc.so.6", "/lib/libc.so.6"));
        assert!(nameless(
            "0x7ea7 in libpthread-2.31.so",
            "/lib/libpthread-2.31.so"
        ));
        assert!(!nameless("qsort", "/lib/libc.so.6"));
        assert!(!nameless("0x1234 in libcrypto.so.3", "/lib/libcrypto.so.3"));
        assert!(!nameless("0x1234 in libcurl.so.4", "/lib/libcurl.so.4"));
    }

    #[test]
    fn rust_has_wrappers_that_are_known_by_their_files() {
        let of_rust = |file| is_plumbing("alloc", &format!("/rustc/59807616e1/library/{file}"));
        assert!(of_rust("alloc/src/alloc.rs"));
        assert!(of_rust("alloc/src/raw_vec/mod.rs"));
        assert!(of_rust("core/src/ops/function.rs"));
        let here = "/home/me/.rustup/toolchains/stable/lib/rustlib/src/rust/library";
        assert!(is_plumbing("alloc", &format!("{here}/alloc/src/alloc.rs")));
        assert!(!of_rust("alloc/src/vec/mod.rs"));
        let panicking = "/rustc/59807616e1/library/std/src/panicking.rs";
        assert!(is_plumbing("catch_unwind<isize>", panicking));
        assert!(!is_plumbing("begin_panic_handler", panicking));
        assert!(!is_plumbing("alloc", "/home/me/library/alloc/src/alloc.rs"));
    }
}
