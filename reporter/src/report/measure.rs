//! Numbers as people read them.

use std::fmt;

/// Bytes with a unit: `512 B`, `1.5 KiB`, `-2.0 MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub i64);

impl fmt::Display for Bytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
        if self.0.unsigned_abs() < 1024 {
            return out.pad(&format!("{} B", self.0));
        }
        let mut size = self.0 as f64 / 1024.0;
        let mut unit = 0;
        // what would be rounded to 1024.0 of one unit is 1.0 of the next
        while size.abs() >= 1023.95 && unit + 1 < UNITS.len() {
            size /= 1024.0;
            unit += 1;
        }
        out.pad(&format!("{size:.1} {}", UNITS[unit]))
    }
}

/// A count with its thousands apart: `1 234 567`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub i64);

impl fmt::Display for Count {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let mut text = String::from(if self.0 < 0 { "-" } else { "" });
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        out.pad(&text)
    }
}

/// A share of a whole as a percentage with one decimal; of nothing, nothing is a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The part.
    pub part: i64,
    /// The whole.
    pub whole: i64,
}

impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.whole {
            0 => out.pad("-"),
            whole => {
                // nothing of a whole that has shrunk is no less than nothing
                let percent = self.part as f64 * 100.0 / whole as f64 + 0.0;
                out.pad(&format!("{percent:.1}%"))
            }
        }
    }
}

/// Seconds: `0.012 s`, `3.4 s`, `2 min 5 s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seconds(pub f64);

impl fmt::Display for Seconds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0;
        let text = if seconds < 10.0 {
            format!("{seconds:.3} s")
        } else if seconds < 120.0 {
            format!("{seconds:.1} s")
        } else if seconds < 7200.0 {
            format!(
                "{:.0} min {:.0} s",
                (seconds / 60.0).floor(),
                (seconds % 60.0).floor()
            )
        } else {
            let minutes = (seconds % 3600.0 / 60.0).floor();
            format!("{:.0} h {minutes:.0} min", (seconds / 3600.0).floor())
        };
        out.pad(&text)
    }
}

/// Reads a size: `4096`, `512KiB`, `10MB`, `1.5 GiB`. Units of 1024 have an `i`, as the standards say.
///
/// # Errors
///
/// When it is no size, with what one looks like.
pub fn parse_bytes(text: &str) -> Result<u64, NoSize> {
    let wrong = || NoSize(text.to_owned());
    let trimmed = text.trim();
    let unit = trimmed
        .find(|letter: char| letter.is_ascii_alphabetic())
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(unit);
    let factor: f64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "ki" | "kib" => 1024.0,
        "mi" | "mib" => 1024.0 * 1024.0,
        "gi" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "ti" | "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let bytes = number * factor;
    if !(0.0..=i64::MAX as f64).contains(&bytes) {
        return Err(wrong());
    }
    Ok(bytes.round() as u64)
}

/// Something that was to be a size and is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no size: write bytes, or a number with a unit such as 512KiB or 10MB")]
pub struct NoSize(pub String);

#[cfg(test)]
mod tests {
    use super::{Bytes, Count, Seconds, Share, parse_bytes};

    #[test]
    fn sizes_have_the_unit_that_keeps_them_short() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1_048_575, "1.0 MiB"),
            (10 << 20, "10.0 MiB"),
            (-(3 << 30), "-3.0 GiB"),
            (i64::MAX, "8192.0 PiB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
        assert_eq!(format!("{:>10}", Bytes(1024)), "   1.0 KiB");
    }

    #[test]
    fn counts_shares_and_times() {
        assert_eq!(Count(1_234_567).to_string(), "1,234,567");
        assert_eq!(Count(-1000).to_string(), "-1,000");
        assert_eq!(Count(999).to_string(), "999");
        assert_eq!(Share { part: 1, whole: 3 }.to_string(), "33.3%");
        assert_eq!(Share { part: 1, whole: 0 }.to_string(), "-");
        assert_eq!(Seconds(0.0123).to_string(), "0.012 s");
        assert_eq!(Seconds(125.9).to_string(), "2 min 5 s");
        assert_eq!(Seconds(7260.0).to_string(), "2 h 1 min");
    }

    #[test]
    fn sizes_are_read_with_and_without_units() {
        assert_eq!(parse_bytes("4096"), Ok(4096));
        assert_eq!(parse_bytes("512KiB"), Ok(512 << 10));
        assert_eq!(parse_bytes("10MB"), Ok(10_000_000));
        assert_eq!(parse_bytes("1.5 GiB"), Ok(3 << 29));
        for wrong in ["", "ten", "5 XB", "-1", "NaN", "1e300"] {
            assert!(parse_bytes(wrong).is_err(), "{wrong}");
        }
    }
}
