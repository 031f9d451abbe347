//! The memory file that the recorder shares with the threads it records; `memprof_wire::session`
//! gives its layout.

mod lock;
mod mapping;

pub use lock::hold as hold_recorder_lock;
pub use mapping::Mapping;

use memprof_wire::ring::RingHeader;
use memprof_wire::session::{
    CAPACITY, DIRECTORY, FILE_BYTES, FIRST_CAPACITY, MAGIC, RING_BYTES, RINGS, STRIDE, SessionPage,
    VERSION,
};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::Path;
use std::sync::atomic::Ordering;

/// One recording's shared memory.
///
/// Whatever is in it may have been scribbled over by a program that went wrong: nothing read here
/// is believed before it was checked.
#[derive(Debug)]
pub struct Session {
    file: File,
    front: Mapping,
}

impl Session {
    /// Makes the memory file and fills its page in; `options` are bits of
    /// [`memprof_wire::session::option`].
    ///
    /// # Errors
    ///
    /// When the system has no memory files, or not enough of something.
    pub fn create(options: u32) -> io::Result<Self> {
        let file = memory_file()?;
        set_length(&file)?;
        // A program that cut the file would make every access of ours fatal.
        let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
        // SAFETY: the descriptor is open; sealing touches no memory.
        if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) } < 0 {
            return Err(io::Error::last_os_error());
        }
        let front = Mapping::of(&file, 0, RING_BYTES)?;
        let session = Self { file, front };
        let page = session.page();
        lock::initialise(page)?;
        page.version.store(VERSION, Ordering::Relaxed);
        page.options.store(options, Ordering::Relaxed);
        page.recorder.store(std::process::id(), Ordering::Relaxed);
        page.magic.store(MAGIC, Ordering::Release);
        Ok(session)
    }

    /// Opens the memory file of another recorder by its path in that process.
    ///
    /// # Errors
    ///
    /// When it cannot be opened, or is none of this version.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        if file.metadata()?.len() < RING_BYTES as u64 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let front = Mapping::of(&file, 0, RING_BYTES)?;
        let session = Self { file, front };
        let page = session.page();
        if page.magic.load(Ordering::Acquire) != MAGIC
            || page.version.load(Ordering::Relaxed) != VERSION
        {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(session)
    }

    /// The memory file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where the program under test finds the memory file.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }

    /// The page that everybody reads.
    pub fn page(&self) -> &SessionPage {
        // SAFETY: the mapping begins with the page and is as long as this borrow; all of its
        // fields are atomic.
        unsafe { &*self.front.start().cast::<SessionPage>() }
    }

    /// The headers of all rings.
    pub fn rings(&self) -> &[RingHeader] {
        // SAFETY: the directory lies within the mapping, aligned to its headers; all of their
        // fields are atomic, and zeros are a free ring.
        unsafe {
            let directory = self.front.start().byte_add(DIRECTORY).cast::<RingHeader>();
            std::slice::from_raw_parts(directory, RINGS)
        }
    }

    /// Maps the bytes of a ring.
    ///
    /// # Errors
    ///
    /// When the capacity is none that a ring can have, or the memory cannot be mapped.
    pub fn map_ring(&self, ring: usize, capacity: u32) -> io::Result<Mapping> {
        if capacity != CAPACITY && capacity != FIRST_CAPACITY {
            let message = format!("a ring of {capacity} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Mapping::of(&self.file, RING_BYTES + ring * STRIDE, capacity as usize)
    }

    /// Gives the memory behind a ring back to the system; it reads as zeros afterwards.
    pub fn discard_ring(&self, ring: usize) {
        let (offset, length) = ((RING_BYTES + ring * STRIDE) as i64, STRIDE as i64);
        let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        // SAFETY: the descriptor is open, the range lies within the file, and nobody uses the
        // ring. A failure costs memory and nothing else.
        unsafe { libc::fallocate(self.file.as_raw_fd(), mode, offset, length) };
    }
}

fn memory_file() -> io::Result<File> {
    let plain = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // Some systems demand that it can never be executed, older ones cannot promise it.
    for flags in [plain | libc::MFD_NOEXEC_SEAL, plain] {
        // SAFETY: the name is a string that ends with zero.
        let descriptor = unsafe { libc::memfd_create(c"memprof".as_ptr(), flags) };
        if descriptor >= 0 {
            // SAFETY: just opened, and nobody else's.
            return Ok(unsafe { File::from_raw_fd(descriptor) });
        }
    }
    Err(io::Error::last_os_error())
}

/// Makes the file as long as it has to be, also where the user set a limit for the length of
/// files: that is meant for files on disks.
fn set_length(file: &File) -> io::Result<()> {
    let length = FILE_BYTES as u64;
    let mut before = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure outlives the call.
    if unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut before) } != 0
        || before.rlim_cur >= length
    {
        return file.set_len(length);
    }
    // With the right to do so the hard limit goes up too, else the soft one as far as it can.
    let all = libc::rlimit {
        rlim_cur: length,
        rlim_max: before.rlim_max.max(length),
    };
    let soft = libc::rlimit {
        rlim_cur: before.rlim_max,
        ..before
    };
    // SAFETY: both structures outlive the calls; the limits are set back below.
    unsafe {
        if libc::setrlimit(libc::RLIMIT_FSIZE, &raw const all) != 0 {
            libc::setrlimit(libc::RLIMIT_FSIZE, &raw const soft);
        }
    }
    let result = file.set_len(length);
    // SAFETY: as above.
    unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const before) };
    result
}

