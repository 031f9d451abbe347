//! Fewer points that draw the same curve.

use super::Point;

/// At most about `limit` of the points (in the order of time), chosen so that the curve looks the same on a screen: time is cut
/// into slices, and of each slice the first, lowest, highest and last point stay. No peak is lost.
pub fn thin(points: &[Point], limit: usize) -> Vec<Point> {
    if points.len() <= limit.max(4) {
        return points.to_vec();
    }
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let slices = (limit / 4).max(1);
    let slice_seconds = ((last.time - first.time) / slices as f64).max(f64::MIN_POSITIVE);
    let slice_of = |point: &Point| ((point.time - first.time) / slice_seconds) as usize;
    points
        .chunk_by(|a, b| slice_of(a) == slice_of(b))
        .flat_map(corners)
        .collect()
}

/// First, lowest, highest and last point of a slice, in the order of time and without repetition.
fn corners(slice: &[Point]) -> Vec<Point> {
    let (mut lowest, mut highest) = (0, 0);
    for (index, point) in slice.iter().enumerate() {
        if point.bytes < slice[lowest].bytes {
            lowest = index;
        }
        if point.bytes > slice[highest].bytes {
            highest = index;
        }
    }
    let mut kept = vec![0, lowest, highest, slice.len() - 1];
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter().map(|index| slice[index]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(time: f64, bytes: u64) -> Point {
        Point { time, bytes }
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let points = [point(0.0, 1), point(1.0, 5), point(2.0, 3)];
        assert_eq!(thin(&points, 100), points);
        assert_eq!(thin(&[], 100), []);
    }

    #[test]
    fn a_single_high_point_among_thousands_stays() {
        let mut points: Vec<Point> = (0..10_000)
            .map(|n| point(f64::from(n) / 100.0, 1_000))
            .collect();
        points[7_777].bytes = 9_999_999;
        points[3_333].bytes = 1;
        let thinned = thin(&points, 400);
        assert!(thinned.len() <= 404, "{} points", thinned.len());
        assert!(thinned.contains(&points[7_777]));
        assert!(thinned.contains(&points[3_333]));
        assert_eq!(thinned.first(), points.first());
        assert_eq!(thinned.last(), points.last());
        assert!(thinned.is_sorted_by(|a, b| a.time < b.time));
    }

    #[test]
    fn points_of_one_instant_are_one_slice() {
        let points: Vec<Point> = (0..100).map(|n| point(1.0, n)).collect();
        assert_eq!(thin(&points, 8), [point(1.0, 0), point(1.0, 99)]);
    }
}
