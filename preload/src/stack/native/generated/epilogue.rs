//! The end of a function, as instructions: where a return address is followed by nothing but the way
//! back to the caller, they tell where that is.

use crate::raw::PAGE;
use crate::stack::native::rule::Rule;

/// Bytes of the longest end that is read: a large frame, the six registers that a function keeps, and
/// the return.
pub const LONGEST: usize = 7 + 2 + 4 * 2 + 1;

/// The rule of a return address, if the function ends behind it.
///
/// # Safety
///
/// The code there must be readable up to the end of its page, and up to [`LONGEST`] bytes if the
/// `next_page` is readable, too.
pub unsafe fn at(ip: usize, next_page: bool) -> Option<Rule> {
    let on_page = PAGE - ip % PAGE;
    let count = if next_page {
        LONGEST
    } else {
        on_page.min(LONGEST)
    };
    // SAFETY: the caller's promise.
    read(unsafe { core::slice::from_raw_parts(ip as *const u8, count) })
}

fn read(mut code: &[u8]) -> Option<Rule> {
    // how far the stack pointer has come, and where `rbp` stood
    let (mut offset, mut base) = (0, None);
    loop {
        code = match *code {
            // add rsp, …
            [0x48, 0x83, 0xc4, count, ref rest @ ..] if count < 0x80 => {
                offset += i64::from(count);
                rest
            }
            [0x48, 0x81, 0xc4, a, b, c, d, ref rest @ ..] if d < 0x80 => {
                offset += i64::from(u32::from_le_bytes([a, b, c, d]));
                rest
            }
            // pop rbp
            [0x5d, ref rest @ ..] => {
                base = Some(offset);
                offset += 8;
                rest
            }
            // pop rbx; pop r12 to r15
            [0x5b, ref rest @ ..] | [0x41, 0x5c..=0x5f, ref rest @ ..] => {
                offset += 8;
                rest
            }
            // ret
            [0xc3, ..] => {
                let offset = offset + 8;
                return Rule::by_offset(offset, base.map(|base| base - offset));
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::stack::native::rule::{Base, Kind};

    #[test]
    fn the_ends_of_trampolines_are_read() {
        let rule = read(&[0x48, 0x83, 0xc4, 0x08, 0xc3, 0x90]).expect("an end");
        assert_eq!((rule.kind(), rule.offset()), (Kind::Stack, 16));
        assert_eq!(rule.base(), Base::Same);
        let rule = read(&[0x5d, 0xc3]).expect("an end");
        assert_eq!((rule.kind(), rule.offset()), (Kind::Stack, 16));
        assert_eq!((rule.base(), rule.base_offset()), (Base::AtCfa, -16));
        let all = [
            0x48, 0x81, 0xc4, 0x00, 0x10, 0, 0, 0x5b, 0x41, 0x5c, 0x41, 0x5f, 0x5d, 0xc3,
        ];
        let rule = read(&all).expect("an end");
        assert_eq!((rule.offset(), rule.base_offset()), (4096 + 40, -16));
    }

    #[test]
    fn code_that_goes_on_is_no_end() {
        // mov rax, rbx; add rsp, 8; jmp; nothing more
        assert_eq!(read(&[0x48, 0x89, 0xd8, 0xc3]), None);
        assert_eq!(read(&[0x48, 0x83, 0xc4, 0x08, 0xe9, 0, 0, 0, 0]), None);
        assert_eq!(read(&[0x48, 0x83, 0xc4, 0xf8, 0xc3]), None, "downwards");
        assert_eq!(read(&[0x5d]), None);
    }
}
