//! The loader's list while nothing can be taken from it.

use core::ffi::{c_int, c_void};

struct Look<'a, F, R> {
    look: &'a F,
    found: Option<R>,
}

/// Looks at the loaded objects while the `dlclose` of another thread waits: `dl_iterate_phdr` holds the
/// loader's lock for as long as it calls back. It is for calls that load and unload, which take that
/// lock themselves; a hook of an allocation may not wait for it. `look` must not load or unload.
pub fn held<R>(look: impl Fn() -> R) -> R {
    held_by(&look)
}

fn held_by<F: Fn() -> R, R>(look: &F) -> R {
    let mut state = Look { look, found: None };
    // SAFETY: the state lives through the call, and is of the type that the callback takes it for.
    unsafe { libc::dl_iterate_phdr(Some(call::<F, R>), (&raw mut state).cast()) };
    // a program may have a function of this name of its own, which has nothing to tell
    state.found.unwrap_or_else(look)
}

/// Called for the first object; that is enough.
unsafe extern "C" fn call<F: Fn() -> R, R>(
    _: *mut libc::dl_phdr_info,
    _: usize,
    state: *mut c_void,
) -> c_int {
    // SAFETY: what `held` handed over.
    let state = unsafe { &mut *state.cast::<Look<'_, F, R>>() };
    state.found = Some((state.look)());
    1
}
