//! The resident memory of a process, as the kernel tells it now.

use std::fs;

/// Bytes that are resident; `None` when the process is gone or runs on another machine.
pub fn resident(process: u32, page_size: u64) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    parse(&text, page_size)
}

/// Of `statm`, the second number counts the resident pages. A process that has ended and was not
/// waited for has none.
fn parse(text: &str, page_size: u64) -> Option<u64> {
    let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    (pages > 0).then_some(pages * page_size)
}

#[cfg(test)]
mod tests {
    use super::{parse, resident};

    #[test]
    fn the_second_number_counts() {
        assert_eq!(parse("9 3 2 1 0 4 0\n", 4096), Some(3 * 4096));
        assert_eq!(parse("0 0 0 0 0 0 0\n", 4096), None);
        assert_eq!(parse("", 4096), None);
        assert!(resident(std::process::id(), 4096).is_some_and(|bytes| bytes > 1 << 16));
    }
}
