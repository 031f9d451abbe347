//! Line tables of code objects, in the three ways CPython has written them.

use crate::replay::CodeObject;
use memprof_wire::event::LineTable;

/// Where an instruction stands in the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The line, from 1; `None` for instructions that belong to none.
    pub line: Option<u32>,
    /// The column of the expression's first byte, from 0; known from 3.11 on.
    pub column: Option<u32>,
}

/// The location of an instruction, counted in units of two bytes from the start of the code.
pub fn location(code: &CodeObject, instruction: u32) -> Location {
    let first = i64::from(code.first_line);
    let (line, column) = match code.table {
        LineTable::Lnotab => (
            Some(lnotab(&code.lines, first, u64::from(instruction) * 2)),
            None,
        ),
        LineTable::Lines310 => (
            lines_310(&code.lines, first, u64::from(instruction) * 2),
            None,
        ),
        LineTable::Locations => locations(&code.lines, first, u64::from(instruction)),
    };
    Location {
        line: line.and_then(|line| u32::try_from(line).ok()),
        column,
    }
}

/// The last line that any instruction of a code object belongs to.
pub fn last_line(code: &CodeObject) -> u32 {
    let first = i64::from(code.first_line);
    let mut line = first;
    let mut last = first;
    match code.table {
        LineTable::Lnotab => {
            for [_, lines] in code.lines.as_chunks().0 {
                line += i64::from(*lines as i8);
                last = last.max(line);
            }
        }
        LineTable::Lines310 => {
            for [_, lines] in code.lines.as_chunks().0 {
                if *lines as i8 != NO_LINE {
                    line += i64::from(*lines as i8);
                    last = last.max(line);
                }
            }
        }
        LineTable::Locations => {
            let mut bytes = code.lines.iter().copied();
            while let Some(head) = bytes.next() {
                let entry = Entry::read(head >> 3 & 15, &mut bytes);
                line += entry.lines;
                if !entry.nowhere {
                    last = last.max(line);
                }
            }
        }
    }
    u32::try_from(last).unwrap_or(code.first_line)
}

/// In a table of 3.10, the line difference of a range that belongs to no line.
const NO_LINE: i8 = -128;

/// Up to 3.9: pairs of an address difference and a line difference, for the next range.
fn lnotab(table: &[u8], first: i64, offset: u64) -> i64 {
    let mut line = first;
    let mut start = 0;
    for [bytes, lines] in table.as_chunks().0 {
        start += u64::from(*bytes);
        if start > offset {
            break;
        }
        line += i64::from(*lines as i8);
    }
    line
}

/// 3.10: pairs of a range's length and the line difference of that range; -128 for no line.
fn lines_310(table: &[u8], first: i64, offset: u64) -> Option<i64> {
    let mut line = first;
    let mut end = 0;
    for [bytes, lines] in table.as_chunks().0 {
        end += u64::from(*bytes);
        let lines = *lines as i8;
        if lines != NO_LINE {
            line += i64::from(lines);
        }
        if offset < end {
            return (lines != NO_LINE).then_some(line);
        }
    }
    None
}

/// From 3.11: entries of varying length, each for a range of code units, with columns.
fn locations(table: &[u8], first: i64, unit: u64) -> (Option<i64>, Option<u32>) {
    let mut line = first;
    let mut end = 0;
    let mut bytes = table.iter().copied();
    while let Some(head) = bytes.next() {
        end += u64::from(head & 7) + 1;
        let entry = Entry::read(head >> 3 & 15, &mut bytes);
        line += entry.lines;
        if unit < end {
            return if entry.nowhere {
                (None, None)
            } else {
                (Some(line), entry.column)
            };
        }
    }
    (None, None)
}

/// What one entry of a location table says beyond its length.
#[derive(Default)]
struct Entry {
    lines: i64,
    column: Option<u32>,
    nowhere: bool,
}

impl Entry {
    fn read(code: u8, bytes: &mut impl Iterator<Item = u8>) -> Self {
        let mut byte = || bytes.next().unwrap_or(0);
        match code {
            // the same line, and a column below 80
            0..=9 => {
                let column = u32::from(code) << 3 | u32::from(byte() >> 4);
                Self {
                    column: Some(column),
                    ..Self::default()
                }
            }
            // one of the next lines, and both columns
            10..=12 => {
                let column = Some(u32::from(byte()));
                byte();
                Self {
                    lines: i64::from(code - 10),
                    column,
                    nowhere: false,
                }
            }
            // any line, no columns
            13 => Self {
                lines: signed(varint(&mut byte)),
                ..Self::default()
            },
            // any line, end line, column, end column; the columns plus one
            14 => {
                let lines = signed(varint(&mut byte));
                varint(&mut byte);
                let column = varint(&mut byte);
                varint(&mut byte);
                let column = column
                    .checked_sub(1)
                    .and_then(|column| u32::try_from(column).ok());
                Self {
                    lines,
                    column,
                    nowhere: false,
                }
            }
            _ => Self {
                nowhere: true,
                ..Self::default()
            },
        }
    }
}

