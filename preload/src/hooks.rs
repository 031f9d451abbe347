//! What is intercepted, one room for each kind of function.
//!
//! | room | functions |
//! |---|---|
//! | [`heap`] | the system allocator |
//! | [`pages`] | mappings |
//! | [`python`] | CPython's three allocators |
//! | [`loader`] | `dlopen`, `dlclose`: libraries, and an interpreter that comes late |
//! | [`process`] | the start of `main`, `exec`, `vfork` |
//! | [`names`] | thread names, and `prctl` for what else it does to a thread that records |
//! | [`frames`] | `__register_frame`: unwind tables of code that is made while the program runs |
//! | [`limits`] | `setrlimit`, `mlockall`: the recording takes no part in a limit of addresses, nor in locked memory |
//! | [`shutdown`] | `sigaction`, by which the end of the program's own code is known |
//! | [`marks`] | `memprof_mark`, and the question of `getxattr` that marks from Python |
//!
//! Each hook has the same shape: take the [`crate::guard::Guard`] or pass through, record what is
//! about to go, call the original, record what came. Tests link the originals, so the names are
//! only exported in the library itself.

pub mod frames;
pub mod heap;
pub mod limits;
pub mod loader;
pub mod marks;
pub mod names;
pub mod pages;
pub mod process;
pub mod python;
pub mod shutdown;
