//! The unwind tables of an object: `.eh_frame`, found through the sorted `.eh_frame_hdr`.
//!
//! The formats are those of the Linux Standard Base and, for the instructions, of DWARF.

use super::bytes::{Bytes, Encoding};
use super::module::{self, Module};
use super::registered;
use super::registers::number;
use super::row::{Cfa, REGISTERS, Row, Saved};

/// Rows that instructions may set aside; compilers need one.
const REMEMBERED: usize = 4;

/// What there is to know about the functions that share a description.
struct Common {
    code_factor: u64,
    data_factor: i64,
    encoding: Encoding,
    augmented: bool,
    signal: bool,
    instructions: Bytes,
    end: usize,
}

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

/// A function's own part of its description.
struct Description {
    common: Common,
    start: usize,
    size: usize,
    instructions: Bytes,
    end: usize,
}

/// Where the function at `address` begins and ends.
pub fn function(module: &Module, address: usize) -> Option<(usize, usize)> {
    let description = describe(module, address)?;
    Some((description.start, description.start + description.size))
}

impl Description {
    fn has(&self, address: usize) -> bool {
        address.wrapping_sub(self.start) < self.size
    }
}

fn describe(module: &Module, address: usize) -> Option<Description> {
    let description = search(module.table, address)?;
    // SAFETY: the sorted table points to descriptions.
    unsafe { read(description) }.filter(|description| description.has(address))
}

/// What a description says.
///
/// # Safety
///
/// It must be one of an `.eh_frame` section.
unsafe fn read(description: usize) -> Option<Description> {
    // SAFETY: the caller's promise.
    let mut bytes = unsafe { Bytes::new(description as *const u8) };
    let end = length(&mut bytes)?;
    let own = bytes.address();
    let distance = bytes.word();
    // SAFETY: each description points back to what it shares with others.
    let common = Common::read(unsafe { Bytes::new((own - distance as usize) as *const u8) })?;
    let start = bytes.pointer(common.encoding)?;
    let size = bytes.pointer(common.encoding.of_length())?;
    if common.augmented {
        let skipped = bytes.unsigned() as usize;
        bytes.skip(skipped);
    }
    Some(Description {
        common,
        start,
        size,
        instructions: bytes,
        end,
    })
}

/// The row of the instruction at `address`, which lies in `module`.
#[cold]
#[inline(never)]
pub fn find(module: &Module, address: usize) -> Option<Found> {
    row(&describe(module, address)?, address)
}

/// The row of the instruction at `address`, wherever it lies.
#[cold]
#[inline(never)]
pub fn look_up(address: usize) -> Option<Found> {
    match module::find(address) {
        Some(module) => find(&module, address),
        None => registered::find(address),
    }
}

/// The row of the instruction at `address`, if it is one of the function that is described.
///
/// # Safety
///
/// As for [`extent`].
pub unsafe fn described(description: usize, address: usize) -> Option<Found> {
    // SAFETY: the caller's promise.
    let description = unsafe { read(description) }.filter(|it| it.has(address))?;
    row(&description, address)
}

/// Where the function that is described begins and ends.
///
/// # Safety
///
/// It must be a description of an `.eh_frame` section.
pub unsafe fn extent(description: usize) -> Option<(usize, usize)> {
    // SAFETY: the caller's promise.
    let description = unsafe { read(description) }?;
    Some((
        description.start,
        description.start.wrapping_add(description.size),
    ))
}

/// The descriptions of a section's functions, which end at one of no length.
///
/// # Safety
///
/// It must be a whole `.eh_frame` section.
pub unsafe fn descriptions(section: usize) -> impl Iterator<Item = usize> {
    let mut next = section;
    let every = core::iter::from_fn(move || {
        let own = next;
        // SAFETY: the caller's promise.
        let mut bytes = unsafe { Bytes::new(own as *const u8) };
        next = length(&mut bytes)?;
        // what several share has no distance to that
        Some((own, bytes.word() != 0))
    });
    every.filter_map(|(own, is_of_a_function)| is_of_a_function.then_some(own))
}

fn row(description: &Description, address: usize) -> Option<Found> {
    let Description { common, start, .. } = description;
    let mut machine = Machine {
        common,
        row: Row::EMPTY,
        initial: [Saved::Same; REGISTERS],
        remembered: [Row::EMPTY; REMEMBERED],
        depth: 0,
        location: *start,
    };
    machine.run(common.instructions, common.end, usize::MAX)?;
    machine.initial = machine.row.saved;
    machine.location = *start;
    machine.run(description.instructions, description.end, address)?;
    Some(Found {
        function: description.start,
        row: machine.row,
        signal: common.signal,
    })
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

/// Reads a length; returns where what it counts ends.
fn length(bytes: &mut Bytes) -> Option<usize> {
    let length = match bytes.word() {
        0 => return None,
        u32::MAX => bytes.long() as usize,
        length => length as usize,
    };
    Some(bytes.address() + length)
}

impl Common {
    fn read(mut bytes: Bytes) -> Option<Self> {
        let end = length(&mut bytes)?;
        if bytes.word() != 0 {
            return None;
        }
        let version = bytes.byte();
        let mut letters = bytes;
        while bytes.byte() != 0 {}
        let code_factor = bytes.unsigned();
        let data_factor = bytes.signed();
        let column = if version == 1 {
            u64::from(bytes.byte())
        } else {
            bytes.unsigned()
        };
        if column != u64::from(number::RETURN) {
            return None;
        }
        let mut common = Self {
            code_factor,
            data_factor,
            encoding: Encoding(0),
            augmented: false,
            signal: false,
            instructions: bytes,
            end,
        };
        loop {
            match letters.byte() {
                0 => break,
                b'z' => {
                    common.augmented = true;
                    let size = bytes.unsigned() as usize;
                    common.instructions = bytes;
                    common.instructions.skip(size);
                }
                b'R' => common.encoding = Encoding(bytes.byte()),
                b'P' => {
                    let encoding = Encoding(bytes.byte());
                    bytes.pointer(encoding.of_length())?;
                }
                b'L' => bytes.skip(1),
                b'S' => common.signal = true,
                b'B' => {}
                _ => return None,
            }
        }
        Some(common)
    }
}

struct Machine<'a> {
    common: &'a Common,
    row: Row,
    initial: [Saved; REGISTERS],
    remembered: [Row; REMEMBERED],
    depth: usize,
    location: usize,
}

