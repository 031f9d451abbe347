//! What the processor knew at a frame.

use core::arch::asm;

/// Numbers of registers in the call frame information of x86-64.
pub mod number {
    /// `rbx`
    pub const BX: u8 = 3;
    /// `rbp`
    pub const BP: u8 = 6;
    /// `rsp`
    pub const SP: u8 = 7;
    /// `r12`, followed by `r13` to `r15`
    pub const R12: u8 = 12;
    /// The return address.
    pub const RETURN: u8 = 16;
}

/// The registers that a function leaves as it found them, at one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Registers {
    /// The instruction; in callers, the return address.
    pub ip: usize,
    /// The stack pointer.
    pub sp: usize,
    /// `rbp`, a frame pointer or anything else.
    pub bp: usize,
    /// `rbx`
    pub bx: usize,
    /// `r12` to `r15`
    pub high: [usize; 4],
}

impl Registers {
    /// The registers of the function that this is inlined into.
    #[inline(always)]
    pub fn here() -> Self {
        let mut all = core::mem::MaybeUninit::<Self>::uninit();
        // SAFETY: writes the eight words of `all`, and changes nothing else. What the registers
        // hold is described by the function's own call frame information at this instruction.
        unsafe {
            asm!(
                "lea {ip}, [rip]",
                "mov [{all}], {ip}",
                "mov [{all} + 8], rsp",
                "mov [{all} + 16], rbp",
                "mov [{all} + 24], rbx",
                "mov [{all} + 32], r12",
                "mov [{all} + 40], r13",
                "mov [{all} + 48], r14",
                "mov [{all} + 56], r15",
                ip = out(reg) _, all = in(reg) all.as_mut_ptr(), options(nostack, preserves_flags));
            all.assume_init()
        }
    }

    /// The register of a number, if it is one that is kept.
    pub fn get(&self, register: u8) -> Option<usize> {
        match register {
            number::BX => Some(self.bx),
            number::BP => Some(self.bp),
            number::SP => Some(self.sp),
            number::R12..=15 => Some(self.high[usize::from(register - number::R12)]),
            number::RETURN => Some(self.ip),
            _ => None,
        }
    }

    /// Sets the register of a number, if it is one that is kept.
    pub fn set(&mut self, register: u8, value: usize) {
        match register {
            number::BX => self.bx = value,
            number::BP => self.bp = value,
            number::R12..=15 => self.high[usize::from(register - number::R12)] = value,
            _ => {}
        }
    }
}