/// Six bits a byte, low bits first, the seventh says that more follow.
fn varint(byte: &mut impl FnMut() -> u8) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(6) {
        let next = byte();
        value |= u64::from(next & 63) << shift;
        if next & 64 == 0 {
            break;
        }
    }
    value
}

/// The lowest bit is the sign.
fn signed(value: u64) -> i64 {
    let magnitude = (value >> 1) as i64;
    if value & 1 == 0 {
        magnitude
    } else {
        -magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::{Location, location};
    use crate::replay::CodeObject;
    use memprof_wire::event::LineTable;

    fn code(table: LineTable, first_line: u32, lines: &[u8]) -> CodeObject {
        let (file, name) = (String::from("a.py"), String::from("f"));
        CodeObject {
            file,
            name,
            first_line,
            table,
            lines: lines.to_vec(),
        }
    }

    fn lines(code: &CodeObject, units: u32) -> Vec<u32> {
        (0..units)
            .map(|unit| location(code, unit).line.unwrap_or(0))
            .collect()
    }

    // The tables are those of the interpreters, for
    //
    //     def f(a):
    //         x = [a,
    //              a]
    //
    //         return {
    //             1: x}
    //
    // at line 1, with the lines and columns that `dis` of the same interpreters names.

    #[test]
    fn lnotab_of_3_9() {
        let code = code(LineTable::Lnotab, 1, &[0, 1, 2, 1, 2, 255, 4, 4, 4, 255]);
        assert_eq!(lines(&code, 8), [2, 3, 2, 2, 6, 6, 5, 5]);
    }

    #[test]
    fn lines_of_3_10() {
        let code = code(LineTable::Lines310, 1, &[2, 1, 2, 1, 4, 255, 4, 4, 4, 255]);
        assert_eq!(lines(&code, 9), [2, 3, 2, 2, 6, 6, 5, 5, 0]);
    }

    #[test]
    fn a_range_of_3_10_without_a_line_leaves_the_line_as_it_was() {
        let code = code(LineTable::Lines310, 10, &[2, 1, 2, 128, 0, 5, 2, 1]);
        assert_eq!(lines(&code, 3), [11, 0, 17]);
    }

    #[test]
    fn locations_of_3_11() {
        let table = [
            128, 0, 216, 9, 10, 216, 9, 10, 240, 3, 1, 9, 12, 128, 65, 240, 8, 0, 9, 10, 136, 49,
            240, 3, 1, 12, 14, 240, 0, 1, 5, 14,
        ];
        let code = code(LineTable::Locations, 1, &table);
        let got: Vec<_> = (0..10).map(|unit| location(&code, unit)).collect();
        let expected = [
            (1, 0),
            (2, 9),
            (3, 9),
            (2, 8),
            (2, 4),
            (6, 8),
            (6, 11),
            (5, 11),
            (5, 4),
        ];
        let mut expected = expected
            .map(|(line, column)| Location {
                line: Some(line),
                column: Some(column),
            })
            .to_vec();
        expected.push(Location::default());
        assert_eq!(got, expected);
    }

    #[test]
    fn locations_without_a_line_or_a_column() {
        // nowhere for two units; one line back without columns; the same line, far right
        let table = [
            0x80 | 15 << 3 | 1,
            0x80 | 13 << 3,
            0b11,
            0x80 | 9 << 3,
            0x71,
        ];
        let code = code(LineTable::Locations, 5, &table);
        let at = |line, column| Location { line, column };
        let got: Vec<_> = (0..4).map(|unit| location(&code, unit)).collect();
        let nowhere = at(None, None);
        assert_eq!(
            got,
            [nowhere, nowhere, at(Some(4), None), at(Some(4), Some(79))]
        );
    }

    #[test]
    fn a_table_that_is_cut_names_no_line() {
        let code = code(LineTable::Locations, 1, &[0x80 | 14 << 3]);
        assert_eq!(location(&code, 7).line, None);
    }
}
