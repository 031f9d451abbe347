//! What was behind a segment when it was the innermost one: the trunks that were found there last.
//!
//! A place that allocates is called from several others, each at an instruction of its own, and by
//! way of the same one from several more. So trunks are remembered by that instruction, two for each.

use memprof_wire::units::StackId;

/// How many instructions are remembered: pairs of places.
const WAYS: usize = 8;

/// The trunks behind one instruction.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// The low half of the instruction where they begin.
    caller: u32,
    /// The place of the last one.
    pub place: u8,
    /// Which trunk it is, and which the one beside it is; 0 for none that was ever behind.
    pub serials: [u32; 2],
}

/// The trunks behind a segment.
#[derive(Clone, Copy, Debug)]
pub struct Behind([Pair; WAYS]);

impl Behind {
    /// None was found yet.
    pub const NOTHING: Self = Self(
        [Pair {
            caller: 0,
            place: 0,
            serials: [0; 2],
        }; WAYS],
    );

    /// The trunks that were found last, given the instruction where they begin, and the stack that
    /// all Python frames make. They may be another instruction's.
    #[inline(always)]
    pub fn last(&self, caller: usize, python: StackId) -> Pair {
        let first = first_place(caller, python);
        let is_first = self.0[first].caller == caller as u32;
        self.0[first + usize::from(!is_first)]
    }

    /// A trunk was found: keeps what [`last`](Self::last) is to tell.
    pub fn found(&mut self, caller: usize, python: StackId, place: u8, serial: u32) {
        let first = first_place(caller, python);
        let last = self.last(caller, python);
        let is_beside = last.caller == caller as u32 && place == last.place ^ 1;
        if self.0[first].caller != caller as u32 {
            self.0[first + 1] = self.0[first];
        }
        self.0[first] = Pair {
            caller: caller as u32,
            place,
            serials: [serial, if is_beside { last.serials[0] } else { 0 }],
        };
    }
}

/// The first of the two places where the trunks behind an instruction may be.
#[inline(always)]
fn first_place(caller: usize, python: StackId) -> usize {
    let word = caller as u32 ^ python.0 << 7;
    (word.wrapping_mul(0x9e37_79b9) >> 24) as usize % (WAYS / 2) * 2
}

#[cfg(test)]
mod tests {
    use super::{Behind, first_place};
    use memprof_wire::units::StackId;

    const PYTHON: StackId = StackId(5);

    #[test]
    fn trunks_side_by_side_are_both_remembered() {
        let mut behind = Behind::NOTHING;
        behind.found(0x7000, PYTHON, 6, 1);
        assert_eq!(behind.last(0x7000, PYTHON).serials, [1, 0]);
        behind.found(0x7000, PYTHON, 7, 2);
        let last = behind.last(0x7000, PYTHON);
        assert_eq!((last.place, last.serials), (7, [2, 1]));
        behind.found(0x7000, PYTHON, 3, 9);
        let last = behind.last(0x7000, PYTHON);
        assert_eq!((last.place, last.serials), (3, [9, 0]));
    }

    #[test]
    fn two_instructions_that_share_places_are_both_remembered() {
        let one = 0x7000;
        let other = (one + 1..one + 1000)
            .find(|&other| first_place(other, PYTHON) == first_place(one, PYTHON))
            .expect("there are but a few places");
        let mut behind = Behind::NOTHING;
        behind.found(one, PYTHON, 6, 1);
        behind.found(other, PYTHON, 8, 2);
        assert_eq!(behind.last(one, PYTHON).serials, [1, 0]);
        assert_eq!(behind.last(other, PYTHON).serials, [2, 0]);
    }
}
