//! The environment variables that carry a session into the program under test.
//!
//! The preloaded library takes them out of the program's environment before its `main` runs, and
//! puts them back only for an `exec` that stays in the recording.

/// The path of the session's memory file, as [`crate::session`] lays it out.
pub const SESSION: &str = "MEMPROF_SESSION";

/// The loader's own variable. The library's path is put in front of what the user had there.
pub const LD_PRELOAD: &str = "LD_PRELOAD";
