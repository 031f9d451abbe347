//! `memprof diff`

use super::{Failure, Selection, input, output};
use crate::profile::{By, Moment, Profile};
use crate::recording::Recording;
use crate::report::diff::Diff;
use crate::report::measure::{Bytes, parse_bytes};
use std::path::PathBuf;
use std::str::FromStr;

/// How many rows the text shows unless told otherwise.
const ROWS: usize = 25;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The older recording, and what of both.
    pub selection: Selection,
    /// What it is compared with.
    pub other: Other,
    /// Growth beyond this is a failure.
    pub limit: Option<Limit>,
}

/// What a recording is compared with.
#[derive(Clone, Debug)]
pub enum Other {
    /// Another recording at the same moment.
    File(PathBuf),
    /// Itself at two moments, the older one first.
    Moments(Moment, Moment),
}

/// How much growth is too much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// So many per cent of what was there.
    Percent(f64),
    /// So many bytes.
    Bytes(u64),
}

/// A limit that was written in no known way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no limit: write a share such as 5%, or a size such as 10MB")]
pub struct NoLimit(String);

impl FromStr for Limit {
    type Err = NoLimit;

    fn from_str(text: &str) -> Result<Self, NoLimit> {
        let wrong = || NoLimit(text.to_owned());
        match text.trim().strip_suffix('%') {
            Some(number) => match number.trim().parse() {
                Ok(percent) if (0.0..1e9).contains(&percent) => Ok(Self::Percent(percent)),
                _ => Err(wrong()),
            },
            None => parse_bytes(text).map(Self::Bytes).map_err(|_| wrong()),
        }
    }
}

impl Limit {
    /// Why a difference is too much, if it is.
    fn exceeded(self, diff: &Diff) -> Option<String> {
        let growth = diff.total.bytes;
        let (limit, text) = match self {
            Self::Bytes(bytes) => (bytes as f64, Bytes(bytes as i64).to_string()),
            Self::Percent(percent) => {
                let limit = diff.total_a.bytes as f64 * percent / 100.0;
                (
                    limit,
                    format!("{percent}% of {}", Bytes(diff.total_a.bytes)),
                )
            }
        };
        (growth as f64 > limit).then(|| {
            let place = diff.rows.first().and_then(|row| row.labels.first());
            let most = place.map_or_else(String::new, |label| format!("; most of it: {label}"));
            format!("grown by {}, more than {text}{most}", Bytes(growth))
        })
    }
}

/// Prints what the newer one holds that the older one does not. Returns the exit status.
///
/// # Errors
///
/// When a recording cannot be read, or does not know what was asked for.
pub fn run(options: &Options) -> Result<u8, Failure> {
    let selection = &options.selection;
    let (a, b) = profiles(selection, &options.other)?;
    let grouping = selection.grouping(By::Site);
    let mut diff = Diff::new(&a, &b, &grouping, selection.rows(ROWS));
    diff.width = output::width();
    if let Other::File(path) = &options.other {
        diff.a = selection.input.path.display().to_string();
        diff.b = path.display().to_string();
    }
    output::print(&diff, selection.json)?;
    match options.limit.and_then(|limit| limit.exceeded(&diff)) {
        Some(reason) => {
            output::say(reason);
            Ok(1)
        }
        None => Ok(0),
    }
}

fn profiles(selection: &Selection, other: &Other) -> Result<(Profile, Profile), Failure> {
    let request = selection.request();
    let recording = selection.input.open()?;
    match other {
        Other::File(path) => {
            // both are opened before either is read
            let newer = selection.input.other(path).open()?;
            let profile = |recording: &Recording| {
                let mut profile = input::profile(recording, &request)?;
                profile.sources = recording.sources();
                Ok::<Profile, Failure>(profile)
            };
            Ok((profile(&recording)?, profile(&newer)?))
        }
        Other::Moments(from, to) => {
            let at = |moment: &Moment| {
                let mut request = request.clone();
                request.moment = moment.clone();
                let mut profile = input::profile(&recording, &request)?;
                profile.sources = recording.sources();
                Ok::<Profile, Failure>(profile)
            };
            Ok((at(from)?, at(to)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Limit;
    use crate::profile::{By, Grouping, sample};
    use crate::report::diff::Diff;

    #[test]
    fn limits_are_shares_or_sizes() {
        assert_eq!("5%".parse(), Ok(Limit::Percent(5.0)));
        assert_eq!("10MB".parse(), Ok(Limit::Bytes(10_000_000)));
        for wrong in ["", "%", "-3%", "much", "NaN%"] {
            assert!(wrong.parse::<Limit>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn growth_beyond_the_limit_is_told() {
        let (a, b) = (sample::recursion(), sample::branches());
        let diff = Diff::new(&a, &b, &Grouping::one(By::Function), None);
        assert_eq!(diff.total.bytes, 1042);
        assert_eq!(Limit::Bytes(1042).exceeded(&diff), None);
        let told = Limit::Bytes(1041).exceeded(&diff).expect("it is more");
        assert_eq!(
            told,
            "grown by 1.0 KiB, more than 1.0 KiB; most of it: deep (/home/me/a.py)"
        );
        assert!(Limit::Percent(1488.0).exceeded(&diff).is_some());
        assert!(Limit::Percent(1489.0).exceeded(&diff).is_none());
    }
}
