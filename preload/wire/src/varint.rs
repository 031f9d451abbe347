//! Variable-length integers: LEB128 (7 bits a byte, low bits first), and zigzag for signed ones.

/// The most bytes one varint takes.
pub const MAX_VARINT: usize = 10;

/// Maps small negative and small positive numbers to small ones.
#[inline(always)]
pub const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
#[inline(always)]
pub const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Writes `value` at `out` and returns the position behind it.
///
/// # Safety
///
/// [`MAX_VARINT`] bytes from `out` on must be writable.
#[inline(always)]
pub unsafe fn write(mut out: *mut u8, mut value: u64) -> *mut u8 {
    while value >= 0x80 {
        // SAFETY: a u64 takes at most MAX_VARINT rounds, and the caller vouches for so many bytes.
        unsafe {
            out.write(value as u8 | 0x80);
            out = out.add(1);
        }
        value >>= 7;
    }
    // SAFETY: as above, this is the last of those bytes.
    unsafe {
        out.write(value as u8);
        out.add(1)
    }
}

/// A short number is below 2 to this power.
pub const SHORT_BITS: u32 = 15;

/// Writes a short number at `out` if `wanted`, without a branch: two bytes are scribbled over in
/// any case. The lowest bit says that there are two bytes; the others are the number.
///
/// # Safety
///
/// Two bytes from `out` on must be writable.
#[inline(always)]
pub unsafe fn write_short_if(out: *mut u8, value: u64, wanted: bool) -> *mut u8 {
    let long = u64::from(value >= 1 << 7);
    let length = (1 + long) & u64::from(wanted).wrapping_neg();
    // SAFETY: the caller's two bytes.
    unsafe {
        out.cast::<u16>()
            .write_unaligned(((value << 1 | long) as u16).to_le());
        out.add(length as usize)
    }
}

/// Reads a short number at the front of `input`; `None` when it is cut off.
#[inline(always)]
pub fn read_short(input: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = input.split_first()?;
    if first & 1 == 0 {
        *input = rest;
        return Some(u64::from(first >> 1));
    }
    let (&second, rest) = rest.split_first()?;
    *input = rest;
    Some((u64::from(second) << 8 | u64::from(first)) >> 1)
}

/// Reads a varint at the front of `input`; `None` when it is cut off or longer than a u64.
#[inline(always)]
pub fn read(input: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = input.split_first()?;
    if first < 0x80 {
        *input = rest;
        return Some(u64::from(first));
    }
    read_long(input)
}

fn read_long(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for (position, &byte) in input.iter().take(MAX_VARINT).enumerate() {
        let bits = u64::from(byte & 0x7f);
        let shift = 7 * position as u32;
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte < 0x80 {
            *input = input.get(position + 1..)?;
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{MAX_VARINT, read, unzigzag, write, zigzag};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(value: u64) {
            let mut buffer = [0u8; MAX_VARINT];
            // SAFETY: the buffer holds MAX_VARINT bytes.
            let end = unsafe { write(buffer.as_mut_ptr(), value) };
            let length = end as usize - buffer.as_ptr() as usize;
            let mut input = &buffer[..length];
            prop_assert_eq!(read(&mut input), Some(value));
            prop_assert!(input.is_empty());
        }

        #[test]
        fn a_short_number_is_read_as_it_was_written(value in 0u64..1 << super::SHORT_BITS) {
            let mut buffer = [0u8; 2];
            // SAFETY: the buffer holds two bytes.
            let end = unsafe { super::write_short_if(buffer.as_mut_ptr(), value, true) };
            let length = end as usize - buffer.as_ptr() as usize;
            let mut input = &buffer[..length];
            prop_assert_eq!(super::read_short(&mut input), Some(value));
            prop_assert!(input.is_empty());
        }

        #[test]
        fn zigzag_has_an_inverse(value: i64) {
            prop_assert_eq!(unzigzag(zigzag(value)), value);
        }
    }

    #[test]
    fn a_varint_that_is_cut_or_too_long_is_refused() {
        assert_eq!(read(&mut &[0x80u8, 0x80][..]), None);
        assert_eq!(read(&mut &[0xffu8; 11][..]), None);
        assert_eq!(read(&mut &[][..]), None);
    }
}
