//! From times and sizes to places on the chart, and the round numbers at its axes.

use crate::report::measure::Bytes;

/// Where the curves are drawn, in pixels of the chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    /// The time at the right edge, in seconds.
    pub(super) duration: f64,
    /// The size at the top edge, in bytes.
    pub(super) most: f64,
}

/// A round number at an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

impl Scale {
    pub(super) fn x(&self, seconds: f64) -> f64 {
        let share = (seconds / self.duration).clamp(0.0, 1.0);
        tenth(self.left + share * (self.right - self.left))
    }

    pub(super) fn y(&self, bytes: f64) -> f64 {
        let share = (bytes / self.most).clamp(0.0, 1.0);
        tenth(self.bottom - share * (self.bottom - self.top))
    }

    /// Sizes at round numbers of their unit.
    pub(super) fn sizes(&self) -> Vec<Tick> {
        let unit = 1024_f64.powf((self.most.log2() / 10.0).floor().max(0.0));
        let step = (round_step(self.most / unit / 5.0) * unit).max(1.0);
        steps(step, self.most)
            .map(|bytes| Tick {
                at: self.y(bytes),
                label: Bytes(bytes as i64).to_string(),
            })
            .collect()
    }

    /// Times at full seconds, minutes or hours, all in one form.
    pub(super) fn times(&self) -> Vec<Tick> {
        const MINUTE: f64 = 60.0;
        let rough = self.duration / 9.0;
        let long = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 360.0, 1440.0]
            .map(|minutes| minutes * MINUTE)
            .into_iter()
            .find(|step| *step >= rough);
        let step = match long {
            Some(step) if rough > 30.0 => step,
            _ => round_step(rough),
        };
        steps(step, self.duration)
            .map(|seconds| Tick {
                at: self.x(seconds),
                label: time_label(seconds, self.duration),
            })
            .collect()
    }
}

/// A text right of a place, or left of it where there is no room.
pub(super) fn beside(x: f64, scale: &Scale, room: f64) -> (f64, &'static str) {
    if x + room > scale.right {
        (tenth(x - 7.0), "end")
    } else {
        (tenth(x + 7.0), "start")
    }
}

/// Coordinates to a tenth of a pixel: more is not seen and makes the file longer.
pub(super) fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// The next of 1, 2, 5, 10, 20, 50 … that is not smaller.
fn round_step(rough: f64) -> f64 {
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|factor| factor * power >= rough);
    factor.unwrap_or(10.0) * power
}

fn steps(step: f64, end: f64) -> impl Iterator<Item = f64> {
    (0..64)
        .map(move |number| f64::from(number) * step)
        .take_while(move |value| *value <= end * 1.000_1)
}

fn time_label(seconds: f64, duration: f64) -> String {
    if duration < 1.0 {
        return format!("{} ms", tenth(seconds * 1e3));
    }
    if duration <= 180.0 {
        return format!("{} s", (seconds * 1e3).round() / 1e3);
    }
    let whole = seconds.round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    if duration < 3600.0 {
        format!("{minutes}:{rest:02}")
    } else {
        format!("{hours}:{minutes:02}:{rest:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(duration: f64, most: f64) -> Scale {
        Scale {
            left: 100.0,
            right: 900.0,
            top: 0.0,
            bottom: 400.0,
            duration,
            most,
        }
    }

    fn labels(ticks: Vec<Tick>) -> Vec<String> {
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn places_stay_within_the_chart() {
        let scale = scale(10.0, 1000.0);
        assert_eq!(
            (scale.x(5.0), scale.x(-1.0), scale.x(99.0)),
            (500.0, 100.0, 900.0)
        );
        assert_eq!((scale.y(250.0), scale.y(2000.0)), (300.0, 0.0));
    }

    #[test]
    fn sizes_are_round_in_their_unit() {
        let sizes = labels(scale(1.0, 21.5 * 1_048_576.0).sizes());
        assert_eq!(
            sizes,
            ["0 B", "5.0 MiB", "10.0 MiB", "15.0 MiB", "20.0 MiB"]
        );
        assert_eq!(
            labels(scale(1.0, 3.0).sizes()),
            ["0 B", "1 B", "2 B", "3 B"]
        );
    }

    #[test]
    fn times_are_round_and_in_one_form() {
        assert_eq!(
            labels(scale(84.0, 1.0).times())[..3],
            ["0 s", "10 s", "20 s"]
        );
        assert_eq!(
            labels(scale(0.344, 1.0).times())[..3],
            ["0 ms", "50 ms", "100 ms"]
        );
        assert_eq!(
            labels(scale(1500.0, 1.0).times())[..3],
            ["0:00", "5:00", "10:00"]
        );
        assert_eq!(labels(scale(30_000.0, 1.0).times())[1], "1:00:00");
    }
}
