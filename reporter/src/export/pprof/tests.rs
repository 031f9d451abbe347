use super::{Sample, Times, write};
use crate::profile::{Totals, sample};

/// A field of a message: its number, and what it holds.
#[derive(Debug)]
enum Field {
    Number(u64),
    Block(Vec<u8>),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}

/// Reads a message by the rules of the format alone.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            2 => {
                let length = varint(&mut bytes) as usize;
                let (block, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Block(block.to_vec())
            }
            other => panic!("wire type {other}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

fn blocks(bytes: &[u8], wanted: u64) -> Vec<Vec<u8>> {
    let all = fields(bytes).into_iter();
    all.filter_map(|(number, field)| match field {
        Field::Block(block) if number == wanted => Some(block),
        _ => None,
    })
    .collect()
}

fn number(bytes: &[u8], wanted: u64) -> u64 {
    let mut all = fields(bytes).into_iter();
    all.find_map(|(number, field)| match field {
        Field::Number(value) if number == wanted => Some(value),
        _ => None,
    })
    .unwrap_or(0)
}

fn numbers(mut bytes: &[u8]) -> Vec<u64> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        numbers.push(varint(&mut bytes));
    }
    numbers
}

#[test]
fn what_is_read_back_is_what_was_there() {
    let profile = sample::branches();
    let rows = profile.rows.iter();
    let samples: Vec<Sample> = rows
        .map(|row| Sample {
            stack: row.stack,
            thread: (7, "Main".into()),
            allocated: row.totals + row.totals,
            alive: row.totals,
        })
        .collect();
    let mut out = Vec::new();
    let times = Times {
        start: 1 << 60,
        duration: 5,
    };
    write(&profile.stacks, &samples, times, &mut out).expect("in memory");
    let texts: Vec<String> = blocks(&out, 6)
        .into_iter()
        .map(|text| String::from_utf8(text).expect("text"))
        .collect();
    assert_eq!(texts[0], "");
    let kinds: Vec<&str> = blocks(&out, 1)
        .iter()
        .map(|kind| texts[number(kind, 1) as usize].as_str())
        .collect();
    assert_eq!(kinds, super::KINDS.map(|(kind, _)| kind));
    let mut sums = [0; 4];
    for sample in blocks(&out, 2) {
        for (sum, value) in sums.iter_mut().zip(numbers(&blocks(&sample, 2)[0])) {
            *sum += value;
        }
    }
    let Totals {
        bytes,
        blocks: count,
    } = profile.total;
    let expected = [2 * count, 2 * bytes, count, bytes].map(|value| value as u64);
    assert_eq!(sums, expected);
    // the innermost frame of the deepest stack comes first
    let deepest = blocks(&out, 2)
        .into_iter()
        .map(|sample| numbers(&blocks(&sample, 1)[0]))
        .max_by_key(Vec::len)
        .expect("there are some");
    let location = blocks(&out, 4)
        .into_iter()
        .find(|location| number(location, 1) == deepest[0])
        .expect("it is there");
    let line = &blocks(&location, 4)[0];
    assert_eq!(number(line, 2), 4);
    let function = blocks(&out, 5)
        .into_iter()
        .find(|function| number(function, 1) == number(line, 1))
        .expect("it is there");
    assert_eq!(texts[number(&function, 2) as usize], "deep");
    assert_eq!(texts[number(&function, 4) as usize], "/home/me/a.py");
    assert_eq!(number(&out, 9), 1 << 60);
    assert_eq!(texts[number(&out, 14) as usize], "inuse_space");
}
