//! How something developed over a run: whether it grows without end, how fast, and a small picture.

use serde::Serialize;

/// How a curve went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// It rose through the whole run and was still rising at its end: a leak, or something without
    /// a bound.
    Grows,
    /// It goes up and down.
    Varies,
    /// It rose, and then stayed: a cache that is full.
    Bounded,
    /// It came at once, and stayed.
    Constant,
    /// It is too young to tell.
    #[default]
    Unknown,
}

impl Trend {
    /// As a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Grows => "grows",
            Self::Varies => "varies",
            Self::Bounded => "bounded",
            Self::Constant => "constant",
            Self::Unknown => "unknown",
        }
    }
}

/// Fewer samples than this tell nothing.
const FEWEST: usize = 12;
/// The parts of the later run whose lowest values are compared.
const PARTS: usize = 8;

/// How a curve went, by its values at moments in their order, all of the time that it is looked at.
///
/// What never stops growing has a floor that rises: the lowest value of each part of the run is
/// above that of the part before. The first quarter does not count, so that a program's start does not hide
/// what comes after it. Of the seven steps between eight parts one may miss.
pub fn trend(values: &[i64]) -> Trend {
    let born = values.iter().position(|&value| value > 0);
    let Some(values) = born.map(|born| &values[born..]) else {
        return Trend::Unknown;
    };
    if values.len() < FEWEST {
        return Trend::Unknown;
    }
    let tail = &values[values.len() / 4..];
    let (low, high) = extremes(tail);
    let most = extremes(values).1;
    let range = high - low;
    // what changes by so little is as good as constant
    let noise = (most / 100).max(64);
    if range <= noise {
        let full = values.iter().position(|&value| value >= low).unwrap_or(0);
        return if full <= 2 {
            Trend::Constant
        } else {
            Trend::Bounded
        };
    }
    let part = |number: usize| tail.len() * number / PARTS;
    let floors: Vec<i64> = (0..PARTS)
        .map(|number| extremes(&tail[part(number)..part(number + 1).max(part(number) + 1)]).0)
        .collect();
    let rises = |floors: &[i64]| {
        let steps = floors.windows(2).map(|pair| pair[1] - pair[0]);
        steps.filter(|step| *step > range / 50).count()
    };
    let falls = floors.windows(2).any(|pair| pair[0] - pair[1] > range / 10);
    let late = rises(&floors[PARTS - 3..]);
    if rises(&floors) >= PARTS - 2 && late > 0 && !falls {
        return Trend::Grows;
    }
    let last = &tail[tail.len() * 3 / 4..];
    let (last_low, last_high) = extremes(last);
    if last_high - last_low <= noise.max(range / 50) && last_low >= high - noise.max(range / 10) {
        Trend::Bounded
    } else {
        Trend::Varies
    }
}

fn extremes(values: &[i64]) -> (i64, i64) {
    let low = values.iter().copied().min().unwrap_or(0);
    (low, values.iter().copied().max().unwrap_or(0))
}

/// So many samples are compared with one another for a slope.
const SAMPLES: usize = 48;

/// How fast a curve grew, told so that a start-up or a few high points leave it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Slope {
    /// The median of the slopes between all pairs of its moments.
    pub per_second: f64,
    /// How much it grew at that rate, from where it began.
    pub grown: f64,
}

/// The slope of a curve, by Theil and Sen. Moments before there was anything do not count. `None`
/// where no time goes by.
///
/// * Theil, H. (1950): A rank-invariant method of linear and polynomial regression analysis.
/// * Sen, P. K. (1968): Estimates of the regression coefficient based on Kendall's tau.
pub fn slope(seconds: &[f64], values: &[i64]) -> Option<Slope> {
    let born = values.iter().position(|&value| value > 0)?;
    let (seconds, values) = (&seconds[born..], &values[born..]);
    let points: Vec<(f64, f64)> = thin(values.len(), SAMPLES)
        .map(|place| (seconds[place], values[place] as f64))
        .collect();
    let mut slopes = Vec::with_capacity(SAMPLES * SAMPLES / 2);
    for (later, &(time, value)) in points.iter().enumerate() {
        for &(before, old) in &points[..later] {
            if time > before {
                slopes.push((value - old) / (time - before));
            }
        }
    }
    if slopes.is_empty() {
        return None;
    }
    let middle = slopes.len() / 2;
    let (_, median, _) = slopes.select_nth_unstable_by(middle, f64::total_cmp);
    Some(Slope {
        per_second: *median,
        grown: *median * (seconds[seconds.len() - 1] - seconds[0]),
    })
}

