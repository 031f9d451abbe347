//! How the caller's registers are found at one instruction: a row of the call frame table.

use super::bounds::Bounds;
use super::bytes::Bytes;
use super::expression;
use super::registers::{Registers, number};

/// Where the caller's frame begins (the "canonical frame address").
#[derive(Clone, Copy, Debug)]
pub enum Cfa {
    /// At a register's value plus an offset in bytes.
    At(u8, i64),
    /// At the result of an expression.
    Expression(Bytes),
}

/// Where the caller's value of a register is.
#[derive(Clone, Copy, Debug)]
pub enum Saved {
    /// In the register.
    Same,
    /// Nowhere; for the return address: there is no caller.
    Nowhere,
    /// In memory, at an offset from the caller's frame.
    AtCfa(i64),
    /// It is the caller's frame plus an offset.
    IsCfa(i64),
    /// In another register.
    In(u8),
    /// In memory, at the result of an expression.
    AtExpression(Bytes),
    /// It is the result of an expression.
    IsExpression(Bytes),
}

/// The registers of interest are numbered below this.
pub const REGISTERS: usize = 17;

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Where the caller's frame begins.
    pub cfa: Cfa,
    /// Where each register is.
    pub saved: [Saved; REGISTERS],
}

impl Row {
    /// The row of a table that says nothing yet.
    pub const EMPTY: Self = Self {
        cfa: Cfa::At(number::SP, 8),
        saved: [Saved::Same; REGISTERS],
    };

    /// The caller's registers; `None` when there is no caller or it cannot be told.
    pub fn caller(&self, callee: &Registers, stack: &mut Bounds) -> Option<Registers> {
        let cfa = match self.cfa {
            Cfa::At(register, offset) => callee.get(register)?.wrapping_add_signed(offset as isize),
            Cfa::Expression(expression) => expression::value(expression, callee, stack, None)?,
        };
        let mut caller = *callee;
        for register in [3, 6, 12, 13, 14, 15] {
            let saved = self.saved[usize::from(register)];
            if let Some(value) = find(saved, register, cfa, callee, stack) {
                caller.set(register, value);
            }
        }
        let saved = self.saved[usize::from(number::RETURN)];
        if let Saved::Same | Saved::Nowhere = saved {
            return None;
        }
        caller.ip = find(saved, number::RETURN, cfa, callee, stack)?;
        let saved = self.saved[usize::from(number::SP)];
        caller.sp = match saved {
            Saved::Same => cfa,
            _ => find(saved, number::SP, cfa, callee, stack)?,
        };
        Some(caller)
    }
}

fn find(
    saved: Saved,
    register: u8,
    cfa: usize,
    callee: &Registers,
    stack: &mut Bounds,
) -> Option<usize> {
    match saved {
        Saved::Same => callee.get(register),
        Saved::Nowhere => None,
        Saved::AtCfa(offset) => stack.read(cfa.wrapping_add_signed(offset as isize)),
        Saved::IsCfa(offset) => Some(cfa.wrapping_add_signed(offset as isize)),
        Saved::In(other) => callee.get(other),
        Saved::AtExpression(expression) => {
            let address = expression::value(expression, callee, stack, Some(cfa))?;
            stack.read(address)
        }
        Saved::IsExpression(expression) => expression::value(expression, callee, stack, Some(cfa)),
    }
}
