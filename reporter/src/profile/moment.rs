//! The moments that a report can be about, as they are written on the command line.

use crate::replay::{Bound, Span};
use memprof_wire::event::MAIN_END;
use memprof_wire::units::Microseconds;
use std::fmt;
use std::str::FromStr;

/// What a report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// When the heap was largest.
    #[default]
    Peak,
    /// After the last event.
    End,
    /// When the program's own code had ended, and the interpreter began to destroy what it has.
    MainEnd,
    /// Microseconds from the start of the recording.
    At(Microseconds),
    /// When the program called this moment by a name.
    Mark(String),
    /// Allocated after the first and still alive at the second.
    Between(Point, Point),
}

/// One end of a span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before the first event.
    Start,
    /// After the last event.
    End,
    /// Microseconds from the start of the recording.
    At(Microseconds),
    /// When the program called this moment by a name.
    Mark(String),
}

/// A moment that was written in no known way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no moment: write peak, end, main-end, a time such as 12.5s or 900ms, or mark:NAME"
)]
pub struct NoMoment(pub String);

impl Moment {
    /// As one of two moments that are compared: any moment, `start`, or a mark's bare name.
    pub fn named(text: &str) -> Self {
        match text {
            "start" => Self::At(Microseconds(0)),
            _ => text.parse().unwrap_or_else(|_| Self::Mark(text.to_owned())),
        }
    }

    /// The span of the replay that answers for this moment.
    pub fn span(&self) -> Span {
        match self {
            Self::Peak => Span::at(Bound::Peak),
            Self::End => Span::at(Bound::End),
            Self::MainEnd => Span::at(Bound::Mark(MAIN_END.to_owned())),
            Self::At(time) => Span::at(Bound::Time(*time)),
            Self::Mark(name) => Span::at(Bound::Mark(name.clone())),
            Self::Between(after, until) => Span {
                after: after.bound(),
                until: until.bound(),
            },
        }
    }
}

impl Point {
    /// As one argument of `--between`: as a moment, or a mark's bare name.
    pub fn parse(text: &str) -> Self {
        match text {
            "start" => Self::Start,
            "end" => Self::End,
            _ => match (text.strip_prefix("mark:"), parse_time(text)) {
                (Some(name), _) => Self::Mark(name.to_owned()),
                (None, Some(time)) => Self::At(time),
                (None, None) => Self::Mark(text.to_owned()),
            },
        }
    }

    fn bound(&self) -> Bound {
        match self {
            Self::Start => Bound::Start,
            Self::End => Bound::End,
            Self::At(time) => Bound::Time(*time),
            Self::Mark(name) => Bound::Mark(name.clone()),
        }
    }
}

impl FromStr for Moment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        match text {
            "peak" => Ok(Self::Peak),
            "end" => Ok(Self::End),
            MAIN_END => Ok(Self::MainEnd),
            _ => match (text.strip_prefix("mark:"), parse_time(text)) {
                (Some(name), _) if !name.is_empty() => Ok(Self::Mark(name.to_owned())),
                (None, Some(time)) => Ok(Self::At(time)),
                _ => Err(NoMoment(text.to_owned())),
            },
        }
    }
}

/// `12.5s`, `900ms`, `250us`, `2m`, `1h`, or seconds without a unit.
pub fn parse_time(text: &str) -> Option<Microseconds> {
    let unit = text
        .find(|letter: char| letter.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    let microseconds = match unit {
        "us" => 1.0,
        "ms" => 1e3,
        "" | "s" => 1e6,
        "m" | "min" => 60e6,
        "h" => 3600e6,
        _ => return None,
    };
    let time: f64 = number.parse().ok()?;
    (time >= 0.0).then(|| Microseconds((time * microseconds).round() as u64))
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peak => out.write_str("peak"),
            Self::End => out.write_str("end"),
            Self::MainEnd => out.write_str(MAIN_END),
            Self::At(time) => write_time(out, *time),
            Self::Mark(name) => write!(out, "mark:{name}"),
            Self::Between(after, until) => write!(out, "between {after} and {until}"),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => out.write_str("start"),
            Self::End => out.write_str("end"),
            Self::At(time) => write_time(out, *time),
            Self::Mark(name) => write!(out, "mark:{name}"),
        }
    }
}

fn write_time(out: &mut fmt::Formatter<'_>, Microseconds(time): Microseconds) -> fmt::Result {
    write!(out, "{}s", time as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::{Moment, Point};
    use memprof_wire::units::Microseconds;

    #[test]
    fn moments_are_read_as_they_are_shown() {
        for (text, moment) in [
            ("peak", Moment::Peak),
            ("end", Moment::End),
            ("main-end", Moment::MainEnd),
            ("12.5s", Moment::At(Microseconds(12_500_000))),
            ("mark:after load", Moment::Mark("after load".into())),
        ] {
            assert_eq!(text.parse::<Moment>(), Ok(moment.clone()));
            assert_eq!(moment.to_string(), text);
        }
        assert_eq!("900ms".parse(), Ok(Moment::At(Microseconds(900_000))));
        assert_eq!("3".parse(), Ok(Moment::At(Microseconds(3_000_000))));
        for wrong in ["peek", "-1s", "12 parsecs", "mark:", "", "s", "NaN"] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_ends_of_a_span_may_be_bare_names() {
        assert_eq!(Point::parse("loaded"), Point::Mark("loaded".into()));
        assert_eq!(Point::parse("mark:end"), Point::Mark("end".into()));
        assert_eq!(Point::parse("end"), Point::End);
        assert_eq!(Point::parse("1.5"), Point::At(Microseconds(1_500_000)));
    }
}
