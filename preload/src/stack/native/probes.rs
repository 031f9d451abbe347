//! Where something may stand in a table that all threads share without locks.

/// Places where it may stand.
pub const PROBES: usize = 8;

/// The places of a key.
pub fn places<T, const SIZE: usize>(
    table: &'static [T; SIZE],
    key: u64,
) -> impl Iterator<Item = &'static T> {
    let first = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize;
    (0..PROBES).map(move |probe| &table[(first + probe) % SIZE])
}
