//! The robust mutex whose first word tells the programs under test whether their recorder lives.
//!
//! The kernel walks the list of such mutexes of every thread that ends, whatever ended it, and
//! marks those that it still held. So the thread that drains takes it and never gives it back.

use memprof_wire::session::SessionPage;
use std::io;

const _: () =
    assert!(size_of::<libc::pthread_mutex_t>() <= size_of::<[std::sync::atomic::AtomicU64; 8]>());

/// Makes the mutex. Nobody else may know the page yet.
pub(super) fn initialise(page: &SessionPage) -> io::Result<()> {
    // SAFETY: the attributes live as long as the calls, and the place of the mutex is large
    // enough, aligned, shared and known to nobody.
    let result = unsafe {
        let mut attributes = std::mem::zeroed::<libc::pthread_mutexattr_t>();
        libc::pthread_mutexattr_init(&raw mut attributes);
        libc::pthread_mutexattr_setpshared(&raw mut attributes, libc::PTHREAD_PROCESS_SHARED);
        libc::pthread_mutexattr_setrobust(&raw mut attributes, libc::PTHREAD_MUTEX_ROBUST);
        let result = libc::pthread_mutex_init(mutex(page), &raw const attributes);
        libc::pthread_mutexattr_destroy(&raw mut attributes);
        result
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(result))
    }
}

/// Takes the mutex for the rest of the calling thread's life.
pub fn hold(page: &SessionPage) {
    // SAFETY: `initialise` made it, before the page was known to anybody.
    let result = unsafe { libc::pthread_mutex_lock(mutex(page)) };
    debug_assert_eq!(result, 0, "nobody else ever takes it");
}

fn mutex(page: &SessionPage) -> *mut libc::pthread_mutex_t {
    page.recorder_lock.0.as_ptr().cast_mut().cast()
}
