//! A piece of the shared memory file in the recorder's own memory.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// A mapped piece of a file; unmapped when it is dropped.
#[derive(Debug)]
pub struct Mapping {
    start: *mut u8,
    length: usize,
}

// SAFETY: the memory belongs to no thread; it is reached by atomic fields, or copied out of by
// the one consumer of a ring.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `length` bytes of the file from `offset` on, shared with whoever else does.
    pub(super) fn of(file: &File, offset: usize, length: usize) -> io::Result<Self> {
        // SAFETY: a new mapping at a place that the system chooses touches nothing that is there.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                offset as libc::off_t,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            start: start.cast(),
            length,
        })
    }

    /// Where it begins: at the start of a page.
    pub(super) fn start(&self) -> *mut libc::c_void {
        self.start.cast()
    }

    /// Appends the bytes of the positions `from..to` to `out`, where a position counts on behind
    /// the last byte at the first. The mapping's length must be a power of two, and at most that
    /// many bytes can be asked for; its producer must not be writing to them.
    pub fn copy(&self, from: u64, to: u64, out: &mut Vec<u8>) {
        let count = (to - from) as usize;
        debug_assert!(self.length.is_power_of_two() && count <= self.length);
        let place = from as usize & (self.length - 1);
        let before_the_end = count.min(self.length - place);
        out.reserve(count);
        // SAFETY: both pieces lie within the mapping, and the room for them was reserved. The
        // bytes are published: their producer does not touch them before they are consumed; one
        // that went wrong and does can only change what is recorded.
        unsafe {
            let end = out.as_mut_ptr().add(out.len());
            std::ptr::copy_nonoverlapping(self.start.add(place), end, before_the_end);
            let rest = count - before_the_end;
            std::ptr::copy_nonoverlapping(self.start, end.add(before_the_end), rest);
            out.set_len(out.len() + count);
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: nobody can hold a reference into the mapping any longer.
        unsafe { libc::munmap(self.start.cast(), self.length) };
    }
}
