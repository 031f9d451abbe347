//! A walk by whole rows, which follows all registers: for stacks on which some function keeps its
//! frame in a register that [`super::step`] does not know.

use super::bounds::Bounds;
use super::frame::At;
use super::registers::Registers;
use super::rule::{self, Kind, Place};
use super::table;

/// The frames from a function that is still active outwards.
#[derive(Debug)]
pub struct Rows {
    /// The frame to go on from.
    next: Option<(Registers, bool)>,
    generation: usize,
    complete: bool,
}

impl Rows {
    /// Begins at the frame that has these registers.
    pub fn from(registers: Registers, generation: usize) -> Self {
        Self {
            next: Some((registers, true)),
            generation,
            complete: false,
        }
    }

    /// Whether the outermost frame was reached, once there are no more.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The next frame outwards.
    pub fn next(&mut self, stack: &mut Bounds) -> Option<At> {
        let (registers, exact) = self.next.take()?;
        let place = Place {
            ip: registers.ip,
            exact,
        };
        let kind = rule::find(place, self.generation).kind();
        let caller = match kind {
            Kind::End => {
                self.complete = true;
                None
            }
            Kind::Unknown => None,
            Kind::Signal => before_signal(&registers, stack),
            _ => table::find(place.address()).and_then(|found| found.row.caller(&registers, stack)),
        };
        // the stack grows downwards: a caller lies above, and every walk ends
        if let Some(caller) = caller.filter(|caller| caller.sp > registers.sp) {
            if caller.ip == 0 {
                self.complete = true;
            } else {
                self.next = Some((caller, kind == Kind::Signal));
            }
        }
        Some(At::of(&registers, exact))
    }
}

/// The registers of the function that a signal interrupted, from the kernel's `ucontext`.
fn before_signal(registers: &Registers, stack: &mut Bounds) -> Option<Registers> {
    let mut word = |offset| stack.read(registers.sp + offset);
    Some(Registers {
        high: [word(72)?, word(80)?, word(88)?, word(96)?],
        bp: word(120)?,
        bx: word(128)?,
        sp: word(160)?,
        ip: word(168)?,
    })
}
