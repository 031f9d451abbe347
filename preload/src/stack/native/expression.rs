//! The expressions of call frame information: those of signal frames, of procedure linkage tables
//! and of functions that realign their stack.

use super::bounds::Bounds;
use super::bytes::Bytes;
use super::registers::Registers;

/// Values that an expression may have at hand.
const DEPTH: usize = 16;

/// The value of an expression, which is written as its length and its operations. `None` when it
/// uses what is not kept, or what no compiler writes into such tables.
pub fn value(
    mut code: Bytes,
    registers: &Registers,
    memory: &mut Bounds,
    first: Option<usize>,
) -> Option<usize> {
    let length = code.unsigned() as usize;
    let end = code.address() + length;
    let mut stack = Stack {
        values: [0; DEPTH],
        depth: 0,
    };
    if let Some(first) = first {
        stack.push(first)?;
    }
    while code.address() < end {
        let operation = code.byte();
        let result = match operation {
            // constants
            0x03 | 0x0e | 0x0f => code.long() as usize,
            0x08 => usize::from(code.byte()),
            0x09 => code.byte() as i8 as isize as usize,
            0x0a => usize::from(code.half()),
            0x0b => code.half() as i16 as isize as usize,
            0x0c => code.word() as usize,
            0x0d => code.word() as i32 as isize as usize,
            0x10 => code.unsigned() as usize,
            0x11 => code.signed() as usize,
            0x30..=0x4f => usize::from(operation - 0x30),
            // a register plus a constant
            0x70..=0x8f => registers
                .get(operation - 0x70)?
                .wrapping_add_signed(code.signed() as isize),
            // memory
            0x06 => memory.read(stack.pop()?)?,
            // duplicate, drop, over, swap
            0x12 => {
                let top = stack.pop()?;
                stack.push(top)?;
                top
            }
            0x13 => {
                stack.pop()?;
                continue;
            }
            0x16 => {
                let (top, below) = (stack.pop()?, stack.pop()?);
                stack.push(top)?;
                below
            }
            0x23 => stack.pop()?.wrapping_add(code.unsigned() as usize),
            0x19 => (stack.pop()? as isize).wrapping_abs() as usize,
            0x1f => stack.pop()?.wrapping_neg(),
            0x20 => !stack.pop()?,
            0x96 => continue,
            _ => {
                let (right, left) = (stack.pop()?, stack.pop()?);
                binary(operation, left, right)?
            }
        };
        stack.push(result)?;
    }
    stack.pop()
}

fn binary(operation: u8, left: usize, right: usize) -> Option<usize> {
    let (signed_left, signed_right) = (left as isize, right as isize);
    Some(match operation {
        0x1a => left & right,
        0x1c => left.wrapping_sub(right),
        0x1e => left.wrapping_mul(right),
        0x21 => left | right,
        0x22 => left.wrapping_add(right),
        0x24 => left.checked_shl(right as u32).unwrap_or(0),
        0x25 => left.checked_shr(right as u32).unwrap_or(0),
        0x27 => left ^ right,
        0x29 => usize::from(left == right),
        0x2a => usize::from(signed_left >= signed_right),
        0x2b => usize::from(signed_left > signed_right),
        0x2c => usize::from(signed_left <= signed_right),
        0x2d => usize::from(signed_left < signed_right),
        0x2e => usize::from(left != right),
        _ => return None,
    })
}

struct Stack {
    values: [usize; DEPTH],
    depth: usize,
}

impl Stack {
    fn push(&mut self, value: usize) -> Option<()> {
        *self.values.get_mut(self.depth)? = value;
        self.depth += 1;
        Some(())
    }

    fn pop(&mut self) -> Option<usize> {
        self.depth = self.depth.checked_sub(1)?;
        self.values.get(self.depth).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::value;
    use crate::stack::native::bounds::Bounds;
    use crate::stack::native::bytes::Bytes;
    use crate::stack::native::registers::Registers;

    #[test]
    fn the_expression_of_a_linkage_table() {
        // breg7 8; breg16 0; lit15; and; lit11; ge; lit3; shl; plus
        let code = [
            11, 0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22,
        ];
        let at = |ip| {
            let registers = Registers {
                ip,
                sp: 1000,
                ..Registers::default()
            };
            // SAFETY: all that is read is in the array.
            let code = unsafe { Bytes::new(code.as_ptr()) };
            value(code, &registers, &mut { Bounds::NONE }, None)
        };
        assert_eq!(at(0x400_001), Some(1008));
        assert_eq!(at(0x400_00b), Some(1016));
    }
}
