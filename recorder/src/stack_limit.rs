//! How many stacks a thread of the program under test may know.
//!
//! A program that never stops to make new ones must not die of it; one that imports a large library
//! makes twenty million with native frames, and all of them are wanted.

use crate::observe::MemoryGroup;
use std::env;

/// An environment variable for tests: the number itself.
pub const STACK_LIMIT: &str = "MEMPROF_STACK_LIMIT";

/// Bytes that a stack takes in the program at the most.
const STACK_BYTES: u64 = 32;

/// The limit on this machine, within the control group that this process is in.
pub fn stack_limit() -> u32 {
    let wanted = env::var(STACK_LIMIT).ok().and_then(|it| it.parse().ok());
    wanted.unwrap_or_else(|| limit_within(memory()))
}

/// A sixteenth of the memory, but room for the stacks of usual programs in any case.
fn limit_within(memory: u64) -> u32 {
    let stacks = memory / 16 / STACK_BYTES;
    stacks.clamp(1 << 20, 1 << 25) as u32
}

/// Bytes of memory that there are for the program.
fn memory() -> u64 {
    // SAFETY: no more than a question.
    let [pages, page] = [libc::_SC_PHYS_PAGES, libc::_SC_PAGESIZE].map(|name| unsafe {
        // -1 where it is not known
        u64::try_from(libc::sysconf(name)).unwrap_or(0)
    });
    let group = MemoryGroup::of(std::process::id()).limit();
    group.unwrap_or(u64::MAX).min(pages * page)
}

#[cfg(test)]
mod tests {
    use super::{limit_within, memory};

    #[test]
    fn stacks_take_a_sixteenth_of_the_memory_and_there_are_a_million_always() {
        assert_eq!(limit_within(8 << 30), 1 << 24);
        assert_eq!(limit_within(0), 1 << 20);
        assert_eq!(limit_within(1 << 50), 1 << 25);
        assert!(memory() > 64 << 20);
    }
}
