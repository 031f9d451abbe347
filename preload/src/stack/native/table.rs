//! Unwind tables: `.eh_frame`, found through the sorted `.eh_frame_hdr` of an object, or as it was
//! [registered].
//!
//! The formats are those of the Linux Standard Base and, for the instructions, of DWARF.

mod description;
mod machine;

use super::bytes::{Bytes, Encoding};
use super::module::{self, Module};
use super::registered;
use super::row::Row;
pub use description::{Description, all_in};

/// What was found for an instruction.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Where its function begins.
    pub function: usize,
    /// How the caller is found.
    pub row: Row,
    /// Whether this is where a signal handler returns to: its caller was interrupted.
    pub signal: bool,
}

impl Description {
    /// What it says of an instruction of its function.
    pub fn of(&self, address: usize) -> Option<Found> {
        Some(Found {
            function: self.start,
            row: machine::row(self, address)?,
            signal: self.common.signal,
        })
    }
}

/// Where the function at `address` begins and ends.
pub fn function(module: &Module, address: usize) -> Option<(usize, usize)> {
    describe(module, address).map(|description| description.extent())
}

/// What there is to say of the instruction at `address`.
#[cold]
#[inline(never)]
pub fn find(address: usize) -> Option<Found> {
    match module::find(address) {
        Some(module) => describe(&module, address)?.of(address),
        None => registered::find(address),
    }
}

fn describe(module: &Module, address: usize) -> Option<Description> {
    let description = search(module.table, address)?;
    // SAFETY: the sorted table points to descriptions.
    unsafe { Description::at(description) }.filter(|description| description.has(address))
}

/// The description of the function at `address`, by bisection. `None` where the table is of a kind
/// that linkers do not write.
fn search(table: usize, address: usize) -> Option<usize> {
    if table == 0 {
        return None;
    }
    // SAFETY: the loader's own record of where the table is.
    let mut bytes = unsafe { Bytes::new(table as *const u8) };
    let (version, pointer, count, entries) =
        (bytes.byte(), bytes.byte(), bytes.byte(), bytes.byte());
    if version != 1 || count != 0x03 || entries != 0x3b {
        return None;
    }
    bytes.pointer(Encoding(pointer & 0x1f))?;
    let count = bytes.word() as usize;
    let pairs = bytes.address() as *const [i32; 2];
    let target = address.wrapping_sub(table) as isize;
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = usize::midpoint(low, high);
        // SAFETY: the table has `count` entries.
        let [start, _] = unsafe { pairs.add(middle).read_unaligned() };
        if start as isize <= target {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    // SAFETY: as above.
    let [_, description] = unsafe { pairs.add(low.checked_sub(1)?).read_unaligned() };
    Some(table.wrapping_add_signed(description as isize))
}