/// At most `most` places of so many, the first and the last among them, about equally far apart.
pub fn thin(number: usize, most: usize) -> impl Iterator<Item = usize> {
    let shown = number.min(most);
    (0..shown).map(move |place| {
        if shown < 2 {
            number - 1
        } else {
            place * (number - 1) / (shown - 1)
        }
    })
}

/// A curve as a line of `width` blocks of eight heights; each shows the most of its part. What is
/// nothing is a blank.
pub fn picture(values: &[i64], width: usize) -> String {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = extremes(values).1.max(1);
    let width = width.min(values.len());
    let part = |place: usize| values.len() * place / width.max(1);
    (0..width)
        .map(|place| extremes(&values[part(place)..part(place + 1)]).1)
        .map(|value| match value {
            ..=0 => ' ',
            value => HEIGHTS[((value as i128 * 8 - 1) / i128::from(most)).clamp(0, 7) as usize],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Slope, Trend, picture, slope, thin, trend};

    fn curve(length: usize, value: impl Fn(i64) -> i64) -> Vec<i64> {
        (0..length as i64).map(value).collect()
    }

    #[test]
    fn what_never_stops_is_told_from_what_does() {
        for (expected, values) in [
            (Trend::Grows, curve(100, |time| time * 1000)),
            // a large start, then slowly
            (
                Trend::Grows,
                curve(100, |time| 1_000_000 + (time - 10).max(-5) * 20_000),
            ),
            // with waves upon it
            (
                Trend::Grows,
                curve(100, |time| time * 1000 + (time % 7) * 2000),
            ),
            // late, but long enough
            (Trend::Grows, curve(100, |time| (time - 60).max(0) * 1000)),
            // ever slower
            (
                Trend::Grows,
                curve(100, |time| ((time * 1_000_000) as f64).sqrt() as i64),
            ),
            (Trend::Bounded, curve(100, |time| time.min(40) * 1000)),
            // full, and changing a little
            (
                Trend::Bounded,
                curve(100, |time| time.min(40) * 1000 + time % 3),
            ),
            (Trend::Constant, curve(100, |_| 4096)),
            (
                Trend::Constant,
                curve(100, |time| if time < 50 { 0 } else { 4096 }),
            ),
            // emptied again and again
            (Trend::Varies, curve(100, |time| time % 20 * 1000)),
            (Trend::Varies, curve(100, |time| 100_000 - time * 1000)),
            (Trend::Unknown, curve(8, |time| time * 1000)),
            (Trend::Unknown, curve(100, |_| 0)),
        ] {
            assert_eq!(trend(&values), expected, "{values:?}");
        }
    }

    #[test]
    fn a_slope_is_not_moved_by_a_few_points() {
        let seconds: Vec<f64> = (0..100).map(f64::from).collect();
        let mut values = curve(100, |time| (time + 1) * 50);
        let (per_second, grown) = (50.0, 4950.0);
        assert_eq!(slope(&seconds, &values), Some(Slope { per_second, grown }));
        values[30..40].fill(1_000_000);
        let robust = slope(&seconds, &values).expect("time goes by").per_second;
        assert!((45.0..60.0).contains(&robust), "{robust}");
        assert_eq!(slope(&[1.0, 1.0], &[1, 2]), None);
    }

    #[test]
    fn pictures_have_eight_heights() {
        assert_eq!(picture(&curve(9, |value| value), 9), " ▁▂▃▄▅▆▇█");
        assert_eq!(picture(&[0, 0, 5], 20), "  █");
        assert_eq!(picture(&[], 20), "");
        assert_eq!(picture(&curve(40, |_| 7), 4), "████");
    }

    #[test]
    fn both_ends_are_kept() {
        assert_eq!(thin(3, 5).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(thin(101, 3).collect::<Vec<_>>(), [0, 50, 100]);
        assert_eq!(thin(9, 1).collect::<Vec<_>>(), [8]);
        assert_eq!(thin(0, 4).count(), 0);
    }
}