#[cfg(test)]
mod tests {
    use super::{Session, hold_recorder_lock};
    use memprof_wire::ring::RingState;
    use memprof_wire::session::{CAPACITY, MAGIC, RINGS};
    use std::os::unix::fs::FileExt;
    use std::sync::atomic::Ordering;

    #[test]
    fn a_session_can_be_opened_by_its_path() {
        let session = Session::create(5).expect("memory files are there");
        let file = std::fs::File::open(session.path()).expect("the path leads to the file");
        let mut word = [0; 8];
        file.read_exact_at(&mut word, 0).expect("it is long enough");
        assert_eq!(u64::from_le_bytes(word), MAGIC);
        assert_eq!(session.page().options.load(Ordering::Relaxed), 5);
        assert_eq!(session.rings().len(), RINGS);
        assert_eq!(session.rings()[RINGS - 1].state(), RingState::Free);
    }

    #[test]
    fn a_program_cannot_cut_the_file() {
        let session = Session::create(0).expect("memory files are there");
        let file = std::fs::File::options()
            .write(true)
            .open(session.path())
            .expect("the path leads to the file");
        assert!(file.set_len(4096).is_err());
    }

    #[test]
    fn a_discarded_ring_is_empty() {
        let session = Session::create(0).expect("memory files are there");
        let file = std::fs::File::options()
            .write(true)
            .open(session.path())
            .expect("the path leads to the file");
        let ring = session.map_ring(3, CAPACITY).expect("there is memory");
        let offset = memprof_wire::session::RING_BYTES + 3 * memprof_wire::session::STRIDE;
        file.write_all_at(b"events", offset as u64)
            .expect("there is memory");
        let mut bytes = Vec::new();
        ring.copy(0, 6, &mut bytes);
        session.discard_ring(3);
        ring.copy(0, 6, &mut bytes);
        assert_eq!(bytes, b"events\0\0\0\0\0\0");
        assert!(session.map_ring(3, 12345).is_err());
    }

    #[test]
    fn the_lock_tells_when_its_holder_is_gone() {
        let session = Session::create(0).expect("memory files are there");
        std::thread::scope(|scope| {
            let holder = scope.spawn(|| {
                hold_recorder_lock(session.page());
                assert!(!session.page().recorder_is_dead());
            });
            // The kernel marks the lock before it wakes whoever joins the thread.
            holder.join().expect("nothing in it fails");
        });
        assert!(session.page().recorder_is_dead());
    }
}
