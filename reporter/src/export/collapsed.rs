//! `memprof export collapsed`: one line a stack, as `flamegraph.pl` and its kin read it.

use super::frame_text;
use crate::profile::{Profile, Totals};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes the stacks of a profile, frames from the root joined by semicolons, then the bytes.
///
/// # Errors
///
/// When `out` cannot be written.
pub fn write(profile: &Profile, out: &mut dyn Write) -> io::Result<()> {
    let stacks = &profile.stacks;
    // what these names may not hold is what separates them
    let names: Vec<String> = stacks
        .frames()
        .iter()
        .map(|&frame| {
            frame_text(stacks, frame)
                .replace(';', ":")
                .replace(['\n', '\r'], " ")
        })
        .collect();
    let mut sums: BTreeMap<_, Totals> = BTreeMap::new();
    for row in &profile.rows {
        *sums.entry(row.stack).or_default() += row.totals;
    }
    for (stack, totals) in sums.into_iter().filter(|(_, totals)| totals.bytes > 0) {
        let mut separator = "";
        for frame in stacks.outward(stack) {
            write!(out, "{separator}{}", names[frame.0 as usize])?;
            separator = ";";
        }
        if separator.is_empty() {
            write!(out, "{}", crate::profile::group::NO_FRAME)?;
        }
        writeln!(out, " {}", totals.bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::profile::sample;

    #[test]
    fn one_line_a_stack() {
        let mut out = Vec::new();
        write(&sample::branches(), &mut out).expect("in memory");
        let expected = "\
main (/home/me/a.py:1) 12
main (/home/me/a.py:1);big (/home/me/a.py:2);deep (/home/me/a.py:4) 1000
main (/home/me/a.py:1);small (/home/me/a.py:3) 100
";
        assert_eq!(String::from_utf8(out).expect("text"), expected);
    }
}
