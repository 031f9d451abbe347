//! How fast a curve grows, told so that a few high points do not matter.

use super::Point;

/// Samples that the slope is made from; their pairs are its work.
const SAMPLES: usize = 200;

/// Bytes per second that the curve (points in the order of time) grew by, over its whole length: the median of the slopes
/// between all pairs of equally distant samples (Theil and Sen). A single peak, or a start-up that is short against the rest,
/// leaves it as it is. `None` for a curve without length.
pub fn slope(points: &[Point]) -> Option<f64> {
    let (first, last) = (points.first()?, points.last()?);
    let length = last.time - first.time;
    if length <= 0.0 {
        return None;
    }
    let samples = samples(points, first.time, length);
    let mut slopes = Vec::with_capacity(SAMPLES * SAMPLES / 2);
    for (later, &high) in samples.iter().enumerate() {
        for (earlier, &low) in samples[..later].iter().enumerate() {
            let seconds = length * (later - earlier) as f64 / (SAMPLES - 1) as f64;
            slopes.push((high - low) / seconds);
        }
    }
    let middle = slopes.len() / 2;
    let (_, median, _) = slopes.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median)
}

/// Values at equal distances of time; memory stays as it is until the next point.
fn samples(points: &[Point], start: f64, length: f64) -> Vec<f64> {
    let mut index = 0;
    (0..SAMPLES)
        .map(|sample| {
            let time = start + length * sample as f64 / (SAMPLES - 1) as f64;
            while points.get(index + 1).is_some_and(|next| next.time <= time) {
                index += 1;
            }
            points[index].bytes as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(bytes: impl Fn(f64) -> f64) -> Vec<Point> {
        (0..1000)
            .map(|step| {
                let time = f64::from(step) / 100.0;
                Point {
                    time,
                    bytes: bytes(time) as u64,
                }
            })
            .collect()
    }

    #[test]
    fn a_leak_of_a_mebibyte_a_second_is_found_under_a_sawtooth() {
        let mebibyte = 1_048_576.0;
        let points = curve(|time| mebibyte * time + 3.0 * mebibyte * time.fract());
        let slope = slope(&points).expect("the curve has a length");
        assert!((slope / mebibyte - 1.0).abs() < 0.2, "{slope}");
    }

    #[test]
    fn one_peak_and_a_quick_start_are_no_slope() {
        let points = curve(|time| match time {
            early if early < 0.5 => early * 1e7,
            peak if (4.0..4.5).contains(&peak) => 9e9,
            _ => 5e6,
        });
        let slope = slope(&points).expect("the curve has a length");
        assert!(slope.abs() < 1.0, "{slope}");
    }

    #[test]
    fn a_curve_without_length_has_none() {
        assert_eq!(slope(&[]), None);
        let point = Point {
            time: 1.0,
            bytes: 7,
        };
        assert_eq!(slope(&[point, point]), None);
    }
}