impl Machine<'_> {
    /// Carries instructions out up to those of `target`.
    fn run(&mut self, mut code: Bytes, end: usize, target: usize) -> Option<()> {
        while code.address() < end {
            let instruction = code.byte();
            let low = instruction & 0x3f;
            match instruction >> 6 {
                1 => self.advance(u64::from(low)),
                2 => {
                    let offset = self.data(code.unsigned() as i64);
                    self.save(u64::from(low), Saved::AtCfa(offset));
                }
                3 => self.restore(u64::from(low)),
                _ => self.extended(low, &mut code)?,
            }
            if self.location > target {
                break;
            }
        }
        Some(())
    }

    fn extended(&mut self, instruction: u8, code: &mut Bytes) -> Option<()> {
        match instruction {
            0x00 => {}
            0x01 => self.location = code.pointer(self.common.encoding)?,
            0x02 => self.advance(u64::from(code.byte())),
            0x03 => self.advance(u64::from(code.half())),
            0x04 => self.advance(u64::from(code.word())),
            0x05 => {
                let register = code.unsigned();
                let offset = self.data(code.unsigned() as i64);
                self.save(register, Saved::AtCfa(offset));
            }
            0x06 => self.restore(code.unsigned()),
            0x07 => self.save(code.unsigned(), Saved::Nowhere),
            0x08 => self.save(code.unsigned(), Saved::Same),
            0x09 => {
                let register = code.unsigned();
                self.save(register, Saved::In(code.unsigned() as u8));
            }
            0x0a => {
                *self.remembered.get_mut(self.depth)? = self.row;
                self.depth += 1;
            }
            0x0b => {
                self.depth = self.depth.checked_sub(1)?;
                self.row = *self.remembered.get(self.depth)?;
            }
            0x0c => self.row.cfa = Cfa::At(code.unsigned() as u8, code.unsigned() as i64),
            0x0d => self.row.cfa = Cfa::At(code.unsigned() as u8, self.cfa_offset()?),
            0x0e => self.row.cfa = Cfa::At(self.cfa_register()?, code.unsigned() as i64),
            0x0f => {
                self.row.cfa = Cfa::Expression(*code);
                skip_block(code);
            }
            0x10 | 0x16 => {
                let register = code.unsigned();
                let saved = if instruction == 0x10 {
                    Saved::AtExpression(*code)
                } else {
                    Saved::IsExpression(*code)
                };
                self.save(register, saved);
                skip_block(code);
            }
            0x11 => {
                let register = code.unsigned();
                let offset = self.data(code.signed());
                self.save(register, Saved::AtCfa(offset));
            }
            0x12 => {
                let register = code.unsigned() as u8;
                self.row.cfa = Cfa::At(register, self.data(code.signed()));
            }
            0x13 => {
                let offset = self.data(code.signed());
                self.row.cfa = Cfa::At(self.cfa_register()?, offset);
            }
            0x14 | 0x15 => {
                let register = code.unsigned();
                let offset = if instruction == 0x14 {
                    code.unsigned() as i64
                } else {
                    code.signed()
                };
                self.save(register, Saved::IsCfa(self.data(offset)));
            }
            // the size of pushed arguments: of no interest here
            0x2e => {
                code.unsigned();
            }
            _ => return None,
        }
        Some(())
    }

    fn advance(&mut self, units: u64) {
        self.location += (units * self.common.code_factor) as usize;
    }

    fn data(&self, units: i64) -> i64 {
        units.wrapping_mul(self.common.data_factor)
    }

    fn save(&mut self, register: u64, saved: Saved) {
        if let Some(slot) = self.row.saved.get_mut(register as usize) {
            *slot = saved;
        }
    }

    fn restore(&mut self, register: u64) {
        if let Some(initial) = self.initial.get(register as usize).copied() {
            self.save(register, initial);
        }
    }

    fn cfa_register(&self) -> Option<u8> {
        match self.row.cfa {
            Cfa::At(register, _) => Some(register),
            Cfa::Expression(_) => None,
        }
    }

    fn cfa_offset(&self) -> Option<i64> {
        match self.row.cfa {
            Cfa::At(_, offset) => Some(offset),
            Cfa::Expression(_) => None,
        }
    }
}

fn skip_block(code: &mut Bytes) {
    let length = code.unsigned() as usize;
    code.skip(length);
}
