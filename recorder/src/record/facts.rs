//! What is known when a recording begins.

use super::Options;
use crate::capture::Facts;
use crate::clock;
use crate::launch::CommandLine;
use std::ffi::CStr;
use std::time::SystemTime;

/// Gathers the facts of a recording whose program is about to begin.
pub(super) fn gather(root: u32, line: &CommandLine, options: &Options, native: bool) -> Facts {
    // SAFETY: all zeros are a valid utsname, which outlives the call; its texts end with zero.
    let names = unsafe {
        let mut names = std::mem::zeroed::<libc::utsname>();
        libc::uname(&raw mut names);
        names
    };
    let text = |field: &[libc::c_char]| {
        // SAFETY: the kernel ends every one of these texts with zero.
        unsafe { CStr::from_ptr(field.as_ptr()) }
            .to_string_lossy()
            .into_owned()
    };
    // SAFETY: the call takes an integer and touches no memory.
    let page_size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    let folder = std::env::current_dir().unwrap_or_default();
    Facts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: line
            .arguments
            .iter()
            .map(|text| text.to_string_lossy().into_owned())
            .collect(),
        name: line.name.clone(),
        folder: folder.to_string_lossy().into_owned(),
        started: clock::date(SystemTime::now()),
        host: text(&names.nodename),
        machine: text(&names.machine),
        system: format!("{} {}", text(&names.sysname), text(&names.release)),
        page_size: u64::try_from(page_size).unwrap_or(0),
        native,
        python_allocators: options.python_allocators,
        follow_children: options.follow_children,
        types: options.types,
        root,
        other_allocator: line.other_allocator.clone(),
    }
}
