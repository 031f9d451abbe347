//! What a capture says about itself, as the JSON of `docs/format.md`.
//!
//! Keys may be added in later versions: a missing key reads as its default, an unknown one is
//! ignored.

use memprof_wire::units::Microseconds;
use serde::{Deserialize, Serialize};

/// What is known when a recording begins.
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the JSON")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The version of memprof that recorded.
    pub version: String,
    /// The command line that was started.
    pub command: Vec<String>,
    /// What the recording is called: the script, module or executable.
    pub name: String,
    /// The folder that the command was started in.
    pub folder: String,
    /// When, as RFC 3339.
    pub started: String,
    /// The name of the machine.
    pub host: String,
    /// Its kind, as `uname -m` says it.
    pub machine: String,
    /// The kernel's name and release.
    pub system: String,
    /// Bytes of a page.
    pub page_size: u64,
    /// Whether native stacks were recorded.
    pub native: bool,
    /// Whether the allocators of `CPython` were recorded.
    pub python_allocators: bool,
    /// Whether children were recorded.
    pub follow_children: bool,
    /// Whether the types of objects were recorded.
    pub types: bool,
    /// The process that was started.
    pub root: u32,
    /// An allocator that the program is linked with under a name of its own: it cannot be seen.
    pub other_allocator: Option<String>,
}

/// What is known when a recording ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ending {
    /// Whether all that happened is in the file.
    pub complete: bool,
    /// `exit`, `signal`, `recorder stopped`, `disk full`, `write error`, …
    pub how: String,
    /// The exit status of the program, if it exited.
    pub status: Option<i32>,
    /// The signal that killed it, if one did.
    pub signal: Option<i32>,
    /// Seconds from the start to the end.
    pub duration: f64,
    /// Events that were not recorded.
    pub lost: u64,
    /// Threads that found no free ring.
    pub threads_refused: u32,
    /// Frames that found no room in a table of stacks, and were counted as their callers.
    pub frames_merged: u64,
    /// Processes of the program's memory group that the kernel killed for want of memory.
    pub killed_for_memory: u64,
    /// The same of the whole system.
    pub killed_for_memory_in_system: u64,
    /// The limit of the program's memory group in bytes, if it has one.
    pub memory_limit: Option<u64>,
    /// Chunks in the file, without the index.
    pub chunks: u64,
    /// Bytes of all chunks before they were compressed.
    pub raw_bytes: u64,
    /// Bytes of all chunks in the file.
    pub stored_bytes: u64,
    /// What explains an incomplete recording.
    pub note: Option<String>,
}

/// The start of a stream: one thread of one image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamStart {
    /// Its number, from 1, never used twice.
    pub stream: u32,
    /// The image that the thread runs.
    pub image: u32,
    /// The thread's process.
    pub process: u32,
    /// The kernel's number of the thread.
    pub thread: u32,
    /// When it was first seen, microseconds since the start.
    pub time: u64,
}

/// The end of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamEnd {
    /// Its number.
    pub stream: u32,
    /// When, microseconds since the start.
    pub time: u64,
    /// Events of this stream that were not recorded.
    pub lost: u64,
}

/// A program that attached to the recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageStart {
    /// Its number, from 1.
    pub image: u32,
    /// The process that it runs in.
    pub process: u32,
    /// The parent of that process.
    pub parent: u32,
    /// The path of the executable; empty when it could not be read.
    pub executable: String,
    /// The command line.
    pub arguments: Vec<String>,
    /// When it was first seen, microseconds since the start.
    pub time: u64,
}

/// The end of an image: its process died or ran another program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageEnd {
    /// Its number.
    pub image: u32,
    /// When, microseconds since the start.
    pub time: u64,
    /// The exit status, where it is known.
    pub status: Option<i32>,
    /// The signal that killed it, where it is known.
    pub signal: Option<i32>,
}

/// A file that is mapped with machine code in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Module {
    /// The path, as the kernel tells it.
    pub path: String,
    /// The build id as hexadecimal digits, where the file has one.
    pub build_id: Option<String>,
    /// Where it begins in memory.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
    /// Where in the file the first byte of `start` is.
    pub offset: u64,
    /// When it was first seen, microseconds since the start.
    pub time: u64,
}

/// The names of places in one module, written into a recording so that it can be read where the
/// module is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModuleSymbols {
    /// The path of the module.
    pub path: String,
    /// Its build id, where it has one.
    pub build_id: Option<String>,
    /// All names, of functions and files.
    pub names: Vec<String>,
    /// What is known of places.
    pub places: Vec<NamedPlace>,
}

/// What is known of a place in a module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPlace(
    /// The offset in the file at which a call returns.
    pub u64,
    /// Its frames, innermost first: function and file as places in the names, and the line.
    pub Vec<(u32, u32, u32)>,
);

/// What the lines of a source file said while the program ran, without telling it: enough to find
/// a line again in another version of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceHashes {
    /// The file, as code objects name it.
    pub path: String,
    /// For each line the CRC-32 (IEEE) of its bytes without white space at both ends, 0 for none.
    pub lines: Vec<u32>,
}

/// The modules of one image from a time on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modules {
    /// The image.
    pub image: u32,
    /// From when on they are valid.
    pub time: Microseconds,
    /// The modules, by address.
    pub modules: Vec<Module>,
}

/// How much memory an image uses at a moment, as the kernel counts it. All sizes are bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// When.
    pub time: Microseconds,
    /// All resident memory.
    pub resident: u64,
    /// Resident memory of its own: heaps and stacks.
    pub private_anonymous: u64,
    /// Resident pages of files.
    pub file_backed: u64,
    /// Resident shared memory.
    pub shared: u64,
    /// Anonymous memory in huge pages.
    pub huge_pages: u64,
}

impl Observation {
    /// Bytes of one observation in the file.
    pub const BYTES: usize = 48;

    /// Appends the observation to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for value in [
            self.time.0,
            self.resident,
            self.private_anonymous,
            self.file_backed,
            self.shared,
            self.huge_pages,
        ] {
            out.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// Reads the whole observations at the front of `bytes`.
    pub(super) fn decode_all(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.chunks_exact(Self::BYTES).map(|record| {
            let mut values = [0u64; 6];
            for (value, bytes) in values.iter_mut().zip(record.as_chunks::<8>().0) {
                *value = u64::from_le_bytes(*bytes);
            }
            let [
                time,
                resident,
                private_anonymous,
                file_backed,
                shared,
                huge_pages,
            ] = values;
            let time = Microseconds(time);
            Self {
                time,
                resident,
                private_anonymous,
                file_backed,
                shared,
                huge_pages,
            }
        })
    }
}
