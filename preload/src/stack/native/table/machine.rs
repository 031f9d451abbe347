//! The instructions of a description: they build the row of each instruction of the function, one after
//! the other.

use super::description::{Common, Description};
use crate::stack::native::bytes::Bytes;
use crate::stack::native::row::{Cfa, REGISTERS, Row, Saved};

/// Rows that instructions may set aside; compilers need one.
const REMEMBERED: usize = 4;

/// The row of the instruction at `address`, which is one of the function's.
pub fn row(description: &Description, address: usize) -> Option<Row> {
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
    Some(machine.row)
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
