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

/// Whether a function is one of those.
pub fn is_plumbing(function: &str) -> bool {
    STARTS.contains(&function)
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
        assert!(is_plumbing("operator new(unsigned long)"));
        assert!(is_plumbing(
            "std::__new_allocator<int>::allocate(unsigned long, void const*)"
        ));
        assert!(is_plumbing(
            "std::_Vector_base<int, std::allocator<int> >::_M_allocate(unsigned long)"
        ));
        assert!(is_plumbing("alloc::alloc::exchange_malloc"));
        assert!(is_plumbing("_start"));
        assert!(!is_plumbing("main"));
        assert!(!is_plumbing("start_threads"));
        assert!(!is_plumbing("std::vector<int>::push_back(int&&)"));
    }
}
